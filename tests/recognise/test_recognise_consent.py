"""What a form's boxes say of what may be sent: refusals, answers of no, and terms beside offers."""

from collections.abc import Mapping

import pytest

from leadbridge.events import Event, Json
from leadbridge.recognise import Recognised, recognise
from tests.support.walked import walked

BESIDE: Mapping[str, Mapping[str, Json]] = {
    "US": {"Your name": "Ann Lee", "E-mail address": "ann@example.com"},
    "CZ": {"Jméno a příjmení": "Eva Malá", "E-mailová adresa": "eva@example.com"},
    "FR": {"Nom complet": "Eva Petit", "Adresse e-mail": "eva@example.com"},
    "HR": {"Ime": "Eva", "Prezime": "Malić", "Mobitel": "091 448 7712"},
    "DE": {"Vor- und Nachname": "Eva Klein", "E-Mail-Adresse": "eva@example.com"},
    "PT": {"Nome completo": "Eva Costa", "Correio eletrónico": "eva@example.com"},
    "JP": {"お名前": "田中 花子", "メールアドレス": "hana@example.com"},
    "KR": {"성함": "김민수", "이메일": "kim@example.com"},
    "TR": {"Ad Soyad": "Eva Kaya", "E-posta": "eva@example.com"},
}


def read(region: str, label: str, answer: Json, **more: Json) -> Recognised:
    fields = {**BESIDE[region], label: answer, **more}
    return recognise(Event(fields=fields, raw=fields), region=region)


@walked(
    ("region", "label", "answer"),
    [
        ("US", "Don't text me offers", "checked"),
        ("US", "No marketing please", "yes"),
        ("US", "optOutDirectMarketing", "Y"),
        ("CZ", "Nechci novinky", "ano"),
        ("CZ", "nechciNovinky", True),
        ("FR", "Je refuse de recevoir des offres par SMS", "Oui"),
        ("HR", "Ne želim primati ponude", "✔"),
        ("JP", "メルマガを希望しない", ["希望しない"]),
    ],
)
def test_a_ticked_refusal_of_what_is_sent_is_a_no(region: str, label: str, answer: Json) -> None:
    assert read(region, label, answer).lead["consent"] is False


@walked(
    ("region", "label", "answer"),
    [
        ("US", "receive_promos", "no"),
        ("US", "Newsletter", False),
        ("CZ", "Chci dostávat pozvánky na další kurzy", "Ne"),
        ("DE", "Newsletter erhalten", "Nein, danke"),
        ("PT", "Deseja receber novidades?", "Não"),
        ("KR", "광고성 문자 수신", "거부"),
        ("TR", "Kampanya SMS'leri almak istiyorum", "Hayır"),
    ],
)
def test_an_answer_of_no_to_what_would_be_sent_is_a_no(region: str, label: str, answer: Json) -> None:
    assert read(region, label, answer).lead["consent"] is False


@walked(
    ("region", "label", "answer"),
    [
        ("US", "Send me your promos", "Yes, please"),
        ("DE", "Ich möchte Angebote erhalten", "Ja"),
        ("PT", "Aceito ser contactada para campanhas", True),
    ],
)
def test_an_answer_of_yes_to_what_is_sent_is_a_yes(region: str, label: str, answer: Json) -> None:
    assert read(region, label, answer).lead["consent"] is True


@walked(
    ("region", "label", "answer"),
    [
        ("DE", "Liegen Ihnen schon andere Angebote vor?", "Ja"),
        ("US", "How many of our offers do you know?", "1"),
        ("US", "Which newsletter brought you here?", "The spring one"),
        ("US", "Photo consent", "Yes"),
        ("FR", "Droit à l'image", "Oui"),
    ],
)
def test_what_asks_for_nothing_to_be_sent_is_no_consent(region: str, label: str, answer: Json) -> None:
    result = read(region, label, answer)
    assert "consent" not in result.lead
    assert result.other[label] == answer


@pytest.mark.parametrize("answer", ["", [], None])
def test_an_empty_box_is_no_answer(answer: Json) -> None:
    assert "consent" not in read("US", "Newsletter", answer).lead


@pytest.mark.parametrize("privacy", ["Privacy policy", "I accept the terms and conditions", "GDPR"])
def test_terms_and_privacy_go_behind_what_is_sent(privacy: str) -> None:
    result = read("US", "Newsletter", False, **{privacy: True})
    assert (result.lead["consent"], result.other) == (False, {privacy: True})
    assert read("US", "Newsletter", True, **{privacy: False}).lead["consent"] is True
    assert read("US", "Your company", "Acme", **{privacy: True}).lead["consent"] is True


def test_two_answers_about_what_is_sent_that_differ_are_none() -> None:
    result = read("US", "Receive our newsletter", "yes", **{"Receive promotions by text": "no"})
    assert "consent" not in result.lead
    assert result.other == {"Receive our newsletter": "yes", "Receive promotions by text": "no"}
