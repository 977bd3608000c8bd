"""The faults of documents (X) and of feeds over time (F), each a handler under its id. All texts are made here.

Every item's title begins with the row's id, so that tests can count what was stored.
"""

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from xml.sax.saxutils import escape

from hostile.server import Ask, Handler, Wire

FAULTS: dict[str, Handler] = {}
XML = '<?xml version="1.0" encoding="utf-8"?>'
RSS = "application/rss+xml"


def fault(name: str) -> Callable[[Handler], Handler]:
    """Register a handler under a row of the catalogue."""

    def register(handler: Handler) -> Handler:
        FAULTS[name] = handler
        return handler

    return register


@dataclass(frozen=True)
class Item:
    """An item of a feed; `title`, `summary` and `more` are XML as they stand."""

    title: str
    link: str | None
    guid: str | None = None
    summary: str = ""
    date: str | None = None
    more: str = ""


def document(items: Sequence[Item], *, title: str = "Le Fil", head: str = "", language: str = "fr", start: str = XML) -> str:
    """An RSS 2.0 document."""
    rows = "".join(_row(item) for item in items)
    return (
        f'{start}<rss version="2.0"><channel><title>{title}</title><link>http://news.example/</link>'
        f"<language>{language}</language>{head}{rows}</channel></rss>"
    )


def _row(item: Item) -> str:
    parts = [f"<title>{item.title}</title>", f"<description>{item.summary or item.title}</description>"]
    if item.link is not None:
        parts.append(f"<link>{escape(item.link)}</link>")
    if item.guid is not None:
        parts.append(f'<guid isPermaLink="false">{item.guid}</guid>')
    if item.date is not None:
        parts.append(f"<pubDate>{item.date}</pubDate>")
    return f"<item>{''.join(parts)}{item.more}</item>"


def three(ask: Ask, words: str = "la sécurité à Tétouan", *, guid: bool = True, count: int = 3) -> list[Item]:
    """The healthy items of a row."""
    row = ask.path.strip("/").split("/")[0]
    date = format_datetime(datetime.now(UTC) - timedelta(hours=2))
    return [
        Item(
            f"{row} article {n} : {words}",
            f"http://{ask.host}/a/{row}/{n}",
            f"{row}-{n}" if guid else None,
            f"{row} résumé {n} : l'été à Fès a été calme.",
            date,
        )
        for n in range(1, count + 1)
    ]


async def send(wire: Wire, text: str | bytes, content_type: str | None = f"{RSS}; charset=utf-8") -> None:
    """Answer with a document."""
    await wire.answer(text.encode() if isinstance(text, str) else text, content_type=content_type)


def fixed(name: str, make: Callable[[Ask], str | bytes], content_type: str | None = f"{RSS}; charset=utf-8") -> None:
    """A row that answers alike each time."""

    @fault(name)
    async def answer(ask: Ask, wire: Wire) -> None:
        await send(wire, make(ask), content_type)


# XML


def _laughs(ask: Ask) -> str:
    levels = "".join(f'<!ENTITY lol{n} "{f"&lol{n - 1};" * 10}">' for n in range(1, 10))
    one, *others = three(ask)
    bomb = Item(f"{one.title} &lol9;", one.link, one.guid, "", one.date)
    return document([bomb, *others], start=f'{XML}<!DOCTYPE rss [<!ENTITY lol0 "lol">{levels}]>')


def _quadratic(ask: Ask) -> str:
    one, *others = three(ask)
    bomb = Item(f"{one.title} {'&a;' * 30_000}", one.link, one.guid, "", one.date)
    return document([bomb, *others], start=f'{XML}<!DOCTYPE rss [<!ENTITY a "{"a" * 30_000}">]>')


def _reads_files(ask: Ask) -> str:
    one, *others = three(ask)
    thief = Item(f"{one.title} &xxe;", one.link, one.guid, "x &xxe; &passwd;", one.date)
    entities = '<!ENTITY xxe SYSTEM "file:///etc/passwd"><!ENTITY % p SYSTEM "file:///etc/passwd"><!ENTITY passwd SYSTEM "/etc/passwd">'
    return document([thief, *others], start=f"{XML}<!DOCTYPE rss [{entities}]>")


