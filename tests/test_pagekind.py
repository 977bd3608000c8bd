"""Pages that are no articles, in four languages, and articles that look like them."""

from __future__ import annotations

import pytest

from pipelines.pagekind import PageFacts, challenge_in, fold, is_furniture, is_offer, kind_of, login_in

URL = "https://news.example/securite/rencontre-a-rabat.html"
NEWS = "Le directeur général a reçu mercredi à Rabat le chef de la police espagnole pour examiner la coopération. " * 12


def kind(title: str, text: str = "", heading: str = "", visible: str | None = None, **known: object) -> str | None:
    given = {"asked_url": URL, "final_url": URL} | known
    facts = PageFacts(title=title, headings=(heading,) if heading else (), **given)  # type: ignore[arg-type]
    shown = f"{title} {heading} {text}" if visible is None else visible
    return kind_of(facts, text, lambda: shown)


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("Page introuvable - Le Fil", "Désolé, la page demandée n’existe pas."),
        ("404 | Le Fil", "Retour à l’accueil"),
        ("Erreur 404", "Cette page n'existe plus."),
        ("Page not found – Herald", "The page you are looking for has moved."),
        ("Error 404: Not Found", ""),
        ("Página no encontrada | Diario", "La página que busca no existe."),
        ("الصفحة غير موجودة", "عذرا، الصفحة التي تبحث عنها غير موجودة"),
        ("خطأ 404", "لم يتم العثور على الصفحة المطلوبة"),
        ("Le Fil", "Oups ! Cet article n’est plus disponible."),
        ("Le Fil - Site en maintenance", "Nous revenons dans un instant."),
    ],
)
def test_error_pages_with_status_200_are_recognised(title: str, text: str) -> None:
    assert kind(title, text) == "soft-404"


@pytest.mark.parametrize(
    ("title", "text", "known"),
    [
        ("Connexion | Le Fil", "Mot de passe oublié ?", {"has_password": True}),
        ("Le Fil", "Connectez-vous. Mot de passe oublié ?", {"has_password": True}),
        ("Sign in - Herald", "Forgot your password?", {"has_password": True}),
        ("Inicia sesión", "¿Has olvidado tu contraseña?", {"has_password": True, "final_url": "https://news.example/login"}),
        ("تسجيل الدخول", "كلمة المرور", {"has_password": True}),
        ("Connexion", NEWS, {"has_password": True, "final_url": "https://auth.news.example/login?next=/a"}),
        ("Log in", "", {"final_url": "https://news.example/wp-login.php"}),
    ],
)
def test_login_pages_are_recognised(title: str, text: str, known: dict[str, object]) -> None:
    assert kind(title, text, **known) == "login"


@pytest.mark.parametrize(
    ("title", "text", "known"),
    [
        ("Votre vie privée", "Nous et nos partenaires utilisons des cookies. Tout accepter", {}),
        ("Before you continue to Search", "We use cookies. Accept all", {}),
        ("Antes de continuar", "Utilizamos cookies propias. Aceptar y continuar", {}),
        ("قبل المتابعة", "نستخدم ملفات تعريف الارتباط", {}),
        ("Le Fil", NEWS, {"final_url": "https://consent.news.example/collect?x=1"}),
        ("Le Fil", "Nous utilisons des cookies. Continuer sans accepter. Accepter et continuer.", {}),
    ],
)
def test_consent_walls_are_recognised(title: str, text: str, known: dict[str, object]) -> None:
    assert kind(title, text, **known) == "consent"


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("Just a moment...", "Checking your browser before accessing news.example"),
        ("Un instant…", "Vérifiez que vous êtes humain en complétant l’action ci-dessous."),
        ("Attention Required! | Cloudflare", "Sorry, you have been blocked"),
        ("news.example", "Enable JavaScript and cookies to continue"),
        ("Access Denied", "You don't have permission to access this page on this server."),
    ],
)
def test_bot_challenges_are_recognised(title: str, text: str) -> None:
    assert kind(title, text) == "challenge"


@pytest.mark.parametrize(
    ("visible", "known"),
    [
        ("Activez JavaScript pour lire ce site.", {}),
        ("You need to enable JavaScript to run this app.", {"has_app_root": True}),
        ("Habilite JavaScript", {}),
        ("Chargement en cours", {"scripts": 4}),
        ("Le Fil", {"has_app_root": True, "scripts": 2}),
        ("", {"scripts": 3}),
    ],
)
def test_shells_for_scripts_are_recognised(visible: str, known: dict[str, object]) -> None:
    assert kind("Le Fil", "", visible=visible, **known) == "script-shell"


def test_a_page_without_words_is_empty() -> None:
    assert kind("", "", visible="") == "empty"
    assert kind("Le Fil", "", visible="Le Fil Accueil") == "empty"


