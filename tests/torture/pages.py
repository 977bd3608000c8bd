"""Pages behind feeds: a healthy article for every item, and the faults of pages (P), each behind the second of three items."""

from __future__ import annotations

import functools
import gzip
import html
import random
from collections.abc import Callable

from hostile.faults import gzip_bomb
from hostile.server import Ask, Handler, Wire

from torture.documents import document, three

FAULTS: dict[str, Handler] = {}
HTML = "text/html; charset=utf-8"

_PROSE = (
    "Le conseil communal de Tétouan a adopté mardi le budget de la voirie, après deux heures de débat sur l'entretien des rues.",
    "Les élus ont rappelé que l'été avait été sec et que les réserves d'eau de la région restaient à un niveau préoccupant.",
    "Une enveloppe de douze millions de dirhams est réservée à l'éclairage public, dont la moitié sera dépensée avant l'hiver.",
    "Le président du conseil a remercié les services techniques pour leur travail et annoncé une nouvelle séance en septembre.",
)


def article(row: str, number: int | str, *, before: str = "", after: str = "", head: str = "", words: str = "") -> bytes:
    """A healthy page: menus, an article whose first sentence names the row, a footer."""
    title = f"{row} article {number} : la sécurité à Tétouan"
    mark = f"Marque {row} numéro {number}."
    paragraphs = "".join(f"<p>{text}</p>" for text in (f"{mark} {words or _PROSE[0]}", *_PROSE[1:]))
    return (
        f'<!DOCTYPE html><html lang="fr"><head><meta charset="utf-8"><title>{title} - Le Fil</title>{head}</head>'
        f"<body><nav><a href='/'>Accueil</a> <a href='/sport'>Sport</a></nav>{before}<main><article><h1>{title}</h1>"
        f"{paragraphs}</article></main>{after}<footer>Tous droits réservés</footer></body></html>"
    ).encode()


def meeting(title: str, *, host: str = "Abdellatif Hammouchi", guest: str, role: str, words: str = "") -> bytes:
    """A page that reports a meeting of today's news."""
    name = html.escape(title)
    return (
        f'<!DOCTYPE html><html lang="fr"><head><meta charset="utf-8"><title>{name}</title></head><body><main><article><h1>{name}</h1>'
        f"<p>Le directeur général de la Sûreté nationale et de la Surveillance du territoire (DGSN-DGST), {host}, a reçu, "
        f"hier à Rabat, {guest}, {role}.</p>"
        "<p>Les entretiens ont porté sur le renforcement de la coopération sécuritaire entre les deux pays, notamment en matière "
        "de lutte contre le terrorisme et la criminalité organisée, indique un communiqué de la DGSN.</p>"
        f"<p>{words or 'Les deux parties ont salué le niveau de leur coopération et convenu de poursuivre leurs échanges.'}</p>"
        "</article></main></body></html>"
    ).encode("utf-8", "surrogatepass")


async def any_article(ask: Ask, wire: Wire) -> None:
    """/a/ROW/NUMBER: a healthy article."""
    _, _, row, number = ask.path.split("/", 3)
    await wire.answer(article(row, number[:20]), content_type=HTML)


async def any_meeting(ask: Ask, wire: Wire) -> None:
    """/m/...: one meeting, in the same words wherever it is asked for."""
    await wire.answer(
        meeting(
            "Hammouchi reçoit Berthon à Rabat",
            guest="Céline Berthon",
            role="directrice générale de la Sécurité intérieure (DGSI) française",
        ),
        content_type=HTML,
    )


FAULTS["a/*"] = any_article
FAULTS["m/*"] = any_meeting


def page(row: str, make: Callable[[Ask], bytes], content_type: str = HTML) -> None:
    """A row of three items, the second of which leads to this page."""

    async def feed(ask: Ask, wire: Wire) -> None:
        await wire.answer(document(three(ask)).encode(), content_type="application/rss+xml; charset=utf-8")

    async def answer(ask: Ask, wire: Wire) -> None:
        await wire.answer(make(ask), content_type=content_type)

    FAULTS[row] = feed
    FAULTS[f"a/{row}/2"] = answer


def _row(ask: Ask) -> str:
    return ask.path.split("/")[2]


def plain(row: str, body: str | bytes, content_type: str = HTML) -> None:
    """A page that is the same for every request."""
    page(row, lambda ask: body.encode() if isinstance(body, str) else body, content_type)


@functools.cache
def _long(piece: str, count: int, joint: str = "") -> str:
    return joint.join([piece] * count)


page("P01", lambda ask: article("P01", 2))
page("P02", lambda ask: article("P02", 2, after=_long("<div><span>le marché de la ville était ouvert </span></div>", 80_000)))
page("P03", lambda ask: article("P03", 2, before=_long("<div>", 100_000)))
page("P04", lambda ask: article("P04", 2, after=_long("<i><b>x", 100_000)))


