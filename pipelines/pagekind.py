"""What an answer is when it is not what was asked for: login form, consent wall, error page, challenge, empty shell.

Also which paragraphs of a page are no news: offers before a paywall, pointers to other articles. Phrases are the ones outlets print
in French, Arabic, Spanish and English; they are compared without case, accents and vowel signs.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

PageKind = Literal["challenge", "consent", "login", "soft-404", "script-shell", "empty"]

_DIACRITICS = re.compile("[\u0300-\u036f\u064b-\u065f\u0670\u0640]")
_ARABIC = str.maketrans("أإآٱىةؤئ", "اااايهوي")


def fold(text: str) -> str:
    """Lower case without accents and vowel signs, Arabic letter variants joined, apostrophes straight, blanks single."""
    if text.isascii():
        return " ".join(text.lower().split())
    text = _DIACRITICS.sub("", unicodedata.normalize("NFKD", text.replace("’", "'").replace("ʼ", "'")))
    return " ".join(text.casefold().translate(_ARABIC).split())


def _phrases(table: str) -> tuple[str, ...]:
    """The phrases of a table, split by strokes, folded like the text they are looked for in."""
    return tuple(phrase for part in re.split(r"\s/\s", table) if (phrase := fold(part)))


# A page with this many words of text of its own is an article, whatever else stands on it
_ARTICLE_WORDS = 120
_BRIEF_WORDS = 25  # enough if it has the title that was announced

_CHALLENGE_MARKS = re.compile(
    "cf-chl-|cf_chl_|challenge-platform|cdn-cgi/challenge|_incapsula_resource|captcha-delivery|geo\\.captcha|ddos-guard|px-captcha"
    "|perimeterx|sucuri_cloudproxy|awswafcookiedomainlist|awswaf|/_sec/verify|kpsdk|bm-verify|datadome|hcaptcha\\.com/1/api"
)
_CHALLENGE_TITLES = _phrases(
    """
    just a moment / un instant / attention required / verification de securite / verifying you are human / are you a robot
    / access denied / acces refuse / pardon our interruption / request unsuccessful / ddos protection /
    checking your browser / security check / verificando / un momento / bot verification / human verification / لحظة /
    التحقق من
    """
)
_CHALLENGE_TEXTS = _phrases(
    """
    enable javascript and cookies to continue / activez javascript et les cookies / verify you are human /
    verifiez que vous etes humain / verifying that you are not a robot / needs to review the security of your connection /
    checking if the site connection is secure / checking your browser before accessing / unusual traffic /
    trafic inhabituel / trafico inusual / vous n'etes pas un robot / no eres un robot / habilite javascript y las cookies
    / انك لست روبوت / you don't have permission to access
    """
)
_LOGIN_TITLES = _phrases(
    """
    connexion / se connecter / connectez-vous / identification / identifiez-vous / authentification / log in / login /
    sign in / iniciar sesion / inicia sesion / acceder / identificate / تسجيل الدخول / تسجيل دخول
    """
)
_LOGIN_TEXTS = _phrases(
    """
    mot de passe oublie / se connecter / connectez-vous / identifiez-vous / forgot your password / forgot password /
    log in to / sign in to / olvidaste tu contrasena / ha olvidado su contrasena / inicia sesion / نسيت كلمة / كلمة المرور
    / تسجيل الدخول
    """
)
_LOGIN_PATH = re.compile(
    r"/(?:[a-z]{2}/)?(?:log-?in|sign-?in|connexion|se-connecter|auth(?:entication|orize)?|sso|account/login|wp-login\.php|user/login"
    r"|iniciar-sesion|acceso|identification)(?:[/?.]|$)"
)
_CONSENT_TITLES = _phrases(
    """
    avant de continuer / before you continue / antes de continuar / antes de ir a / votre vie privee /
    we value your privacy / your privacy / gestion des cookies / consentement / cookie consent / cookies / قبل المتابعة /
    ملفات تعريف الارتباط
    """
)
_CONSENT_TEXTS = _phrases(
    """
    accepter et continuer / continuer sans accepter / tout accepter / accepter les cookies / nos partenaires et nous /
    nous et nos partenaires / utilisons des cookies / utilise des cookies / accept all cookies / accept all /
    we and our partners / we use cookies / uses cookies / aceptar y continuar / aceptar todo / nosotros y nuestros socios
    / utilizamos cookies / usamos cookies / ملفات تعريف الارتباط / قبول الكل / ne stocker que les cookies /
    respectons votre vie privee / value your privacy / parametrer vos choix
    """
)
_CONSENT_ADDRESS = re.compile(r"^(?:consent|cmp|privacy|gdpr|guce)\.|/(?:consent|cookie-?wall|collectconsent|privacy-gate)(?:[/?]|$)")
_MISSING_TITLES = _phrases(
    """
    page introuvable / page non trouvee / introuvable / n'existe pas / n'existe plus / page inexistante / oups /
    erreur 404 / error 404 / 404 / 410 / not found / page not found / page unavailable / no longer available /
    n'est plus disponible / plus en ligne / pagina no encontrada / no encontrada / no existe / no se ha encontrado /
    no disponible / article supprime / contenu indisponible / الصفحة غير موجودة / غير موجودة / غير موجود / لم يتم العثور /
    الصفحة المطلوبة / صفحة الخطا / خطا 404 / erreur 410 / erreur 500 / service unavailable / service indisponible /
    site en maintenance / maintenance / internal server error / account suspended
    """
)
_MISSING_TEXTS = _phrases(
    """
    page introuvable / la page que vous cherchez / la page que vous recherchez / la page demandee / cette page n'existe /
    l'article demande n'existe / cet article n'est plus disponible / article n'existe plus / page not found /
    the page you are looking for / the page you were looking for / page you requested /
    this article is no longer available / pagina no encontrada / la pagina que busca / la pagina que buscas /
    la pagina solicitada / esta pagina no existe / الصفحة التي تبحث عنها / الصفحة المطلوبة / الصفحة غير موجودة /
    erreur 404 / error 404 / contenu n'est plus disponible / site en maintenance / under maintenance / en mantenimiento
    """
)
_SCRIPT_TEXTS = _phrases(
    """
    activez javascript / activer javascript / javascript est desactive / necessite javascript /
    javascript doit etre active / sans javascript / enable javascript / javascript is disabled / requires javascript /
    javascript to run this app / active javascript / activar javascript / habilita javascript / habilite javascript /
    javascript esta desactivado / تفعيل جافا / javascript / جافاسكريبت / loading... / chargement en cours
    """
)
# What an outlet prints where the free part of an article ends. A paragraph that holds one is the offer, not the article
_OFFERS = _phrases(
    """
    réservé aux abonnés / réservée aux abonnés / réservés aux abonnés / réservé à nos abonnés / réservée à nos abonnés /
    réservés à nos abonnés / la suite est réservée / lire la suite de cet article / pour lire la suite /
    pour continuer la lecture / poursuivez votre lecture / poursuivre votre lecture / déjà abonné / abonnez-vous /
    je m'abonne / s'abonner à partir de / débloquez cet article / cet article est payant / achetez cet article /
    de cet article à lire / créez un compte pour / inscrivez-vous pour lire /
    article is for subscribers / for subscribers only / subscribers only / subscribe to continue / subscribe to read /
    subscribe now / to continue reading / already a subscriber / continue reading with a / register to read /
    create a free account to /
    exclusivo para suscriptores / solo para suscriptores / suscríbete / ya eres suscriptor / ¿eres suscriptor /
    para seguir leyendo / sigue leyendo con / hazte premium / contenido para suscriptores /
    للمشتركين فقط / خاص بالمشتركين / محتوى للمشتركين / اشترك الآن / لمتابعة القراءة / لقراءة المقال كاملا / لقراءة بقية المقال /
    هل أنت مشترك / المقال متاح للمشتركين
    """
)
# Words of an offer that a sentence of the news may hold too: it takes two of them
_OFFER_HINTS = _phrases(
    """
    sans engagement / accès illimité / essai gratuit / offre d'essai / le premier mois / article réservé / contenu réservé /
    profitez de / lire en illimité / version numérique / par mois / à partir de 1 € /
    free trial / unlimited access / for subscribers / cancel anytime / per month / a month / digital access /
    contenido exclusivo / acceso ilimitado / prueba gratis / al mes / cancela cuando quieras /
    اشتراك / تجربة مجانية / شهريا
    """
)
# How a line begins that points elsewhere: other articles, sharing, newsletters, credits. One expression a line
_FURNITURE = re.compile(
    "^(?:"
    + "|".join(
        fold(line)
        for line in r"""
        (?:à )?lire (?:aussi|également|plus|la suite)\b
        à lire\s*:
        sur le même (?:sujet|thème)
        dans la même rubrique
        articles? (?:liés?|similaires?|connexes?|associés?)
        (?:à )?voir (?:aussi|également)\b
        à découvrir\s*:
        suivez[- ]nous
        partager(?: (?:cet article|sur)\b|\s*:|$)
        inscrivez[- ]vous (?:à|gratuitement)
        abonnez[- ]vous (?:à|gratuitement à) (?:notre|nos|la) (?:newsletter|chaîne|lettre|page)
        recevez (?:notre|nos|chaque|toute)
        rejoignez (?:notre|nous sur)
        téléchargez (?:notre|l'application)
        cliquez ici
        publié (?:le|il y a)
        mis à jour le
        temps de lecture
        lecture \d+ min
        \d+ min(?:utes?)? de lecture
        crédits?(?: photo)?\s*:
        photos?\s*:
        ©
        tags?\s*:
        mots[- ]clés\s*:
        read (?:more|also|next)\b
        also read\b
        see also\b
        related (?:articles?|stories|news)\b
        share (?:this|on)\b
        follow us\b
        sign up (?:for|to) (?:our|the)\b
        subscribe to our\b
        most read\b
        recommended (?:for you|stories)
        advertisement$
        more on this\b
        lee(?:r)? también
        lea también
        (?:también )?te puede interesar
        noticias? relacionad
        artículos? relacionad
        más información\s*:?$
        compartir (?:en|este|esta)\b
        síguenos
        suscríbete a (?:nuestra|la|nuestro) (?:newsletter|boletín|canal)
        publicidad$
        etiquetas\s*:
        اقرأ(?:وا)? (?:أيضا|المزيد)
        شاهد (?:أيضا|المزيد)
        مواضيع (?:ذات صلة|متعلقة)
        مقالات (?:ذات صلة|مشابهة)
        أخبار ذات صلة
        شارك(?:ها|ه)? (?:هذا المقال|هذا الخبر|المقال|الخبر)
        تابعونا
        تابعنا على
        اشترك في (?:نشرتنا|النشرة|قناتنا)
        كلمات (?:مفتاحية|دلالية)
        إعلان$
        """.strip().splitlines()
    )
    + ")"
)
_REST = re.compile(r"il vous reste [\d.,]+ ?%")
_OFFER_LIMIT = 450  # characters; a longer paragraph that speaks of subscribers is news about them
_FURNITURE_LIMIT = 220  # characters; a longer paragraph that begins with these words is a sentence of the article


@dataclass(frozen=True, slots=True)
class PageFacts:
    """What is known of a page before its kind is decided. Texts as found on it."""

    asked_url: str
    final_url: str
    title: str  # of the document
    headings: tuple[str, ...]  # the first h1 and h2
    has_password: bool = False
    scripts: int = 0
    has_app_root: bool = False  # an empty element that a script is to fill
    is_announced: bool = False  # one of its titles is that of the entry that led to it


def challenge_in(markup: str) -> bool:
    """Whether raw markup is the page of a bot protection. Only for answers that should have been something else."""
    head = markup[:60_000].lower()
    title = fold(_title_of(markup))
    if _begins(title, _CHALLENGE_TITLES) and len(markup) < 200_000:
        return True
    return (bool(_CHALLENGE_MARKS.search(head)) and len(_words(markup)) < 400) or _holds(fold(head), _CHALLENGE_TEXTS)


def login_in(markup: str) -> bool:
    """Whether raw markup is a login form: it asks for a password and says little else."""
    return bool(re.search(r"type\s*=\s*[\"']?password", markup[:400_000], re.IGNORECASE)) and len(_words(markup)) < 600


def kind_of(facts: PageFacts, text: str, visible_text: Callable[[], str]) -> PageKind | None:
    """What the page is instead of an article; None if it may be one.

    `text` is what the extractor takes for the article, `visible_text` gives all text of the page when it is needed.
    """
    title = fold(facts.title)
    headings = [fold(heading) for heading in facts.headings]
    words = len(text.split())
    if words >= _ARTICLE_WORDS or (facts.is_announced and words >= _BRIEF_WORDS):
        return _kind_of_long(facts, title, headings, fold(text[:6_000]))
    visible, text = fold(visible_text()[:20_000]), fold(text)
    if not visible and not facts.scripts:
        return "empty"
    if (_begins(title, _CHALLENGE_TITLES) and len(visible) < 3_000) or _holds(visible[:3_000], _CHALLENGE_TEXTS):
        return "challenge"
    if _is_login(facts, title, headings, visible):
        return "login"
    if _is_consent(facts, title, headings, text):
        return "consent"
    if _is_missing(title, headings, visible, text):
        return "soft-404"
    if _is_shell(facts, visible, text):
        return "script-shell"
    return "empty" if not text and len(visible.split()) < 15 else None


def _kind_of_long(facts: PageFacts, title: str, headings: list[str], text: str) -> PageKind | None:
    """A page with a long text may still be a login page with its conditions, or a consent wall with its partners."""
    if _was_sent_to_login(facts, title, headings):
        return "login"
    named = _begins(title, _CONSENT_TITLES) or any(_holds(heading, _CONSENT_TITLES) for heading in headings)
    if _CONSENT_ADDRESS.search(_host_and_path(facts.final_url)) or (named and text.count("cookie") > 2 and _holds(text, _CONSENT_TEXTS)):
        return "consent"
    return None


def _was_sent_to_login(facts: PageFacts, title: str, headings: list[str]) -> bool:
    moved = facts.final_url.rstrip("/") != facts.asked_url.rstrip("/")
    return moved and bool(_LOGIN_PATH.search(_path(facts.final_url))) and (facts.has_password or _names_login(title, headings))


def _names_login(title: str, headings: list[str]) -> bool:
    return _begins(title, _LOGIN_TITLES) or any(_begins(heading, _LOGIN_TITLES) for heading in headings)


def _is_login(facts: PageFacts, title: str, headings: list[str], visible: str) -> bool:
    """Many article pages carry a login box: only one that is named, or stands at a login address, is the page itself."""
    if _was_sent_to_login(facts, title, headings):
        return True
    named = _names_login(title, headings)
    at_login = bool(_LOGIN_PATH.search(_path(facts.final_url)))
    if facts.has_password and (named or at_login):
        return True
    return (facts.has_password and len(visible.split()) < 150 and _holds(visible, _LOGIN_TEXTS)) or (at_login and named)


def _is_consent(facts: PageFacts, title: str, headings: list[str], text: str) -> bool:
    """A wall says nothing but its own: the "article" found on it is about cookies."""
    if _CONSENT_ADDRESS.search(_host_and_path(facts.final_url)):
        return True
    named = _begins(title, _CONSENT_TITLES) or any(_holds(heading, _CONSENT_TITLES) for heading in headings)
    talk = sum(phrase in text for phrase in _CONSENT_TEXTS)
    return (talk >= 1 and (named or "cookie" in text)) or talk >= 2


def _is_missing(title: str, headings: list[str], visible: str, text: str) -> bool:
    named = _names_missing(title) or any(_names_missing(heading) for heading in headings)
    told = _holds(text or visible[:2000], _MISSING_TEXTS)
    return (named and (told or len(text.split()) < 60)) or (told and len(text.split()) < 60)


def _names_missing(title: str) -> bool:
    """Whether a title is that of an error page: a part of it is a phrase, or holds one of several words."""
    parts = [part.strip(" !.:") for part in re.split(r"[|–—:!-]\s|\s[|–—-]", title) if len(part) < 80]
    return any(part == phrase or (" " in phrase and phrase in part) for part in parts for phrase in _MISSING_TITLES)


def _is_shell(facts: PageFacts, visible: str, text: str) -> bool:
    words = len(visible.split())
    if words < 60 and (_holds(visible, _SCRIPT_TEXTS) or (facts.has_app_root and facts.scripts)):
        return True
    if len(text.split()) < 40 and _holds(text, _SCRIPT_TEXTS[:-4]):
        return True
    return words < 8 and facts.scripts > 0


def is_offer(paragraph: str) -> bool:
    """Whether a paragraph offers a subscription instead of telling the news."""
    if len(paragraph) > _OFFER_LIMIT:
        return False
    folded = fold(paragraph)
    return _holds(folded, _OFFERS) or sum(hint in folded for hint in _OFFER_HINTS) > 1 or bool(_REST.search(folded))


def is_furniture(paragraph: str) -> bool:
    """Whether a paragraph points elsewhere (read also, share, newsletter) instead of telling the news."""
    return len(paragraph) <= _FURNITURE_LIMIT and bool(_FURNITURE.match(fold(paragraph).lstrip(" >»•▪►→-*–—[(+👉📌🔴")))


def _holds(text: str, phrases: tuple[str, ...]) -> bool:
    return any(phrase in text for phrase in phrases)


def _begins(text: str, phrases: tuple[str, ...]) -> bool:
    """Whether a title starts with, or after a separator continues with, one of the phrases."""
    parts = [part.strip() for part in re.split(r"\s[|–—-]\s|: ", text)] if text else []
    return any(part.startswith(phrase) and len(part) <= len(phrase) + 30 for part in parts for phrase in phrases)


def _title_of(markup: str) -> str:
    found = re.search(r"<title[^>]{0,200}>([^<]{0,300})", markup[:100_000], re.IGNORECASE)
    return found[1] if found else ""


def _words(markup: str) -> list[str]:
    """Words outside tags and scripts, roughly, of the first 200,000 characters."""
    visible = re.sub(r"<(script|style)\b[^>]{0,500}>.{0,100000}?</\1>", " ", markup[:200_000], flags=re.IGNORECASE | re.DOTALL)
    return re.sub(r"<[^>]{0,2000}>", " ", visible).split()


def _host_and_path(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return (parts.hostname or "") + parts.path.lower()


def _path(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return parts.path.lower() + ("?" + parts.query.lower() if parts.query else "")
