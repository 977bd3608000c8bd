"""The rows of the fault catalogue: what each endpoint does, how often it is asked, and what must be true of the store afterwards."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hostile.faults import STRANGE_DATE, STRANGE_ETAG
from hostile.server import Ask

from torture.web import Web

TIMEOUT = 6.0  # seconds, total, for a feed; a page gets half as long again
PAGE_TIMEOUT = 10.0  # seconds of a worker for one page
OFFSETS = tuple(timedelta(minutes=m) for m in (0, 30, 60, 90, 25 * 60))  # when the passes are, after the start
SETTLING = tuple(timedelta(hours=h) for h in (26, 28, 32, 46))  # later passes in which no feed is asked, for entries put off

Check = Callable[["Seen"], None]


@dataclass
class Seen:
    """What is in the store of one row after all passes, and what its host was asked."""

    row: Row
    web: Web
    feeds: list[dict[str, Any]]  # of the view; the row's own feed first
    entries: list[dict[str, Any]]
    articles: list[dict[str, Any]]
    polls: list[dict[str, Any]]
    meetings: list[dict[str, Any]]

    @property
    def feed(self) -> dict[str, Any]:
        return self.feeds[0]

    @property
    def asks(self) -> list[Ask]:
        """Requests for the feed's own path."""
        return self.web.asked_at(self.row.id, self.row.address.partition("?")[0])

    @property
    def words(self) -> str:
        """Everything a feed or its pages could have put into the store."""
        return "\n".join(str(value) for row in (*self.feeds, *self.entries, *self.articles) for value in row.values())

    def entry(self, number: int) -> dict[str, Any]:
        """The entry whose title is that of item `number`."""
        found = [e for e in self.entries if f" {number} " in f"{e['title']} "]
        assert len(found) == 1, f"item {number} is stored {len(found)} times"
        return found[0]

    def article(self, number: int) -> dict[str, Any]:
        """The article of item `number`."""
        entry = self.entry(number)
        found = [a for a in self.articles if a["id"] == entry["article_id"]]
        assert found, f"item {number} has no article: {entry['outcome']} {entry['reason']}"
        return found[0]

    def wait_after(self, poll: int) -> timedelta:
        """How long after a poll the feed was to be asked again (only of the last poll)."""
        assert poll == -1
        return moment(self.feed["next_poll_at"]) - moment(self.feed["last_polled_at"])

    @property
    def recorded(self) -> str:
        """In one line: what a person is told."""
        feed = self.feed
        outcomes = ", ".join(sorted({f"{e['outcome']}{': ' + e['reason'] if e['reason'] else ''}" for e in self.entries}))
        return " | ".join(filter(None, (f"{len(self.entries)} entries", feed["last_error"], outcomes)))[:200]


@dataclass(frozen=True)
class Row:
    """A row of the catalogue. `passes`: in which of the passes its feed is asked. `slow`: only in the long run."""

    id: str
    fault: str
    checks: tuple[Check, ...]
    passes: tuple[int, ...] = (0,)
    path: str = ""
    more: tuple[str, ...] = ()  # paths of further feeds
    slow: bool = False
    full_text: bool = False
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return self.path or f"/{self.id[:3]}"


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


# What can be true of a row


def stores(count: int) -> Check:
    """So many entries, each once, each with an outcome; the last poll was good."""

    def check(seen: Seen) -> None:
        assert seen.polls[-1]["ok"], seen.polls[-1]["error"]
        assert seen.feed["failures"] == 0
        keeps(count)(seen)

    return check


def keeps(count: int) -> Check:
    """So many entries, each once, each with an outcome, whatever the last poll said."""

    def check(seen: Seen) -> None:
        titles = [e["title"] for e in seen.entries]
        assert len(titles) == count, titles
        assert len({(e["title"], e["url"]) for e in seen.entries}) == count, titles
        unfinished = [(e["title"], e["reason"], e["due_at"]) for e in seen.entries if e["outcome"] is None]
        assert not unfinished, unfinished

    return check


def fails(words: str, kind: str | None = None) -> Check:
    """The last poll failed, and the view says so in these words (a pattern)."""

    def check(seen: Seen) -> None:
        feed = seen.feed
        assert not seen.polls[-1]["ok"], "reported as a success"
        assert feed["failures"] >= 1 and feed["last_error"], feed
        assert re.search(words, feed["last_error"]), feed["last_error"]
        assert kind is None or feed["last_error_kind"] == kind, feed["last_error_kind"]

    return check