def _reads_afar(ask: Ask) -> str:
    canary = f"http://127.0.0.2:{ask.host.rpartition(':')[2]}/canary"
    one, *others = three(ask)
    thief = Item(
        f"{one.title} &far;", one.link, one.guid, f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{canary}"/>', one.date
    )
    start = (
        f'{XML}<?xml-stylesheet type="text/xsl" href="{canary}"?>'
        f'<!DOCTYPE rss SYSTEM "{canary}" [<!ENTITY far SYSTEM "{canary}"><!ENTITY % p SYSTEM "{canary}"> %p;]>'
    )
    return document([thief, *others], start=start)


def _nested(ask: Ask) -> str:
    one, two, last = three(ask)
    deep = Item(two.title, two.link, two.guid, "<b>" * 100_000 + "x" + "</b>" * 100_000, two.date)
    return document([one, deep, last])


def _many_attributes(ask: Ask) -> str:
    one, two, last = three(ask)
    attributes = " ".join(f'a{n}="v"' for n in range(200_000))
    return document([one, Item(two.title, two.link, two.guid, "", two.date, f"<wide {attributes}/>"), last])


fixed("X01", _laughs)
fixed("X02", _quadratic)
fixed("X03", _reads_files)
fixed("X04", _reads_afar)
fixed("X05", _nested)
fixed("X06", _many_attributes)
fixed(
    "X08",
    lambda ask: (
        '<!DOCTYPE html><html><head><title>Accueil</title><link rel="alternate" type="application/rss+xml" href="/X08/real">'
        "</head><body><h1>Le Fil</h1><p>Toute l'actualité du royaume.</p></body></html>"
    ),
    "text/html; charset=utf-8",
)
fixed("X08/real", lambda ask: document(three(ask)))
fixed("X09", lambda ask: '{"items": [{"title": "X09 article 1", "url": "http://news.example/1"}], "status": "ok"}', "application/json")
fixed("X10", lambda ask: b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256)) * 4, RSS)
fixed(
    "X11",
    lambda ask: document([Item(i.title.replace("article", "arti\0cle"), i.link, i.guid, i.summary, i.date) for i in three(ask)]).replace(
        "</item><item>", "</item>\0\0<item>"
    ),
)
fixed(
    "X12",
    lambda ask: document([Item(i.title.replace(" :", "\x0b\x1f\ufffe :"), i.link, i.guid, i.summary + "\x08", i.date) for i in three(ask)]),
)
fixed("X13", lambda ask: document(three(ask, "Fès & Meknès, 3 < 4 &c. & l'été")))
fixed("X14", lambda ask: document(three(ask, "la&nbsp;s&eacute;curit&eacute; &agrave; T&eacute;touan &laquo;&hellip;&raquo;")))
fixed(
    "X15",
    lambda ask: (
        "\n\n  \n<br />\n<b>Warning</b>: Undefined variable $feed in <b>/var/www/feed.php</b> on line <b>12</b><br />\n"
        + document(three(ask))
    ),
)
fixed("X16", lambda ask: document(three(ask)) + "\n<!-- 0.12 s --><script>track()</script>\n&&& junk <b>")
fixed(
    "X17",
    lambda ask: "\ufeff".encode("utf-16-le") + document(three(ask), start='<?xml version="1.0" encoding="utf-16"?>').encode("utf-16-le"),
    RSS,
)
fixed("X18", lambda ask: b"\xef\xbb\xbf" + document(three(ask)).encode())
fixed("X19", lambda ask: document(three(ask)).encode("cp1252"))
fixed("X20", lambda ask: document(three(ask)), f"{RSS}; charset=iso-8859-1")
fixed(
    "X22",
    lambda ask: (
        document(three(ask, "حموشي يستقبل السفير الفرنسي بالرباط"), start='<?xml version="1.0"?>')
        .replace("résumé", "ملخص")
        .replace("l'été à Fès a été calme.", "الأمن في فاس هادئ")
        .encode("cp1256")
    ),
    RSS,
)
fixed("X23", lambda ask: document(three(ask)).encode().replace("X23 résumé 2".encode(), b"X23 r" + b"\xe9" + "sumé 2".encode()))