def _bait(ask: Ask) -> bytes:
    runs = "".join(
        f"<p>{piece}</p>" for piece in ("1" * 300_000, " " * 300_000, '"' * 300_000, "a" * 300_000, "1/" * 100_000, "a@" * 100_000)
    )
    return article("P05", 2, after=runs)


page("P05", _bait)
page("P06", lambda ask: article("P06", 2, after=_long("<p>deux mots</p>", 50_000)))
page("P07", lambda ask: article("P07", 2, after="<table>" + _long("<tr><td>cellule</td><td>12</td></tr>", 200_000) + "</table>"))
page("P07b", lambda ask: article("P07b", 2, after="<table>" + _long("<tr><td>cellule</td><td>12</td></tr>", 100_000) + "</table>"))
page("P09", lambda ask: article("P09", 2, after="".join(f'<a href="/lien/{n}">lien {n}</a> ' for n in range(100_000))))
page("P10", lambda ask: article("P10", 2).decode().encode("cp1252"), "text/html")
page("P11", lambda ask: article("P11", 2), "text/html; charset=iso-8859-1")
plain(
    "P12",
    "<html lang='fr'><head><title>Page introuvable - Le Fil</title></head><body><h1>Page introuvable</h1>"
    "<p>La page que vous cherchez n'existe pas ou a été déplacée.</p><a href='/'>Retour à l'accueil</a></body></html>",
)
plain(
    "P14",
    "<html lang='fr'><head><title>Avant de continuer</title></head><body><h1>Votre vie privée</h1>"
    "<p>Nous et nos partenaires utilisons des cookies. "
    "Vous pouvez accepter et continuer, ou continuer sans accepter.</p><button>Tout accepter</button></body></html>",
)
page(
    "P15",
    lambda ask: (
        '<html lang="fr"><head><title>P15 article 2 : la sécurité à Tétouan</title></head><body><article>'
        "<h1>P15 article 2 : la sécurité à Tétouan</h1>"
        "<p>Marque P15 numéro 2. Le conseil communal de Tétouan a adopté mardi le budget de la voirie, après deux heures de débat. "
        "Les élus ont rappelé que l'été avait été sec.</p>"
        '<div class="paywall"><p>Cet article est réservé aux abonnés. Abonnez-vous à partir de 1 € par mois, sans '
        "engagement.</p></div></article></body></html>"
    ).encode(),
)
page(
    "P16",
    lambda ask: article(
        "P16", 2, after='<a rel="next" href="/a/P16/page-3">page suivante</a>', head='<link rel="next" href="/a/P16/page-3">'
    ),
)
plain(
    "P17",
    "<html><head><title>Le Fil</title><script src='/app.js'></script></head><body><div id='root'></div>"
    "<noscript>Veuillez activer JavaScript "
    "pour lire cette page.</noscript></body></html>",
)
plain("P18", b"%PDF-1.7\n1 0 obj << /Type /Catalog >> endobj\n" + bytes(range(256)) * 20, "application/pdf")
plain("P19", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256)) * 20)
plain("P20", "<html><head></head><body> </body></html>")
page("P21", lambda ask: article("P21", 2).replace(b"sec et que", b"s\0ec\x0b et\x1f que"))
page("P22", lambda ask: gzip.compress(gzip_bomb(1024)))
page(
    "P23",
    lambda ask: article("P23", 2, head='<script type="application/ld+json">' + '{"@type": ["NewsArticle", {"a": [' * 150_000 + "</script>"),
)
page("P24", lambda ask: article("P24", 2, after=f"<p>Vu {ask.hit} fois, il est {ask.at:.3f}, jeton {random.random()}</p>"))
page("P25", lambda ask: article("P25", 2, head='<meta property="article:published_time" content="2099-05-01T10:00:00Z">'))
page(
    "P27",
    lambda ask: article(
        "P27",
        2,
        after="<section class='comments'>"
        + _long("<div class='comment'><p>Très bon article, merci bien !</p></div>", 10_000)
        + "</section>",
    ),
)


async def _to_login(ask: Ask, wire: Wire) -> None:
    await wire.redirect("/P13/login?next=/a/P13/2")


async def _login(ask: Ask, wire: Wire) -> None:
    await wire.answer(
        b"<html><title>Connexion</title><body><h1>Connexion</h1><form><input name=mail><input type=password name=p>"
        b"<p>Mot de passe oubli\xc3\xa9 ?</p><button>Se connecter</button></form></body></html>",
        content_type=HTML,
    )


plain("P13", "")
FAULTS["a/P13/2"] = _to_login
FAULTS["P13/login"] = _login
