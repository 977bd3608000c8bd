"""The tables of feeds, entries, articles, reports and meetings. They may change; the views do not.

Times are UTC (`UtcTime`), days are local days at the place of the meeting. A row that others name by number is never
renumbered: numbers are in mails.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
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
    text,
)

from monitor.store import mail_tables  # noqa: F401  the digest's tables belong to the same schema
from monitor.store.metadata import UtcTime, metadata

feeds = Table(
    "feeds",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("url", Text, nullable=False, unique=True),  # as configured
    Column("moved_to", Text),  # where it is asked since several polls agreed that it moved
    Column("moving_to", Text),  # where the last polls were sent on to
    Column("moving_polls", Integer, nullable=False, default=0),
    Column("host", Text, nullable=False),
    Column("outlet", Text, nullable=False),
    Column("country", String(3)),
    Column("language", String(8)),
    Column("kind", String(16), nullable=False),
    Column("every_s", Integer, nullable=False),
    Column("full_text", Boolean, nullable=False, default=False),
    Column("title", Text),
    Column("etag", Text),
    Column("last_modified", Text),
    Column("body_hash", String(64)),
    Column("unconditional_at", UtcTime),
    Column("interval_s", Integer),
    Column("failures", Integer, nullable=False, default=0),
    Column("entries", Integer, nullable=False, default=0),
    Column("added_at", UtcTime, nullable=False),
    Column("last_polled_at", UtcTime),
    Column("last_ok_at", UtcTime),
    Column("last_new_at", UtcTime),  # when it last brought an unknown entry
    Column("silent_after", UtcTime),  # from then on its silence is longer than usual
    Column("next_poll_at", UtcTime),
    Column("last_status", Integer),
    Column("last_error", Text),
    Column("last_error_kind", String(64)),
    Column("problems", JSON),
    Column("retired_at", UtcTime),  # no longer configured: kept, not polled
    Column("lease_owner", String(128)),
    Column("lease_until", UtcTime),
    Index("ix_feeds_next_poll_at", "next_poll_at"),
)

# A host that asked everybody to come back later.
hosts = Table(
    "hosts",
    metadata,
    Column("host", Text, primary_key=True),
    Column("paused_until", UtcTime, nullable=False),
    Column("reason", Text),
)

polls = Table(
    "polls",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("feed_id", ForeignKey("feeds.id", ondelete="CASCADE"), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("ok", Boolean, nullable=False),
    Column("not_modified", Boolean, nullable=False),
    Column("status", Integer),
    Column("error", Text),
    Column("error_kind", String(64)),
    Column("hits", Integer, nullable=False),  # items in the answer
    Column("new", Integer, nullable=False),
    Column("changed", Integer, nullable=False),
    Column("bytes", Integer, nullable=False),
    Column("ms", Integer, nullable=False),
    Index("ix_polls_feed_id_at", "feed_id", "at"),
)

entries = Table(
    "entries",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("feed_id", ForeignKey("feeds.id"), nullable=False),
    Column("outlet", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("url", Text),
    Column("title", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("author", Text),
    Column("language", String(32)),
    Column("published_at", UtcTime),
    Column("updated_at", UtcTime),
    Column("guid_key", String(64)),
    Column("link_key", String(64)),
    Column("title_key", String(64)),
    Column("content_hash", String(64)),  # of title and summary: tells an edit
    Column("extra_keys", Integer, nullable=False, default=0),  # identities it got later
    Column("problems", JSON),
    Column("first_seen_at", UtcTime, nullable=False),
    Column("edits", Integer, nullable=False, default=0),
    Column("edited_at", UtcTime),
    Column("outcome", String(32)),
    Column("outcome_at", UtcTime),
    Column("reason", Text),
    Column("attempts", Integer, nullable=False, default=0),
    Column("due_at", UtcTime),  # when it may be read (again); none once it has ended
    Column("lease_owner", String(128)),
    Column("lease_until", UtcTime),
    Column("article_id", Integer),  # of `articles`, which point back here; no foreign key, for a circle of them cannot be made in one go
    Column("pruned_at", UtcTime),  # a tombstone: the words are gone, the identity stays
    Index("ix_entries_feed_id", "feed_id"),
    Index("ix_entries_article_id", "article_id"),
    Index("ix_entries_first_seen_at", "first_seen_at"),
    Index("ix_entries_due_at", "due_at", sqlite_where=text("due_at IS NOT NULL"), postgresql_where=text("due_at IS NOT NULL")),
    sqlite_autoincrement=True,
)

# What identifies an entry: a digest of kind, scope and key. Outlives the entry's words, so that nothing returns as new.
entry_keys = Table(
    "entry_keys",
    metadata,
    Column("key", LargeBinary(16), primary_key=True),
    Column("entry_id", ForeignKey("entries.id", ondelete="CASCADE"), nullable=False),
    Index("ix_entry_keys_entry_id", "entry_id"),
    sqlite_with_rowid=False,
)

sightings = Table(
    "sightings",
    metadata,
    Column("entry_id", ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True),
    Column("feed_id", ForeignKey("feeds.id", ondelete="CASCADE"), primary_key=True),
    Column("first_seen_at", UtcTime, nullable=False),
    Index("ix_sightings_feed_id", "feed_id"),
    sqlite_with_rowid=False,
)

# The feed's own full text, until the entry was read.
entry_bodies = Table(
    "entry_bodies",
    metadata,
    Column("entry_id", ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True),
    Column("html", Text, nullable=False),
)

articles = Table(
    "articles",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("entry_id", ForeignKey("entries.id", ondelete="SET NULL")),
    Column("feed_id", ForeignKey("feeds.id")),
    Column("external_id", Text),
    Column("outlet", Text, nullable=False),
    Column("family", Text, nullable=False),
    Column("url", Text),
    Column("link_key", String(64)),
    Column("title", Text, nullable=False),
    Column("language", String(32)),
    Column("author", Text),
    Column("published_at", UtcTime),
    Column("modified_at", UtcTime),
    Column("fetched_at", UtcTime, nullable=False),
    Column("text_from", String(16), nullable=False),
    Column("text_hash", String(64), nullable=False),
    Column("words", Integer, nullable=False),
    Column("partial", Boolean, nullable=False),
    Column("version", Integer, nullable=False, default=1),
    Column("outcome", String(32), nullable=False),
    Column("flagged", Boolean, nullable=False),
    Column("possible", Boolean, nullable=False),
    Column("score", Float, nullable=False),
    Column("categories", JSON, nullable=False),
    Column("missing", JSON, nullable=False),  # why it is not flagged, in words
    Column("problems", JSON, nullable=False),
    Column("gave_up", Text),
    Column("pruned_at", UtcTime),
    Index("ix_articles_link_key", "link_key"),
    Index("ix_articles_text_hash", "text_hash"),
    Index("ix_articles_entry_id", "entry_id"),
    Index("ix_articles_published_at", "published_at"),
    Index("ix_articles_fetched_at", "fetched_at"),
    Index("ix_articles_external_id", "external_id"),
    sqlite_autoincrement=True,
)

# Apart from `articles`, so that reading lists does not read texts.
article_texts = Table(
    "article_texts",
    metadata,
    Column("article_id", ForeignKey("articles.id", ondelete="CASCADE"), primary_key=True),
    Column("text", Text, nullable=False),
)

article_versions = Table(
    "article_versions",
    metadata,
    Column("article_id", ForeignKey("articles.id", ondelete="CASCADE"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("until", UtcTime, nullable=False),
)

# Hashed sentences of articles that report meetings: which of them repeat one text.
article_prints = Table(
    "article_prints",
    metadata,
    Column("article_id", ForeignKey("articles.id", ondelete="CASCADE"), primary_key=True),
    Column("hash", BigInteger, primary_key=True),
    sqlite_with_rowid=False,
)

meetings = Table(
    "meetings",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("status", String(16), nullable=False),
    Column("possible", Boolean, nullable=False),
    Column("wrong", Boolean, nullable=False, default=False),
    Column("why_wrong", Text),
    Column("merged_into", ForeignKey("meetings.id")),  # this number is an alias
    Column("first_day", Date),
    Column("last_day", Date),
    Column("date_precision", String(16), nullable=False),
    Column("sort_day", Date, nullable=False),  # the day, or that of the first report
    Column("city", Text),
    Column("city_id", Text),
    Column("country", String(3)),
    Column("mode", String(16), nullable=False),
    Column("categories", JSON, nullable=False),
    Column("topics", JSON, nullable=False),
    Column("headline", Text, nullable=False),
    Column("score", Float, nullable=False),
    Column("first_reported_at", UtcTime),
    Column("articles", Integer, nullable=False),
    Column("independent_reports", Integer, nullable=False),
    Column("outlets", JSON, nullable=False),
    Column("contradictions", JSON, nullable=False),
    Column("followed_by", Date),  # an announced one: from this day on it is overdue
    Column("recorded_at", UtcTime, nullable=False),  # when the record was opened
    Column("news_at", UtcTime),  # when it became a new meeting here
    Column("changed_at", UtcTime, nullable=False),  # last change of participants, days, place or status
    Index("ix_meetings_sort_day", "sort_day"),
    Index("ix_meetings_news_at", "news_at"),
    Index("ix_meetings_merged_into", "merged_into"),
    sqlite_autoincrement=True,
)

meeting_participants = Table(
    "meeting_participants",
    metadata,
    Column("meeting_id", ForeignKey("meetings.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("name", Text),
    Column("name_in_text", Text),
    Column("role", Text),
    Column("body", Text),
    Column("country", String(3)),
    Column("person_id", Text),
    Column("body_id", Text),
    Column("kind", String(32)),
    Column("known", Boolean, nullable=False),
    Column("side", String(8)),
    Index("ix_meeting_participants_person_id", "person_id"),
    Index("ix_meeting_participants_body_id", "body_id"),
    Index("ix_meeting_participants_country", "country"),
)

reports = Table(
    "reports",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("article_id", ForeignKey("articles.id", ondelete="CASCADE"), nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("meeting_id", ForeignKey("meetings.id")),  # none: too little for a record
    Column("home_id", ForeignKey("meetings.id")),  # the record it first belonged to: where it returns when a merge is undone
    Column("status", String(16), nullable=False),
    Column("standing", String(16), nullable=False),
    Column("published_at", UtcTime, nullable=False),
    Column("first_day", Date),
    Column("last_day", Date),
    Column("date_precision", String(16), nullable=False),
    Column("window_first", Date, nullable=False),
    Column("window_last", Date, nullable=False),
    Column("loose", Boolean, nullable=False),
    Column("city", Text),
    Column("city_id", Text),
    Column("city_in_text", Text),
    Column("country", String(3)),
    Column("mode", String(16), nullable=False),
    Column("topics", JSON, nullable=False),
    Column("categories", JSON, nullable=False),
    Column("security", Boolean, nullable=False),
    Column("score", Float, nullable=False),
    Column("participants", JSON, nullable=False),
    Column("reasons", JSON, nullable=False),
    Column("quote", Text),
    Column("quote_field", String(8)),
    Column("quote_start", Integer),
    Column("quote_end", Integer),
    Column("copy_of", ForeignKey("articles.id", ondelete="SET NULL")),
    UniqueConstraint("article_id", "ordinal"),
    Index("ix_reports_meeting_id", "meeting_id"),
    Index("ix_reports_copy_of", "copy_of"),
    Index("ix_reports_home_id", "home_id"),
    sqlite_autoincrement=True,
)

# Where candidates for joining are found: who, and between which days.
report_keys = Table(
    "report_keys",
    metadata,
    Column("key", BigInteger, primary_key=True),  # hash of a key of `identity.traces_of`
    Column("first_day", Date, primary_key=True),
    Column("report_id", ForeignKey("reports.id", ondelete="CASCADE"), primary_key=True),
    Column("last_day", Date, nullable=False),
    Index("ix_report_keys_report_id", "report_id"),
    sqlite_with_rowid=False,
)

evidence = Table(
    "evidence",
    metadata,
    Column("report_id", ForeignKey("reports.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("about", String(64), nullable=False),
    Column("quote", Text, nullable=False),
    Column("field", String(8), nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    sqlite_with_rowid=False,
)

# What became of a meeting, and through which article: for the digest's updates and for people.
meeting_changes = Table(
    "meeting_changes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("meeting_id", ForeignKey("meetings.id", ondelete="CASCADE"), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("what", String(32), nullable=False),  # opened, status, days, place, participants, merged, split, wrong, restored
    Column("before", JSON),
    Column("after", JSON),
    Column("article_id", ForeignKey("articles.id", ondelete="SET NULL")),
    Index("ix_meeting_changes_meeting_id_at", "meeting_id", "at"),
    Index("ix_meeting_changes_at", "at"),
    Index("ix_meeting_changes_article_id", "article_id"),
)

# What people ruled, kept for good: it also holds for reports that come later.
corrections = Table(
    "corrections",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", String(16), nullable=False),  # wrong, merge, split
    Column("meeting_id", ForeignKey("meetings.id"), nullable=False),
    Column("other_id", ForeignKey("meetings.id")),
    Column("article_id", ForeignKey("articles.id", ondelete="SET NULL")),
    Column("why", Text),
    Column("at", UtcTime, nullable=False),
    Column("undone_at", UtcTime),
    Column("before", JSON, nullable=False),  # report -> meeting, before it
    Index("ix_corrections_meeting_id", "meeting_id"),
)

rulings = Table(
    "rulings",
    metadata,
    Column("correction_id", ForeignKey("corrections.id", ondelete="CASCADE"), primary_key=True),
    Column("one", ForeignKey("reports.id", ondelete="CASCADE"), primary_key=True),
    Column("other", ForeignKey("reports.id", ondelete="CASCADE"), primary_key=True),
    Column("kind", String(8), nullable=False),  # same, apart, wrong (one = other)
    Index("ix_rulings_one", "one"),
    Index("ix_rulings_other", "other"),
)

store_notes = Table(
    "store_notes",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)