@fault("X24")
async def cdata_never_closed(ask: Ask, wire: Wire) -> None:
    whole = document(three(ask))
    if ask.hit == 1:
        one, two, last = three(ask)
        broken = Item(f"<![CDATA[{last.title}", last.link, last.guid, last.summary, last.date)
        whole = document([one, two, broken])
    await wire.answer(whole.encode(), headers=[("ETag", f'"{min(ask.hit, 2)}"')])


fixed("X26", lambda ask: document(three(ask)), "text/plain")
FAULTS["X26/fil.php"] = FAULTS.pop("X26")


@fault("X27")
async def old_dialects(ask: Ask, wire: Wire) -> None:
    items = three(ask)
    if ask.hit % 3 == 1:
        rows = "".join(
            f'<entry><title>{i.title}</title><link rel="alternate" type="text/html" href="{i.link}"/><id>{i.guid}</id>'
            f"<issued>2026-05-04T10:00:00Z</issued><modified>2026-05-04T10:00:00Z</modified><summary>{i.summary}</summary></entry>"
            for i in items
        )
        text = f'{XML}<feed version="0.3" xmlns="http://purl.org/atom/ns#"><title>Le Fil</title>{rows}</feed>'
    elif ask.hit % 3 == 2:
        rows = "".join(
            f'<item rdf:about="{i.link}"><title>{i.title}</title><link>{i.link}</link><description>{i.summary}</description></item>'
            for i in items
        )
        text = (
            f'{XML}<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">'
            f'<channel rdf:about="http://news.example/"><title>Le Fil</title></channel>{rows}</rdf:RDF>'
        )
    else:
        doctype = '<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://127.0.0.2/rss-0.91.dtd">'
        text = document([Item(i.title, i.link, None, i.summary) for i in items], start=XML + doctype).replace(
            'version="2.0"', 'version="0.91"'
        )
    await send(wire, text)


# Feeds over time


def changing(name: str, make: Callable[[Ask], str]) -> None:
    """A row whose document depends on which poll it is."""

    @fault(name)
    async def answer(ask: Ask, wire: Wire) -> None:
        await send(wire, make(ask))


def _each(ask: Ask, change: Callable[[int, Item], Item]) -> str:
    return document([change(n, item) for n, item in enumerate(three(ask), start=1)])


changing("F01", lambda ask: _each(ask, lambda n, i: Item(i.title, i.link, f"new-{ask.hit}-{n}", i.summary, i.date)))
changing("F02", lambda ask: _each(ask, lambda n, i: Item(i.title, i.link, "the-only-guid", i.summary, i.date)))
changing("F03", lambda ask: document(three(ask, guid=False)))
changing("F04", lambda ask: _each(ask, lambda n, i: Item(i.title, None, None, i.summary, i.date)))
changing(
    "F05",
    lambda ask: document([*three(ask), Item("F05 article 3 : la sécurité à Tétouan", three(ask)[2].link, "F05-3-bis", "F05 résumé 3")]),
)


def _tracked(ask: Ask) -> str:
    tail = f"?utm_source=rss&utm_campaign=p{ask.hit}&PHPSESSID={ask.hit:032x}&fbclid=x{ask.hit}"
    return _each(ask, lambda n, i: Item(i.title, f"{i.link}{tail}", escape(f"{i.link}{tail}"), i.summary, i.date))


def _flipping(ask: Ask) -> str:
    spellings = (
        "http://news.example/f07/{n}",
        "https://www.news.example/f07/{n}/",
        "http://NEWS.example:80/f07/{n}/",
        "https://m.news.example/f07/{n}",
    )
    link = spellings[(ask.hit - 1) % len(spellings)]
    return _each(ask, lambda n, i: Item(i.title, link.format(n=n), link.format(n=n), i.summary, i.date))