def either(*checks: Check) -> Check:
    """One of them holds."""

    def check(seen: Seen) -> None:
        problems = []
        for one in checks:
            try:
                one(seen)
            except AssertionError as problem:
                problems.append(str(problem))
            else:
                return
        raise AssertionError(" / ".join(problems))

    return check


def whole_or_refused(count: int = 3) -> Check:
    """Either all items are kept or an error says why not; never a cut one as if it were whole."""
    return either(stores(count), lambda seen: (fails(".")(seen), keeps(0)(seen))[0])


def quick(seconds: float = TIMEOUT + 1.5) -> Check:
    """No poll took longer than the deadline."""

    def check(seen: Seen) -> None:
        slowest = max(poll["ms"] for poll in seen.polls)
        assert slowest <= seconds * 1000, f"a poll took {slowest} ms"

    return check


def asked(times: int) -> Check:
    """So many requests reached the feed's address."""

    def check(seen: Seen) -> None:
        assert len(seen.asks) == times, f"asked {len(seen.asks)} times"

    return check


def waits(at_least: timedelta, at_most: timedelta = timedelta(hours=27)) -> Check:
    """The pause after the last poll."""

    def check(seen: Seen) -> None:
        assert at_least <= seen.wait_after(-1) <= at_most, seen.wait_after(-1)

    return check


def without_validators(seen: Seen) -> None:
    assert seen.feed["etag"] is None and seen.feed["last_modified"] is None, "validators of a broken answer were kept"


def titles_hold(words: str) -> Check:
    """Every entry's title has these words, letter for letter."""

    def check(seen: Seen) -> None:
        for entry in seen.entries:
            assert words in entry["title"], entry["title"]

    return check


def says_nothing_of(*patterns: str) -> Check:
    """None of these (patterns) reached the store."""

    def check(seen: Seen) -> None:
        for pattern in patterns:
            assert not re.search(pattern, seen.words), f"{pattern} is in the store"

    return check


def warns(words: str) -> Check:
    """The feed is in order but something about it is said in these words (a pattern)."""

    def check(seen: Seen) -> None:
        assert seen.feed["failures"] == 0
        assert re.search(words, seen.feed["last_error"] or ""), f"no warning: {seen.feed['last_error']!r}"

    return check


def page_read(words: str, *, partial: bool = False) -> Check:
    """The second item's page was read as an article that begins with its mark."""

    def check(seen: Seen) -> None:
        article = seen.article(2)
        assert f"Marque {seen.row.id} numéro 2." in article["text"], (article["text_from"], article["text"][:200])
        assert re.search(words, article["text"]), article["text"][:300]
        assert bool(article["partial"]) is partial
        assert len(article["text"]) < 20_000 or seen.row.id == "P05"

    return check


def summary_kept(reason: str) -> Check:
    """The second item's page was not taken: its summary was, marked as a part, and the entry says why (a pattern)."""

    def check(seen: Seen) -> None:
        article, entry = seen.article(2), seen.entry(2)
        assert article["text_from"] == "summary" and article["partial"], (article["text_from"], article["text"][:200])
        assert f"{seen.row.id} résumé 2" in article["text"], article["text"][:200]
        assert re.search(reason, entry["reason"] or ""), f"the reason is {entry['reason']!r}"

    return check


def others_read(seen: Seen) -> None:
    """The items before and after the second were read as usual."""
    for number in (1, 3):
        assert seen.article(number)["text_from"] == "page", (seen.entry(number)["outcome"], seen.entry(number)["reason"])


def one_article_an_entry(seen: Seen) -> None:
    assert len({a["url"] for a in seen.articles}) == len(seen.articles)


# The rows


def _header_of(name: str, value: str, *, on: int) -> Check:
    def check(seen: Seen) -> None:
        assert seen.asks[on].header(name) == value, seen.asks[on].headers

    return check


def _no_header(name: str) -> Check:
    def check(seen: Seen) -> None:
        assert all(ask.header(name) is None for ask in seen.asks)

    return check


def _gap(seconds: float) -> Check:
    """The host was left in peace for so long after its first answer, by anybody."""

    def check(seen: Seen) -> None:
        first, *later = seen.web.asked_at(seen.row.id)
        assert later and all(ask.at - first.at >= seconds - 0.05 for ask in later), [ask.at - first.at for ask in later]

    return check


def _moved_to(path: str | None) -> Check:
    def check(seen: Seen) -> None:
        there = seen.feed["moved_to"]
        assert (there or "").endswith(path or "") and bool(there) is bool(path), there

    return check


def _asked_in_all(most: int) -> Check:
    def check(seen: Seen) -> None:
        assert len(seen.web.asked_at(seen.row.id)) <= most

    return check


