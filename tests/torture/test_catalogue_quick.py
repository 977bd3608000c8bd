"""Every row of the catalogue that takes little time, all in one store and one process: five polls in a day and a half of its clock.

The run is made once; each test judges one row of what it left behind.
"""

from __future__ import annotations

import pytest

from torture.catalogue import QUICK
from torture.judging import *  # noqa: F403

pytestmark = pytest.mark.timeout(300)

ROWS_HERE = QUICK