changing("F06", _tracked)
changing("F07", _flipping)
changing("F08", lambda ask: _each(ask, lambda n, i: Item(i.title, i.link, i.guid, i.summary, "Fri, 01 May 2099 10:00:00 GMT")))
changing(
    "F09",
    lambda ask: _each(
        ask,
        lambda n, i: Item(
            i.title,
            i.link,
            i.guid,
            i.summary,
            ("Thu, 01 Jan 1970 00:00:00 GMT", "Mon, 01 Jan 0001 00:00:00 GMT", "0001-01-01T00:00:00Z")[n - 1],
        ),
    ),
)
changing("F10", lambda ask: _each(ask, lambda n, i: Item(i.title, i.link, i.guid, i.summary)))
changing(
    "F11",
    lambda ask: _each(
        ask,
        lambda n, i: Item(i.title, i.link, i.guid, i.summary, ("lundi 4 mai 2026 à 10h05", "٠٤-٠٥-٢٠٢٦ ١٠:٠٥", "hier, ou bientôt")[n - 1]),
    ),
)
changing(
    "F13",
    lambda ask: _each(
        ask, lambda n, i: Item(f"{i.title} (MISE À JOUR 14h{ask.hit:02})", i.link, i.guid, f"{i.summary} Version {ask.hit}.", i.date)
    ),
)


def _shuffled(ask: Ask) -> str:
    items = three(ask)
    random.Random(ask.hit).shuffle(items)
    return document(items)


changing("F14", _shuffled)
changing("F15", lambda ask: document([i for n, i in enumerate(three(ask), start=1) if n != 2 or ask.hit not in (2, 3)]))
changing("F16", lambda ask: document(three(ask) if ask.hit != 2 else []))
changing("F16/empty", lambda ask: document(three(ask) if ask.hit == 1 else []))
changing("F17", lambda ask: _ten_thousand(ask.host))
changing("F18", lambda ask: _fifty_megabytes(ask.host))


@functools.cache
def _ten_thousand(host: str) -> str:
    words = "Le conseil de la commune a voté le budget de la voirie et des écoles du quartier. " * 6
    return document(
        [Item(f"F17 article {n} : la voirie", f"http://{host}/a/F17/{n}", f"F17-{n}", f"{n} {words}") for n in range(1, 10_001)]
    )


@functools.cache
def _fifty_megabytes(host: str) -> str:
    return document([Item(f"F18 article {n}", f"http://{host}/a/F18/{n}", f"F18-{n}", "mot " * 125_000) for n in range(1, 101)])


def _huge_description(ask: Ask) -> str:
    one, two, last = three(ask)
    return document([one, Item(two.title, two.link, two.guid, "Le conseil a voté le budget de la voirie. " * 120_000, two.date), last])


def _window(ask: Ask) -> str:
    first = 1 + 8 * (ask.hit - 1)
    return document(
        [Item(f"F20 article {n} : la voirie", f"http://{ask.host}/a/F20/{n}", f"F20-{n}") for n in range(first, first + 10)][::-1]
    )


changing("F19", _huge_description)
changing("F20", _window)
changing(
    "F22",
    lambda ask: _each(
        ask, lambda n, i: Item(i.title, ("/a/F22/1", f"//{ask.host}/a/F22/2", "../../a/F22/3")[n - 1], i.guid, i.summary, i.date)
    ),
)
FAULTS["F22/fil/feed"] = FAULTS.pop("F22")
changing(
    "F24",
    lambda ask: document(
        [
            Item("F24 article 1", f"http://{ask.host}/a/F24/un bel été", "1"),
            Item("F24 article 2", f"http://{ask.host}/a/F24/الرباط", "2"),
            Item("F24 article 3", f"http://{ask.host}/a/F24/\u202egpj.3", "3"),
            Item("F24 article 4", "http://actualités.example/a/F24/4", "4"),
        ]
    ),
)
changing("F25", lambda ask: _each(ask, lambda n, i: Item(i.title, i.link, "g" * 100_000 if n == 1 else i.guid, i.summary, i.date)))


def _long_and_missing_titles(ask: Ask) -> str:
    one, two, last = three(ask)
    text = document(
        [
            Item(f"{one.title} {'très long ' * 100_000}", one.link, one.guid, one.summary, one.date),
            two,
            Item("SANS", last.link, last.guid, last.summary),
        ]
    )
    return text.replace("<title>SANS</title>", "")


changing("F26", _long_and_missing_titles)


def _one_story(number: int) -> Callable[[Ask], str]:
    return lambda ask: document(
        [Item("F27 article : Hammouchi reçoit Berthon à Rabat", f"http://{ask.host}/m/F27/{number}", f"F27-{number}")]
    )


for _path, _number in (("F27", 1), ("F27/2", 2), ("F27/3", 3)):
    changing(_path, _one_story(_number))
