"""No table changes: the views are made anew with every upgrade, and those of feeds, entries and articles say more now."""

from __future__ import annotations

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing: see above."""
