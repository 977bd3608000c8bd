"""Can this text hold a security-cooperation meeting at all? One search for each of two word lists, so that others cost next to nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from pipelines.detect.fold import fold, fold_key

# Letters that every word of an encounter and of a security body begins with, as printed, without case. Broad on purpose.
_ENCOUNTER = (
    "entret", "reçu", "recu", "receiv", "recib", "reçoi", "recoi", "recev", "rencontr", "réuni", "reuni", "séance", "seance",
    "sesión", "sesion", "session", "visit", "accueil", "discut", "échang", "echang", "tête-à-tête", "tete-a-tete", "entrevu",
    "entrevis", "déplac", "deplac", "rendu", "voyag", "viaj", "conféren", "conferen", "sommet", "cumbre", "summit",
    "téléphon", "telephon", "telefón", "telefon", "visioconf", "videoconf", "met ", "meet", "talks", "held", "host",
    "encuentro", "encontr", "mantuv", "manten", "convers", "entend", "accord", "acuerd", "agree", "signé", "signe", "firm",
    "sign", "vu ", "voit", "verra", "vio ", "audienc", "pourparler", "délégation", "delegation", "delegaci", "hôte", "dîn",
    "chez ", "aparté", "dialog", "assembl", "comité", "comite", "committee", "forum", "foro", "arriv", "lleg", "trip",
    "travel", "call", "spoke", "phone", "evoqu", "évoqu", "abord", "examin", "retrouv", "acord", "pact", "table", "autour",
    "mesa", "promet", "promi", "engag", "annonc", "anunc", "announc", "compart", "convi", "marge", "partag", "valid",
    "coordin", "cooper", "coopér", "colabor", "collabor", "pass", "pris ", "tenu", "tient", "trait", "trat", "négoci",
    "negoci", "parl", "habl", "lunch", "dinner", "cena", "almuer", "co-chair", "conven", "gather", "consult", "concert",
    "huddl", "confer", "tour", "shook", "sat ", "sits", "swap", "compare", "paid", "pays", "briefed", "lent an ear", "sienta", "sento",
    "despach", "estudi", "acog", "recorr", "intercambi", "vieron", "visto", "vista", "charl", "departi", "revis", "repas", "sesion",
    "present", "crossed", "cruz", "flew", "flies", "cita",
    "invit",
    "déjeun", "dejeun", "desayun", "breakfast", "غداء", "عشاء", "إفطار", "passage", "séjour", "tourn",
    "استقبل", "يستقبل", "تستقبل", "استقبال", "لتق", "لتقي", "لقاء", "جتمع", "جتماع",
    "باحث", "بحث", "محادث", "جلس", "زيار", "زور", "زار", "وفد", "قمة", "مؤتمر", "دورة", "اتصال", "هاتف", "عقد", "تدارس",
    "شاور", "حل ", "حلّ", "ضيافة", "أجرى", "اجرى", "يجري", "ناقش", "نقاش", "حوار", "وقع", "وقّع", "مرئي", "احتضن", "تحتضن",
    "التأم", "اجتمع", "قابل", "مقابلة", "زاور", "سفر", "يستضيف", "استضاف", "تطرق", "حاور", "تلاق", "تعاون", "تنسيق", "اتفق",
    "اتفاق", "شارك", "مشارك", "حضر", "ترأس", "نسق",
)  # fmt: skip
_SECURITY = (
    "polic", "sûreté", "surete", "sécurit", "securit", "segurid", "gendarm", "renseign", "intelig", "intellig", "intérieur",
    "interieur", "interior", "espion", "espía", "espi", "spy", "spies", "secret", "justice", "justic", "défense", "defense",
    "defence", "defensa", "armée", "armed", "army", "armad", "militai", "milita", "dgsn", "dgst", "dgsi", "dgse", "dged",
    "cia", "fbi", "mossad", "interpol", "europol", "frontex", "guardia civil", "cni", "terror", "douan", "aduan", "customs",
    "border", "fronti", "fronter", "procureu", "prosecut", "fiscal", "cyber", "ciber", "sceaux", "place beauvau", "hammouchi",
    "hamouchi", "hamuchi", "laftit", "marlaska", "homologu", "homólog", "counterpart", "état-major", "etat-major",
    "estado mayor", "chief of staff", "migra", "antidrog", "narco", "homeland", "africom", "pentagon",
    "prison", "penitenc", "peniten", "correction", "navy", "naval", "pirac", "guardac", "ejercit", "marina de", "gobernac", "mafia",
    "traffick", "smuggl", "sheriff", "mossos", "ertzain", "coast", "rustling", "gang", "extradi", "yihad", "jihad",
    "surveillance du territoire", "carabin", "mi5", "mi6", "scotland", "garde civil", "garde nationale", "guard", "شرط",
    "أمن", "امن", "داخلي", "مخابر", "استخبار", "درك", "دفاع", "عدل", "جيش", "عسكر", "أركان", "اركان", "حموشي", "لفتيت",
    "إرهاب", "ارهاب", "أنتربول", "انتربول", "إنتربول", "نيابة", "قضا", "جمارك", "حدود", "حرس", "سيبران", "نظير", "ديستي",
    "لادجيد", "مراقبة التراب", "مكافحة", "جريمة", "هجرة", "مدعي",
)  # fmt: skip
_LONGEST = 60_000
_Tree = dict[str, "_Tree"]


def is_candidate(text: str) -> bool:
    """Whether the text has words of a security body and words of an encounter. Costs far less than reading it."""
    security, encounter = _patterns()
    plain = fold(text[:_LONGEST]).text
    return security.search(plain) is not None and encounter.search(plain) is not None


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    return re.compile(_any_of(_SECURITY)), re.compile(_any_of(_ENCOUNTER))


def _any_of(words: Iterable[str]) -> str:
    """A pattern for any of the words, common beginnings taken together: one letter decides what can follow."""
    tree: _Tree = {}
    for word in words:
        branch = tree
        for letter in fold_key(word) + (" " if word.endswith(" ") else ""):
            branch = branch.setdefault(letter, {})
        branch[""] = {}
    return _branch(tree)


def _branch(tree: _Tree) -> str:
    if "" in tree:
        return ""  # what is longer adds nothing
    parts = [re.escape(letter) + _branch(rest) for letter, rest in tree.items()]
    return parts[0] if len(parts) == 1 else f"(?:{'|'.join(parts)})"