def _no_long_location(seen: Seen) -> None:
    assert "aaaaaaaaaa" * 20 not in seen.words


def _cookies_stay(seen: Seen) -> None:
    first_of_each_poll = seen.asks[0::2]
    assert all(ask.header("Cookie") is None for ask in first_of_each_poll), "a cookie outlived its fetch"


REFUSED = (fails("not allowed", "AddressRefused"), keeps(0), says_nothing_of("secret", "root:"))


def _t(number: str, fault: str, *checks: Check, **more: Any) -> Row:
    return Row(f"T{number}", fault, (*checks, quick()), **more)


def _s(number: str, fault: str, **more: Any) -> Row:
    return Row(f"S{number}", fault, REFUSED, **more)


ALL = (0, 1, 2, 3, 4)
TWO = (0, 1)
THREE = (0, 1, 2)
FOUR = (0, 1, 2, 3)
DAY = timedelta(hours=23)

TRANSPORT = (
    _t("00", "healthy, with validators", stores(3), _header_of("If-None-Match", '"v1"', on=1), asked(2), passes=TWO),
    _t("01", "headers byte by byte", fails("within 6 s", "TimedOut"), keeps(0)),
    _t("02", "body byte by byte", fails("within 6 s", "TimedOut"), keeps(0)),
    _t("03", "never answers", fails("within 6 s", "TimedOut"), keeps(0)),
    _t("04", "endless body", fails("larger than", "TooLarge"), keeps(0)),
    _t("05", "endless header", fails("."), keeps(0)),
    _t("06", "a header of 1 MiB", whole_or_refused()),
    _t("07", "10,000 headers", whole_or_refused()),
    _t("08", "gzip bomb of 1 GiB", fails("larger than", "TooLarge"), keeps(0)),
    _t("09", "gzip inside gzip", fails("stacked"), keeps(0)),
    _t("09b", "gzip inside gzip, one layer announced", fails("larger|gzip"), keeps(0), path="/T09/hidden"),
    _t("10", "says gzip, is plain", either(stores(3), fails("gzip"))),
    _t("11", "gzip nobody announced", whole_or_refused()),
    _t("11b", "gzip bomb nobody announced", fails("larger than"), keeps(0), path="/T11/bomb"),
    _t("12", "gzip cut in the middle", fails("cut short"), keeps(0), without_validators),
    _t("13", "zstd nobody asked for", fails("zstd"), keeps(0)),
    _t("14", "damaged gzip", fails("gzip"), keeps(0), without_validators),
    _t("15", "shorter than its length", fails("cut short"), keeps(0), without_validators),
    _t("16", "longer than its length", stores(3), says_nothing_of("smuggled"), passes=TWO),
    _t("17", "bad chunk size", fails("."), keeps(0)),
    _t("18", "no last chunk", fails("cut short"), keeps(0), without_validators),
    _t("19", "reset in the body, then healthy", stores(3), passes=TWO),
    _t("20", "reset at once, then healthy", stores(3), passes=TWO),
    _t("21", "kept connection reset", stores(3), lambda seen: _all_good(seen), passes=THREE),
    _t("22", "closes without a byte", fails("."), keeps(0)),
    _t("23", "an SSH banner", fails("."), keeps(0)),
    _t("24", "two lengths", whole_or_refused()),
    _t("25", "endless early hints", fails("."), keeps(0)),
    _t("26", "304 nobody asked for", fails("304"), keeps(0), lambda seen: _never_conditional(seen), passes=TWO),
    _t("27", "an ETag that never changes", stores(6), lambda seen: _asked_without_validators_daily(seen), passes=(0, 1, 4)),
    _t("28", "a new ETag each time", stores(3), asked(4), passes=FOUR),
    _t(
        "29",
        "strange validators",
        stores(3),
        _header_of("If-None-Match", STRANGE_ETAG, on=1),
        _header_of("If-Modified-Since", STRANGE_DATE, on=1),
        passes=TWO,
    ),
)


def _all_good(seen: Seen) -> None:
    assert all(poll["ok"] for poll in seen.polls), [poll["error"] for poll in seen.polls]


def _never_conditional(seen: Seen) -> None:
    assert all(ask.header("If-None-Match") is None and ask.header("If-Modified-Since") is None for ask in seen.asks)


def _asked_without_validators_daily(seen: Seen) -> None:
    assert [ask.header("If-None-Match") is None for ask in seen.asks] == [True, False, True]


