"""Tables of the digest and its delivery: slots owed, digests built, what each one said, and the outbox.

A meeting is named here by its number alone, without a foreign key: what was mailed stays on record
when meetings are merged or pruned.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from monitor.store.metadata import UtcTime, metadata


def _one_of(column: str, *values: str) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")


profile_marks = Table(
    "profile_marks",
    metadata,
    Column("profile", String(64), primary_key=True),
    Column("first_seen_at", UtcTime, nullable=False),  # nothing is owed from before this instant
)

# One row per profile and local date: the unique key is what makes a digest exist once, whoever ticks and however often.
slots = Table(
    "slots",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("profile", String(64), nullable=False),
    Column("local_date", Date, nullable=False),
    Column("zone", String(64), nullable=False),
    Column("due_at", UtcTime, nullable=False),
    Column("period_from", UtcTime, nullable=False),
    Column("period_to", UtcTime, nullable=False),
    Column("covers", Integer, nullable=False, default=1),  # mornings this one stands for; above 1: a catch-up
    Column("state", String(16), nullable=False, default="owed"),
    Column("owed_at", UtcTime, nullable=False),  # when it was noticed to be due
    Column("done_at", UtcTime),
    Column("note", Text),
    UniqueConstraint("profile", "local_date"),
    _one_of("state", "owed", "built", "skipped"),
)

digests = Table(
    "digests",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", String(16), nullable=False, default="digest"),
    Column("profile", String(64), nullable=False),
    Column("slot_id", ForeignKey("slots.id"), unique=True),  # none for an alert
    Column("local_date", Date, nullable=False),
    Column("period_from", UtcTime, nullable=False),
    Column("period_to", UtcTime, nullable=False),
    Column("built_at", UtcTime, nullable=False),
    Column("late_seconds", Integer, nullable=False, default=0),
    Column("covers", Integer, nullable=False, default=1),
    Column("language", String(8), nullable=False),
    Column("subject", Text, nullable=False),
    Column("new_meetings", Integer, nullable=False, default=0),
    Column("updates", Integer, nullable=False, default=0),
    Column("planned", Integer, nullable=False, default=0),
    Column("possible", Integer, nullable=False, default=0),
    Column("corrections", Integer, nullable=False, default=0),
    Column("feeds_watched", Integer, nullable=False, default=0),
    Column("feeds_failing", Integer, nullable=False, default=0),
    Column("parts", Integer, nullable=False, default=1),
    _one_of("kind", "digest", "alert"),
    Index("ix_digests_profile_period", "profile", "period_to"),
)

# What recipients of one digest share, so that 20 recipients do not mean 20 copies of a megabyte.
digest_parts = Table(
    "digest_parts",
    metadata,
    Column("digest_id", ForeignKey("digests.id", ondelete="CASCADE"), primary_key=True),
    Column("part", Integer, primary_key=True),  # 1, 2, ...
    Column("subject", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("html", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),  # MIME: everything after the recipient's own header lines, CRLF
)

digest_items = Table(
    "digest_items",
    metadata,
    Column("digest_id", ForeignKey("digests.id", ondelete="CASCADE"), primary_key=True),
    Column("meeting_id", Integer, primary_key=True),
    Column("section", String(16), nullable=False),
    Column("position", Integer, nullable=False),  # 1, 2, ... through the whole digest, as printed
    Column("part", Integer, nullable=False, default=1),
    Column("score", Float, nullable=False, default=0.0),
    Column("fingerprint", String(64), nullable=False),  # sha256 hex of the facts
    Column("facts", JSON, nullable=False),  # what this digest said, so that the next can say only what changed
    _one_of("section", "new", "updated", "planned", "held", "older", "possible", "correction"),
    Index("ix_digest_items_meeting_id", "meeting_id"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("digest_id", ForeignKey("digests.id", ondelete="CASCADE"), nullable=False),
    Column("part", Integer, nullable=False, default=1),
    Column("recipient", String(320), nullable=False),
    Column("message_id", String(255), nullable=False, unique=True),
    Column("head", LargeBinary, nullable=False),  # this recipient's header lines; head + body of the part is the whole mail
    Column("state", String(16), nullable=False, default="pending"),
    Column("phase", String(16)),  # how far a try came: connect, envelope, data, answered
    Column("attempts", Integer, nullable=False, default=0),
    Column("first_try_at", UtcTime),
    Column("next_try_at", UtcTime, nullable=False),
    Column("lease_owner", String(64)),
    Column("lease_until", UtcTime),
    Column("last_reply", Text),
    Column("sent_at", UtcTime),
    Column("maybe_twice", Boolean, nullable=False, default=False),  # sent again after an answer that never came
    Column("path", Text),  # of the .eml file, when no mail server is set
    UniqueConstraint("digest_id", "recipient", "part"),
    _one_of("state", "pending", "sending", "sent", "failed", "unknown", "held"),
    Index("ix_outbox_state_next_try_at", "state", "next_try_at"),
)

recipient_marks = Table(
    "recipient_marks",
    metadata,
    Column("recipient", String(320), primary_key=True),
    Column("refusals", Integer, nullable=False, default=0),  # digests refused for good, in a row
    Column("last_reply", Text),
    Column("last_refused_at", UtcTime),
    Column("suspended_at", UtcTime),
)

# One row per profile and meeting: an alert is owed once, and the next digest knows that the meeting was already announced.
alerts = Table(
    "alerts",
    metadata,
    Column("profile", String(64), primary_key=True),
    Column("meeting_id", Integer, primary_key=True),
    Column("owed_at", UtcTime, nullable=False),
    Column("state", String(16), nullable=False, default="owed"),
    Column("digest_id", ForeignKey("digests.id", ondelete="SET NULL")),
    Column("done_at", UtcTime),
    Column("note", Text),
    _one_of("state", "owed", "built", "left-to-digest"),
)

# What the Atom feed and the calendar file of a profile last said of a meeting.
published_meetings = Table(
    "published_meetings",
    metadata,
    Column("profile", String(64), primary_key=True),
    Column("meeting_id", Integer, primary_key=True),
    Column("sequence", Integer, nullable=False, default=0),
    Column("fingerprint", String(64), nullable=False),
    Column("first_at", UtcTime, nullable=False),
    Column("changed_at", UtcTime, nullable=False),
    Column("withdrawn", Boolean, nullable=False, default=False),
    Column("facts", JSON, nullable=False),
)
