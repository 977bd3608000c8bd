"""The public face of the store: views that stay as they are while tables change. More columns may come, none goes.

The texts are SQL that SQLite and PostgreSQL share, but for the few words that `sql_for` puts in.
"""

from __future__ import annotations

# Held or announced meetings that stand: not those just below the line, not those marked as wrong, not aliases.
_MEETING_COLUMNS = """
    m.id, m.status, m.first_day, m.last_day, m.date_precision, m.city, m.country, m.mode, m.categories, m.topics, m.headline,
    m.score, m.first_reported_at, m.articles, m.independent_reports, m.outlets, m.recorded_at, m.news_at, m.changed_at,
    m.contradictions, m.sort_day, m.city_id,
    CASE WHEN m.status = 'planned' THEN CASE WHEN m.followed_by < {today} THEN 'not-seen' ELSE 'awaited' END END AS follow_up
"""

_STANDS = "m.merged_into IS NULL AND NOT m.wrong"

VIEWS: dict[str, str] = {
    "v_meetings": "SELECT {columns} FROM meetings m WHERE {stands} AND NOT m.possible",
    "v_possible": "SELECT {columns} FROM meetings m WHERE {stands} AND m.possible",
    "v_participants": """
        SELECT p.meeting_id, p.name, p.role, p.body, p.country, p.person_id, p.body_id, p.known, p.position, p.kind, p.side,
               p.name_in_text, m.possible
        FROM meeting_participants p JOIN meetings m ON m.id = p.meeting_id WHERE {stands}
    """,
    "v_reports": """
        SELECT r.meeting_id, r.article_id, r.status, a.outlet, a.title, a.url, a.language, a.published_at, r.copy_of, r.quote,
               r.id AS report_id, r.standing, r.first_day, r.last_day, r.date_precision, r.city, r.country, r.mode, r.score,
               r.quote_field, r.quote_start, r.quote_end, a.family
        FROM reports r JOIN articles a ON a.id = r.article_id JOIN meetings m ON m.id = r.meeting_id WHERE {stands}
    """,
    "v_articles": """
        SELECT a.id, a.outlet, f.url AS feed, a.url, a.title, a.language, a.published_at, a.fetched_at, a.outcome, a.flagged, a.score,
               a.words, a.version, a.partial, a.possible, a.text_from, a.author, a.gave_up, a.missing, a.categories, a.external_id,
               a.entry_id, a.problems
        FROM articles a LEFT JOIN feeds f ON f.id = a.feed_id
    """,
    "v_feeds": """
        SELECT f.id, f.outlet, f.url, f.country, f.language, f.last_polled_at, f.last_ok_at, f.next_poll_at, f.failures,
               coalesce(f.last_error, CASE WHEN {silent} THEN 'silent: no new entry since ' || {last_new} END) AS last_error,
               f.entries, CASE WHEN {silent} THEN {true} ELSE {false} END AS silent, f.title, f.kind, f.host, f.last_new_at,
               f.last_status, f.last_error_kind, f.moved_to, f.every_s, f.interval_s, f.retired_at, f.full_text
        FROM feeds f
    """,
    "v_entries": """
        SELECT e.id, f.url AS feed, e.outlet, e.url, e.title, e.published_at, e.first_seen_at, e.outcome, e.outcome_at, e.reason,
               e.attempts, e.due_at, e.edits, e.edited_at, e.article_id, e.pruned_at, e.problems
        FROM entries e JOIN feeds f ON f.id = e.feed_id
    """,
    "v_digests": """
        SELECT d.id, d.kind, d.profile, d.local_date, d.period_from, d.period_to, d.built_at, d.late_seconds, d.covers, d.language,
               d.subject, d.new_meetings, d.updates, d.planned, d.possible, d.corrections, d.feeds_watched, d.feeds_failing, d.parts,
               (SELECT count(*) FROM outbox o WHERE o.digest_id = d.id) AS mails,
               (SELECT count(*) FROM outbox o WHERE o.digest_id = d.id AND o.state = 'sent') AS sent
        FROM digests d
    """,
    "v_corrections": """
        SELECT c.id, c.kind, c.meeting_id, c.other_id, c.article_id, c.why, c.at, c.undone_at, m.headline
        FROM corrections c JOIN meetings m ON m.id = c.meeting_id
    """,
    "v_changes": """
        SELECT c.id, c.meeting_id, c.at, c.what, c.before, c.after, c.article_id, m.headline
        FROM meeting_changes c JOIN meetings m ON m.id = c.meeting_id
    """,
    # One line per held meeting and pair of countries, bodies or people at its table, with the days since they last met
    "v_ledger": """
        SELECT l.level, l.one, l.other, l.meeting_id, m.first_day, m.date_precision, m.sort_day, m.city, m.country, m.headline,
               m.status, m.topics, m.categories,
               lag(m.sort_day) OVER (PARTITION BY l.level, l.one, l.other ORDER BY m.sort_day, m.id) AS previous_day,
               row_number() OVER (PARTITION BY l.level, l.one, l.other ORDER BY m.sort_day, m.id) AS nth
        FROM (
            SELECT DISTINCT 'country' AS level, a.country AS one, b.country AS other, a.meeting_id
            FROM meeting_participants a JOIN meeting_participants b ON b.meeting_id = a.meeting_id AND a.country < b.country
            UNION
            SELECT DISTINCT 'body', CASE WHEN {a_body} < {b_body} THEN {a_body} ELSE {b_body} END,
                   CASE WHEN {a_body} < {b_body} THEN {b_body} ELSE {a_body} END, a.meeting_id
            FROM meeting_participants a JOIN meeting_participants b ON b.meeting_id = a.meeting_id AND a.country < b.country
            WHERE {a_body} IS NOT NULL AND {b_body} IS NOT NULL
            UNION
            SELECT DISTINCT 'person', CASE WHEN {a_name} < {b_name} THEN {a_name} ELSE {b_name} END,
                   CASE WHEN {a_name} < {b_name} THEN {b_name} ELSE {a_name} END, a.meeting_id
            FROM meeting_participants a JOIN meeting_participants b ON b.meeting_id = a.meeting_id AND a.country < b.country
            WHERE {a_name} IS NOT NULL AND {b_name} IS NOT NULL
        ) l JOIN meetings m ON m.id = l.meeting_id
        WHERE {stands} AND NOT m.possible AND m.status IN ('new', 'background')
    """,
    "v_dyads": """
        SELECT level, one, other, count(*) AS meetings, min(sort_day) AS first_met, max(sort_day) AS last_met
        FROM v_ledger GROUP BY level, one, other
    """,
}
"""In the order of making: later ones may read earlier ones."""


def sql_for(view: str, *, sqlite: bool) -> str:
    """The CREATE VIEW statement of one view."""
    now = "strftime('%Y-%m-%dT%H:%M:%S.000000Z', 'now')" if sqlite else "now()"
    last_new = "coalesce(f.last_new_at, f.added_at)"
    words = {
        "silent": f"f.retired_at IS NULL AND f.failures = 0 AND f.silent_after < {now}",
        "last_new": f"substr({last_new}, 1, 10)" if sqlite else f"to_char({last_new}, 'YYYY-MM-DD')",
        "stands": _STANDS,
        "columns": _MEETING_COLUMNS.format(today="date('now')" if sqlite else "current_date").strip(),
        "true": "1" if sqlite else "true",
        "false": "0" if sqlite else "false",
        "a_body": "coalesce(a.body_id, a.body)",
        "b_body": "coalesce(b.body_id, b.body)",
        "a_name": "coalesce(a.person_id, a.name)",
        "b_name": "coalesce(b.person_id, b.name)",
    }
    return f"CREATE VIEW {view} AS {VIEWS[view].format(**words).strip()}"