@pytest.mark.parametrize(
    ("title", "text", "known"),
    [
        ("Hammouchi reçoit son homologue espagnol", NEWS, {}),
        ("Hammouchi reçoit son homologue espagnol", NEWS, {"has_password": True}),
        ("Introuvable depuis lundi, le suspect a été arrêté à Tanger", "Le suspect a été arrêté mardi à Tanger, a indiqué la police.", {}),
        ("404 kilos de cannabis saisis à Nador", "La police a saisi mardi 404 kilos de cannabis.", {}),
        ("Connexion électrique : Rabat et Madrid signent", "Les deux ministres ont signé mardi à Rabat un accord.", {}),
        ("Cookies : la CNIL sanctionne un éditeur", NEWS + " Les cookies publicitaires posés sans accord sont en cause.", {}),
        ("Maintenance du port : réunion à Tanger Med", "Les responsables se sont réunis mardi à Tanger Med avec la police.", {}),
        ("Le login du futur", NEWS, {"final_url": URL + "?login=1"}),
        ("Sécurité : l’accès refusé à un navire", "La marine a refusé mardi l’accès au port de Tanger à un navire.", {}),
    ],
)
def test_articles_that_look_like_them_are_left_alone(title: str, text: str, known: dict[str, object]) -> None:
    assert kind(title, text, heading=title, **known) is None


@pytest.mark.parametrize("text", ["Il ne reste plus rien. " * 6, "Cette page n'existe plus dans nos mémoires, dit-il. " * 4])
def test_a_brief_with_the_announced_title_is_an_article(text: str) -> None:
    assert kind("Page introuvable", text, is_announced=True) is None


@pytest.mark.parametrize(
    "paragraph",
    [
        "Il vous reste 78.25% de cet article à lire. La suite est réservée aux abonnés.",
        "Cet article est réservé aux abonnés.",
        "Déjà abonné ? Connectez-vous",
        "Accès illimité à nos articles, sans engagement",
        "Subscribe to continue reading",
        "This article is for subscribers only.",
        "Para seguir leyendo, hazte Premium",
        "هذا المقال خاص بالمشتركين",
        "اشترك الآن لقراءة بقية المقال",
    ],
)
def test_offers_are_recognised(paragraph: str) -> None:
    assert is_offer(paragraph)


@pytest.mark.parametrize(
    "paragraph",
    [
        "Les deux délégations se sont quittées sans engagement écrit, mardi à Rabat.",
        "Les enquêteurs ont désormais un accès illimité aux fichiers des deux pays.",
        "Il vous reste à convaincre vos partenaires, a dit le ministre.",
        "El ministro ofreció contenido exclusivo a la prensa.",
        NEWS + "La suite est réservée aux abonnés.",
    ],
)
def test_news_is_not_taken_for_an_offer(paragraph: str) -> None:
    assert not is_offer(paragraph)


@pytest.mark.parametrize(
    "paragraph",
    [
        "Lire aussi : Deux tonnes de résine saisies",
        "► À lire : Le portrait d’Abdellatif Hammouchi",
        "LIRE ÉGALEMENT – Ce que l’on sait de la visite",
        "Partager sur WhatsApp",
        "Abonnez-vous à notre chaîne WhatsApp",
        "Read more: the full statement",
        "También te puede interesar: Incautadas dos toneladas",
        "اقرأ أيضا: توقيف شبكة",
        "إقرأ المزيد",
        "مواضيع ذات صلة",
        "© MAP",
    ],
)
def test_pointers_elsewhere_are_recognised(paragraph: str) -> None:
    assert is_furniture(paragraph)


@pytest.mark.parametrize(
    "paragraph",
    [
        "Le ministre a invité les élus à lire aussi le rapport de la DGSN.",
        "شارك هذا المسؤول في اجتماع أمني بالرباط",
        "Photographié à Rabat, le patron de la DGSI n’a fait aucun commentaire.",
        "Partagée entre deux ministères, la compétence est revenue à l’Intérieur.",
        "Lire aussi dans les yeux de son adversaire : " + NEWS,
    ],
)
def test_news_is_not_taken_for_a_pointer(paragraph: str) -> None:
    assert not is_furniture(paragraph)


def test_raw_markup_of_a_challenge_or_login_is_recognised() -> None:
    assert challenge_in("<html><head><title>Just a moment...</title></head><body></body></html>")
    assert challenge_in('<html><body><script src="/cdn-cgi/challenge-platform/x.js"></script>Attendez</body></html>')
    assert not challenge_in(
        f"<html><title>Le Fil</title><body><p>{NEWS * 6}</p><script src='/cdn-cgi/challenge-platform/x.js'></script></body></html>"
    )
    assert login_in("<form><input name=u><input type='password' name=p></form>")
    assert not login_in(f"<p>{NEWS * 6}</p><form><input type=password></form>")


def test_folding_joins_what_is_written_differently() -> None:
    assert fold("Réservé  aux\u00a0ABONNÉS") == fold("reserve aux abonnes")
    assert fold("أُغلِقت الصفحةُ") == fold("اغلقت الصفحه")
    assert fold("l’été") == "l'ete"