STATUS = (
    Row("H01", "429, wait 1 s", (stores(3), _gap(1.0)), passes=THREE, path="/H01?after=1"),
    Row("H02", "429, wait until a date of a slow clock", (stores(3), _gap(1.0)), passes=THREE, path="/H02?after=2"),
    Row(
        "H03",
        "429, wait 100 years",
        (fails("429"), keeps(0), asked(1), waits(timedelta(hours=23, minutes=50), timedelta(hours=24, minutes=10))),
        passes=TWO,
    ),
    Row("H03b", "429, wait -5 s", (fails("429"), keeps(0), asked(2), waits(timedelta(minutes=15), DAY)), passes=TWO, path="/H03?wish=-5"),
    Row("H03c", "429, wait soon", (fails("429"), keeps(0), asked(2), waits(timedelta(minutes=15), DAY)), passes=TWO, path="/H03?wish=soon"),
    Row("H04", "503 every other time", (stores(3),), passes=FOUR),
    Row("H05", "500", (fails("500"), keeps(0))),
    Row("H06", "404", (fails("404", "Gone"), keeps(0), lambda seen: _ever_slower(seen)), passes=THREE),
    Row("H07", "410", (fails("gone for good"), keeps(0), waits(DAY))),
    Row("H08", "401 Basic", (fails("credentials"), keeps(0), _no_header("Authorization"))),
    Row("H09", "bot challenge as 403", (fails("bot protection", "BotWall"), keeps(0), waits(timedelta(hours=6)))),
    Row("H10", "bot challenge as 200", (fails("challenge", "BotWall"), keeps(0), waits(timedelta(hours=6)))),
    Row("H11", "451", (fails("legal"), keeps(0), waits(timedelta(hours=6)))),
    Row("H12", "empty body", (fails("empty answer"), keeps(0), without_validators)),
    Row("H13", "204", (fails("empty answer"), keeps(0))),
    Row("H14", "206 nobody asked for", (fails("206"), keeps(0), without_validators)),
    Row("H15", "301, five polls", (stores(3), _moved_to("/H15/new"), asked(3)), passes=ALL),
    Row("H15b", "301, two polls", (stores(3), _moved_to(None)), passes=TWO, path="/H15"),
    Row("H16", "302", (stores(3), _moved_to(None), asked(5)), passes=ALL),
    Row("H17", "308, five polls", (stores(3), _moved_to("/H17/new")), passes=ALL),
    Row("H18", "301 and then 302", (stores(3), _moved_to("/H16")), passes=ALL),
    Row("H19", "410 once, then healthy", (stores(3),), passes=TWO),
    Row("H20", "999", (fails("999"), keeps(0))),
    Row("H22", "301 to a page that is no feed", (fails("not a feed|HTML"), keeps(0), _moved_to(None)), passes=ALL),
)


def _ever_slower(seen: Seen) -> None:
    assert seen.feed["failures"] == 3
    assert seen.wait_after(-1) >= 4 * timedelta(seconds=seen.feed["every_s"])


REDIRECTS = (
    Row("R01", "to itself", (fails("circle"), keeps(0), _asked_in_all(2))),
    Row("R02", "to and fro", (fails("circle"), keeps(0), _asked_in_all(3))),
    Row("R03", "a chain of 30", (fails("redirects"), keeps(0), _asked_in_all(10))),
    Row("R04", "no Location", (fails("without an address"), keeps(0))),
    Row("R05", "a malformed Location", (fails("cannot be read"), keeps(0))),
    Row("R05b", "raw letters in the Location", (whole_or_refused(),), path="/R05/raw"),
    Row("R06", "an address that grows", (fails("redirects"), keeps(0), _asked_in_all(10))),
    Row("R07", "a Location of 95 kB", (fails("characters"), keeps(0), _no_long_location)),
    Row("R08", "needs the cookie it sets", (either(stores(3), fails("circle")), _cookies_stay), passes=TWO),
    Row("R09", "to a login page", (fails("login"), keeps(0))),
)

ADDRESSES = (
    _s("01", "to another loopback address"),
    _s("02", "to localhost by name", passes=THREE),
    _s("03", "to a decimal address"),
    _s("04", "to a file", passes=THREE),
    _s("05", "to a short address"),
    _s("06", "to hexadecimal and octal addresses", passes=THREE),
    _s("07", "to ::1"),
    _s("08", "to IPv4-mapped addresses", passes=TWO),
    _s("09", "to 0.0.0.0", passes=THREE),
    _s("10", "behind a user name", passes=TWO),
    _s("11", "to private, NAT and multicast addresses", passes=ALL),
    Row("S12", "to other schemes", (fails("not allowed|cannot be read"), keeps(0)), passes=FOUR),
    _s("13", "by way of an allowed address"),
    Row("S14", "item links inside", (stores(8), lambda seen: _refusals(seen))),
    Row("S15", "escaped and wide digits", (fails("not allowed|cannot be read"), keeps(0)), passes=THREE),
    Row("S16", "assets inside", (stores(3), lambda seen: _only_items_asked(seen))),
    Row("S17", "without a scheme", (fails("not allowed|cannot be read"), keeps(0)), passes=THREE),
)


