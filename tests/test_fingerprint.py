"""Which texts are copies of one another."""

from __future__ import annotations

from pipelines.fingerprint import containment, fingerprint, is_copy

AGENCY = (
    "Rabat - Le directeur général de la Sûreté nationale, Abdellatif Hammouchi, a reçu jeudi à Rabat la directrice générale de la "
    "sécurité intérieure. Les deux responsables ont passé en revue les questions de sécurité d'intérêt commun. La lutte contre le "
    "terrorisme et le crime organisé a été au centre des entretiens. Cette visite s'inscrit dans le cadre du renforcement de la "
    "coopération bilatérale. Elle traduit aussi la volonté des deux parties de poursuivre leur partenariat."
)


def test_a_copy_is_known_through_shortening_retitling_typography_and_small_edits() -> None:
    wanted = fingerprint(AGENCY)
    for copy in (
        AGENCY,
        AGENCY.upper(),
        AGENCY.replace("é", "e").replace("'", "’").replace(". ", ".\n\n"),
        "Notre correspondant. " + ". ".join(AGENCY.split(". ")[1:4]) + ".",
        AGENCY.replace("jeudi à Rabat", "ce jeudi").replace("aussi", "également"),
    ):
        assert is_copy(wanted, fingerprint(copy))


def test_the_same_news_in_other_words_is_no_copy() -> None:
    other = (
        "Le patron de la police marocaine a accueilli la cheffe de la DGSI française. Au menu : le terrorisme. "
        "Les services des deux pays travaillent main dans la main depuis des années. Un communiqué de la DGSN l'a annoncé."
    )
    assert containment(fingerprint(AGENCY), fingerprint(other)) == 0


def test_what_stands_on_every_page_makes_no_copy() -> None:
    one = fingerprint("Lire aussi. Photo d'archives. © MAP. Le ministre a reçu son homologue espagnol à Madrid mardi.")
    other = fingerprint("Lire aussi. Photo d'archives. © MAP. Une tonne de résine a été saisie au port de Tanger hier.")
    assert not is_copy(one, other)


def test_arabic_spelling_variants_do_not_hide_a_copy() -> None:
    one = "استقبل المدير العام للأمن الوطني عبد اللطيف حموشي اليوم الخميس بالرباط المديرة العامة للأمن الداخلي."
    other = "إستقبل المدير العام للأمن الوطنى عبد اللّطيف حموشى اليوم الخميس بالرباط المديرة العامّة للأمن الداخلى"
    assert fingerprint(one) == fingerprint(other)


def test_a_short_text_has_one_hash_and_an_empty_one_none() -> None:
    assert len(fingerprint("Trois mots seulement")) == 1
    assert fingerprint(" \n ") == ()
    assert all(0 <= value < 2**63 for value in fingerprint(AGENCY))