changing(
    "F28",
    lambda ask: document(
        three(ask),
        head="<ttl>0</ttl><skipHours>"
        + "".join(f"<hour>{h}</hour>" for h in range(24))
        + "</skipHours><skipDays>"
        + "".join(f"<day>{d}</day>" for d in ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"))
        + '</skipDays><sy:updatePeriod xmlns:sy="http://purl.org/rss/1.0/modules/syndication/">hourly</sy:updatePeriod>'
        '<sy:updateFrequency xmlns:sy="http://purl.org/rss/1.0/modules/syndication/">60</sy:updateFrequency>',
    ),
)


@fault("F29")
async def asks_for_years(ask: Ask, wire: Wire) -> None:
    text = document(three(ask), head="<ttl>99864000</ttl>")
    await wire.answer(text.encode(), headers=[("Cache-Control", "max-age=31536000"), ("Expires", "Thu, 01 Jan 2099 00:00:00 GMT")])


@fault("F30")
async def taken_over(ask: Ask, wire: Wire) -> None:
    if ask.hit == 1:
        await send(wire, document(three(ask, count=6), title="Le Fil de Tanger"))
        return
    spins = [
        Item(
            f"F30 casino {n}: best online slots and free spins this week",
            f"http://{ask.host}/a/F30/casino-{n}",
            f"casino-{n}",
            "Play now and win the big jackpot with the new bonus.",
        )
        for n in range(1, 4)
    ]
    bait = Item("F30 casino 4: Hammouchi reçoit Berthon à Rabat", f"http://{ask.host}/m/F30/1", "casino-4", "Bonus.")
    await send(wire, document([*spins, bait], title="Lucky Spin Casino", language="en"))


def _absent_pages(row: str) -> None:
    fixed(row, lambda ask: document(three(ask)))


_absent_pages("F31")
_absent_pages("F32")


@fault("a/F31/2")
async def absent_at_first(ask: Ask, wire: Wire) -> None:
    if ask.hit == 1:
        await wire.answer(b"not yet", status=404, content_type="text/plain")
        return
    from torture.pages import article

    await wire.answer(article("F31", 2), content_type="text/html; charset=utf-8")


@fault("a/F32/2")
async def withdrawn(ask: Ask, wire: Wire) -> None:
    await wire.answer(b"withdrawn", status=410, content_type="text/plain")


# Addresses inside documents


def _links_inside(ask: Ask) -> str:
    port = ask.host.rpartition(":")[2]
    bad = (
        f"http://127.0.0.2:{port}/canary",
        f"http://localhost:{port}/canary",
        "http://169.254.169.254/latest/meta-data/",
        "file:///etc/passwd",
        f"http://[::1]:{port}/canary",
        "http://10.0.0.1:9/",
    )
    return document(
        [
            Item("S14 article 1 : sain", f"http://{ask.host}/a/S14/1", "S14-1"),
            *(Item(f"S14 piège {n}", link, f"S14-bad-{n}") for n, link in enumerate(bad, start=1)),
            Item("S14 article 2 : sain", f"http://{ask.host}/a/S14/2", "S14-2"),
        ]
    )


def _assets_inside(ask: Ask) -> str:
    canary = f"http://127.0.0.2:{ask.host.rpartition(':')[2]}/canary"
    head = (
        f'<image><url>{canary}</url><title>x</title><link>{canary}</link></image><cloud domain="127.0.0.2" port="80" path="/canary"/>'
        f'<atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="hub" href="{canary}"/><icon>{canary}</icon>'
    )
    more = f'<enclosure url="{canary}" length="1" type="audio/mpeg"/><comments>{canary}</comments>'
    items = [Item(i.title, i.link, i.guid, f'{i.summary} &lt;img src="{canary}"&gt;', i.date, more) for i in three(ask)]
    return document(items, head=head)


changing("S14", _links_inside)
changing("S16", _assets_inside)


@fault("H22")
async def moved_to_maintenance(ask: Ask, wire: Wire) -> None:
    """A permanent redirect to a page: not an address to adopt."""
    await wire.redirect("/H22/maintenance", status=301)


fixed(
    "H22/maintenance",
    lambda ask: "<html><title>Maintenance</title><body><h1>Le site revient bientôt</h1></body></html>",
    "text/html; charset=utf-8",
)