def _refusals(seen: Seen) -> None:
    healthy = [e for e in seen.entries if "sain" in e["title"]]
    bad = [e for e in seen.entries if "piège" in e["title"]]
    assert len(healthy) == 2 and all(e["article_id"] for e in healthy)
    assert len(bad) == 6
    for entry in bad:
        assert re.search("not allowed|refused", entry["reason"] or ""), (entry["title"], entry["url"], entry["reason"])


def _only_items_asked(seen: Seen) -> None:
    paths = {ask.path for ask in seen.web.asked_at("S16")}
    assert paths <= {"/S16", "/a/S16/1", "/a/S16/2", "/a/S16/3"}, paths


DOCUMENTS = (
    Row("X01", "billion laughs", (whole_or_refused(), quick(), says_nothing_of("lollollol"))),
    Row("X02", "quadratic entities", (whole_or_refused(), quick(), says_nothing_of("a{1000}"))),
    Row("X03", "external entity of a file", (whole_or_refused(), says_nothing_of("root:", "/bin/"))),
    Row("X04", "external entity from afar", (whole_or_refused(), says_nothing_of("secret"))),
    Row("X05", "100,000 nested elements", (whole_or_refused(),), slow=True),
    Row("X06", "200,000 attributes", (whole_or_refused(),), slow=True),
    Row("X08", "a page instead of a feed", (fails(r"not a feed; it offers http\S+/X08/real"), keeps(0))),
    Row("X09", "JSON instead of a feed", (fails("JSON"), keeps(0))),
    Row("X10", "an image instead of a feed", (fails("not a feed"), keeps(0))),
    Row("X11", "null bytes", (stores(3), titles_hold("article"), says_nothing_of("\0"))),
    Row("X12", "control characters", (stores(3), titles_hold(" : la sécurité"), says_nothing_of("[\x00-\x08\x0b\x1f\ufffe]"))),
    Row("X13", "bare ampersands", (stores(3), titles_hold("Fès & Meknès, 3 < 4"))),
    Row("X14", "undeclared entities", (stores(3), titles_hold("la sécurité à Tétouan «…»"))),
    Row("X15", "a warning before the document", (stores(3),)),
    Row("X16", "junk behind the document", (stores(3),)),
    Row("X17", "UTF-16", (stores(3), titles_hold("la sécurité à Tétouan"))),
    Row("X18", "UTF-8 with a mark", (stores(3), titles_hold("la sécurité à Tétouan"))),
    Row("X19", "says UTF-8, is windows-1252", (stores(3), titles_hold("la sécurité à Tétouan"))),
    Row("X20", "HTTP says iso-8859-1, is UTF-8", (stores(3), titles_hold("la sécurité à Tétouan"))),
    Row("X22", "windows-1256 nobody declared", (stores(3), titles_hold("حموشي يستقبل السفير الفرنسي بالرباط"))),
    Row("X23", "one bad byte", (stores(3), titles_hold("la sécurité à Tétouan"))),
    Row("X24", "CDATA never closed, then healthy", (stores(3), lambda seen: _two_at_first(seen)), passes=TWO),
    Row("X26", "text/plain at a .php", (stores(3),), path="/X26/fil.php"),
    Row("X27", "old dialects in turn", (stores(3), _all_good), passes=THREE),
)


def _two_at_first(seen: Seen) -> None:
    assert seen.polls[0]["new"] in (2, 3)
    assert seen.asks[1].header("If-None-Match") is None, "the validator of a broken document was kept"


def _sane_dates(seen: Seen) -> None:
    for entry in seen.entries:
        if entry["published_at"]:
            ahead = moment(entry["published_at"]) - moment(entry["first_seen_at"])
            assert timedelta(days=-366 * 2) < ahead <= timedelta(days=1), entry["published_at"]


def _odd_dates_noted(seen: Seen) -> None:
    _sane_dates(seen)
    assert all("date" in (e["problems"] or "") for e in seen.entries), [e["problems"] for e in seen.entries]


def _one_new_each(*counts: int) -> Check:
    def check(seen: Seen) -> None:
        assert [poll["new"] for poll in seen.polls] == list(counts)

    return check


def _latest_words(seen: Seen) -> None:
    assert all("14h05" in e["title"] for e in seen.entries), [e["title"] for e in seen.entries]


def _resolved(seen: Seen) -> None:
    assert sorted(e["url"] for e in seen.entries) == [seen.web.at("F22", f"/a/F22/{n}") for n in (1, 2, 3)]


def _plain_links(seen: Seen) -> None:
    assert all(re.fullmatch(r"https?://[\x21-\x7e]+", e["url"]) and "%25" not in e["url"] for e in seen.entries), [
        e["url"] for e in seen.entries
    ]
    asked_for = {ask.path for ask in seen.web.asked_at("F24")}
    assert {"/a/F24/un%20bel%20%C3%A9t%C3%A9", "/a/F24/%D8%A7%D9%84%D8%B1%D8%A8%D8%A7%D8%B7"} <= asked_for, asked_for


def _one_meeting(outlets: int) -> Check:
    def check(seen: Seen) -> None:
        assert len(seen.meetings) == 1, [m["headline"] for m in seen.meetings]
        assert seen.meetings[0]["articles"] == outlets, seen.meetings

    return check


def _nothing_flagged(seen: Seen) -> None:
    assert not seen.meetings and not any(a["flagged"] for a in seen.articles), seen.meetings


def _read_later(seen: Seen) -> None:
    assert "Marque F31 numéro 2." in seen.article(2)["text"]
    assert len([a for a in seen.articles if a["url"].endswith("/2")]) == 1


def _withdrawn(seen: Seen) -> None:
    entry, article = seen.entry(2), seen.article(2)
    assert "410" in entry["reason"] and "F32 résumé 2" in article["text"]


def _short_titles(seen: Seen) -> None:
    assert all(len(e["title"]) <= 1000 for e in seen.entries)
    assert all(e["title"] for e in seen.entries)


def _cut(seen: Seen) -> None:
    assert all(len(a["text"]) <= 300_000 for a in seen.articles)


OVER_TIME = (
    Row("F01", "new guids at every poll", (stores(3), _one_new_each(3, 0, 0, 0, 0)), passes=ALL),
    Row("F02", "one guid for all", (stores(3), _one_new_each(3, 0, 0)), passes=THREE),
    Row("F03", "no guids", (stores(3), _one_new_each(3, 0, 0)), passes=THREE),
    Row("F04", "neither guid nor link", (stores(3), _one_new_each(3, 0, 0)), passes=THREE),
    Row("F05", "two guids for one link", (stores(3), one_article_an_entry), passes=TWO),
    Row("F06", "tracking in links and guids", (stores(3), _one_new_each(3, 0, 0, 0)), passes=FOUR),
    Row("F07", "host spellings and slashes", (stores(3), _one_new_each(3, 0, 0, 0)), passes=FOUR, full_text=True),
    Row("F08", "dates in 2099", (stores(3), _odd_dates_noted)),
    Row("F09", "dates of 1970 and of the year 1", (stores(3), _odd_dates_noted)),
    Row("F10", "no dates", (stores(3), _one_new_each(3, 0)), passes=TWO),
    Row("F11", "dates in words", (stores(3), _sane_dates)),
    Row("F13", "edited at every poll", (stores(3), _latest_words, one_article_an_entry, _one_new_each(3, 0, 0, 0, 0)), passes=ALL),
    Row("F14", "shuffled", (stores(3), _one_new_each(3, 0, 0, 0)), passes=FOUR),
    Row("F15", "an item vanishes and returns", (stores(3), _one_new_each(3, 0, 0, 0, 0)), passes=ALL),
    Row("F16", "empty once", (stores(3), _one_new_each(3, 0, 0), lambda seen: _no_word(seen)), passes=THREE),
    Row("F16b", "empty from the second poll on", (stores(3), warns("empty|no entr")), passes=ALL, path="/F16/empty"),
    Row("F17", "10,000 items", (stores(10_000), _one_new_each(10_000, 0, 0)), passes=THREE, slow=True, full_text=True),
    Row("F18", "50 MB", (fails("larger than"), keeps(0), quick(10)), slow=True),
    Row("F19", "a description of 5 MB", (stores(3), _cut), slow=True),
    Row("F20", "a moving window", (stores(42),), passes=ALL),
    Row("F22", "relative links", (stores(3), _resolved), path="/F22/fil/feed"),
    Row("F24", "odd links", (stores(4), _plain_links)),
    Row("F25", "a guid of 100 kB", (stores(3), _one_new_each(3, 0)), passes=TWO),
    Row("F26", "a title of 1 MB and none", (stores(3), _short_titles)),
    Row("F27", "one story in three feeds", (stores(3), _one_meeting(3)), more=("/F27/2", "/F27/3")),
    Row("F28", "never and every minute", (stores(3), waits(timedelta(minutes=15), timedelta(hours=24))), passes=TWO),
    Row("F29", "in 190 years", (stores(3), waits(timedelta(minutes=15), timedelta(hours=24))), passes=TWO),
    Row("F30", "taken over by a casino", (warns("identity"), _nothing_flagged), passes=TWO),
    Row("F31", "a page that comes later", (stores(3), _read_later), passes=THREE),
    Row("F32", "a page that was withdrawn", (stores(3), _withdrawn)),
)


def _no_word(seen: Seen) -> None:
    assert seen.feed["last_error"] is None, seen.feed["last_error"]


def _clean_titles(seen: Seen) -> None:
    """One line each, without anything a terminal, a parser or a reader would act on."""
    for entry in seen.entries:
        assert not re.search("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]", entry["title"]), ascii(entry["title"])


def _c(number: str, fault: str, count: int, *checks: Check, **more: Any) -> Row:
    return Row(f"C{number}", fault, (stores(count), _clean_titles, lambda seen: _told(seen), *checks), **more)


def _told(seen: Seen) -> None:
    assert seen.meetings, [(e["title"], e["outcome"], e["reason"]) for e in seen.entries]


CONTENT = (
    _c("01", "scripts in titles", 4),
    _c("02", "line ends in titles", 4),
    _c("03", "end of mail data in texts", 3),
    _c("04", "template syntax", 3, lambda seen: _literal(seen, "7*7")),
    _c("05", "SQL in titles", 3, lambda seen: _literal(seen, "DROP TABLE entries")),
    _c("06", "terminal escapes", 4),
    _c("07", "spreadsheet formulas", 4),
    _c("08", "reading direction and hidden letters", 3),
    _c("09", "markup that breaks out", 4),
    _c("10", "escaped twice, lone surrogates", 3),
    _c("12", "remote images", 2),
)


def _literal(seen: Seen, words: str) -> None:
    assert any(words in e["title"] for e in seen.entries), [e["title"] for e in seen.entries]


def _p(number: str, fault: str, *checks: Check, **more: Any) -> Row:
    return Row(f"P{number}", fault, (stores(3), others_read, *checks), **more)


PROSE = "budget de la voirie, après deux heures de débat"
NO_MOJIBAKE = says_nothing_of("Ã©", "Ã ", "\ufffd")

PAGES = (
    _p("01", "a clean article", page_read(PROSE), says_nothing_of("Tous droits", "Accueil")),
    _p("02", "5 MB on one line", either(page_read(PROSE), summary_kept("too long|larger|time|extracted")), slow=True),
    _p("03", "100,000 nested elements", either(page_read(PROSE), summary_kept("too long|time|extracted")), slow=True),
    _p("04", "200,000 unclosed tags", either(page_read(PROSE), summary_kept("too long|time|extracted")), slow=True),
    _p("05", "bait for patterns", either(page_read(PROSE), summary_kept("too long|time|extracted")), slow=True),
    _p("06", "50,000 paragraphs", either(page_read(PROSE), summary_kept("too long|time|extracted")), slow=True),
    _p("07", "a table of 200,000 rows", either(page_read(PROSE), summary_kept("too long|larger|time|extracted")), slow=True),
    _p(
        "07b",
        "a table of 100,000 rows",
        either(page_read(PROSE), summary_kept("too long|larger|time|extracted")),
        path="/P07b",
        slow=True,
    ),
    _p("09", "100,000 links", either(page_read(PROSE), summary_kept("too long|time|extracted")), lambda seen: _no_links(seen), slow=True),
    _p("10", "meta says UTF-8, is windows-1252", page_read(PROSE), NO_MOJIBAKE),
    _p("11", "header says iso-8859-1, is UTF-8", page_read(PROSE), NO_MOJIBAKE),
    _p("12", "soft 404", summary_kept("error page")),
    _p("13", "to a login page", summary_kept("login")),
    _p("14", "consent wall", summary_kept("consent")),
    _p("15", "paywall", page_read("été avait été sec", partial=True), says_nothing_of("par mois", "réservé aux abonnés")),
    _p("16", "endless next pages", page_read(PROSE), lambda seen: _no_links(seen)),
    _p("17", "an empty shell for scripts", summary_kept("script")),
    _p("18", "a PDF", summary_kept("not an? HTML"), says_nothing_of("%PDF")),
    _p("19", "an image", summary_kept("not an? HTML"), says_nothing_of("IHDR")),
    _p("20", "an empty page", summary_kept("no text|empty")),
    _p("21", "null bytes", page_read(PROSE), page_read("sec et que les réserves"), says_nothing_of("[\0\x0b\x1f]")),
    _p("22", "gzip inside gzip", summary_kept("gzip|larger")),
    _p("23", "megabytes of broken JSON-LD", either(page_read(PROSE), summary_kept("too long|larger|time|extracted")), slow=True),
    _p("24", "different at every fetch", page_read(PROSE), one_article_an_entry, passes=THREE),
    _p("25", "a date of 2099 in the page", page_read(PROSE), lambda seen: _no_2099(seen)),
    _p(
        "27", "10,000 comments", either(page_read(PROSE), summary_kept("too long|time|extracted")), says_nothing_of("merci bien"), slow=True
    ),
)


def _no_links(seen: Seen) -> None:
    paths = {ask.path for ask in seen.web.asked_at(seen.row.id)}
    assert len(paths) <= 4, sorted(paths)[:8]


def _no_2099(seen: Seen) -> None:
    assert not any("2099" in str(a["published_at"]) for a in seen.articles)


HEALTHY = tuple(Row(f"Q{n:02}", "healthy, among the others", (stores(3), quick()), passes=ALL, path="/T00") for n in range(1, 7))

ROWS: tuple[Row, ...] = (*TRANSPORT, *STATUS, *REDIRECTS, *ADDRESSES, *DOCUMENTS, *OVER_TIME, *CONTENT, *PAGES, *HEALTHY)
QUICK: tuple[Row, ...] = tuple(row for row in ROWS if not row.slow)


def judge(seen: Seen) -> None:
    """Raise AssertionError if the row does not hold, or something that must hold for every row."""
    _holds_for_all(seen)
    for check in seen.row.checks:
        check(seen)


def _holds_for_all(seen: Seen) -> None:
    row = seen.row
    silenced = sum(1 for poll in seen.polls if poll["error_kind"] == "RateLimited")
    assert len(seen.polls) == len(row.passes) * (1 + len(row.more)) or silenced, f"{len(seen.polls)} attempts are recorded"
    for poll in seen.polls:
        assert poll["error_kind"] != "Bug", poll["error"]
        assert bool(poll["ok"]) is (poll["error"] is None), poll
        assert poll["ok"] or poll["error_kind"], poll
    for entry in seen.entries:
        assert "internal error" not in (entry["reason"] or ""), entry["reason"]
        assert entry["outcome"] or entry["reason"], entry


def look(connection: sqlite3.Connection, web: Web, row: Row) -> Seen:
    """Read what the store knows of a row."""

    def ask(query: str, *values: Any) -> list[dict[str, Any]]:
        cursor = connection.execute(query, values)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, values, strict=True)) for values in cursor]

    addresses = [web.at(row.id, path) for path in (row.address, *row.more)]
    feeds = ask(
        f"""SELECT v.*, f.etag, f.last_modified, f.problems FROM v_feeds v JOIN feeds f ON f.id = v.id
            WHERE v.url IN ({_marks(addresses)}) ORDER BY v.id""",
        *addresses,
    )
    ids = [feed["id"] for feed in feeds]
    articles = ask(
        f"""SELECT a.*, t.text FROM v_articles a JOIN articles b ON b.id = a.id LEFT JOIN article_texts t ON t.article_id = a.id
            WHERE b.feed_id IN ({_marks(ids)}) ORDER BY a.id""",
        *ids,
    )
    entries = ask(
        f"""SELECT v.*, e.summary, e.lease_owner FROM v_entries v JOIN entries e ON e.id = v.id
            WHERE e.feed_id IN ({_marks(ids)}) ORDER BY e.id""",
        *ids,
    )
    polls = ask(f"SELECT * FROM polls WHERE feed_id IN ({_marks(ids)}) ORDER BY id", *ids)
    meetings = ask(
        f"""SELECT DISTINCT m.* FROM v_meetings m JOIN v_reports r ON r.meeting_id = m.id
            WHERE r.article_id IN ({_marks(articles)})""",
        *(a["id"] for a in articles),
    )
    return Seen(row, web, feeds, entries, articles, polls, meetings)


def _marks(values: Sequence[Any]) -> str:
    return ",".join("?" * len(values))
