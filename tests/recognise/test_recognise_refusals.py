"""Opt-outs: a box that says no when it is ticked, in each language, and nothing when it is not."""

from collections.abc import Mapping
from typing import Any, Final

import pytest

from leadbridge.events import Event, Json
from leadbridge.recognise import recognise
from tests.support.walked import walked

OPT_OUTS: Final[Mapping[str, tuple[str, ...]]] = {
    "en": (
        "optout_mailing", "no_newsletter", "unsubscribe", "Please do not contact me", "email_opt_out", "do_not_call",
        "No promotional emails please", "Don't email me", "Do not add me to your mailing list",
    ),
    "ar": ("إلغاء الاشتراك", "لا أرغب في تلقي العروض", "يرجى عدم الاتصال بي"),
    "bg": ("Не желая бюлетин", "Отписване", "Не се свързвайте с мен"),
    "ca": ("No vull rebre el butlletí", "Donar-me de baixa", "Sense publicitat"),
    "cs": ("Bez newsletteru", "Nezasílat obchodní sdělení", "Nekontaktovat"),
    "da": ("Intet nyhedsbrev", "Kontakt mig ikke", "Afmeld"),
    "de": ("kein_newsletter", "Keine Werbung", "Bitte nicht kontaktieren", "Abmelden", "Werbewiderspruch"),
    "el": ("Χωρίς newsletter", "Μην επικοινωνήσετε μαζί μου", "Δεν επιθυμώ ενημερώσεις"),
    "es": ("Darme de baja", "No contactar", "Sin publicidad", "Baja del boletín"),
    "et": ("Loobun uudiskirjast", "Ärge helistage"),
    "fa": ("لغو اشتراک", "با من تماس نگیرید"),
    "fi": ("Ei markkinointia", "Älkää soittako", "Peruuta uutiskirje"),
    "fr": ("Désinscription", "Ne pas me contacter", "Sans publicité", "Je refuse de recevoir des offres"),
    "he": ("הסרה מרשימת תפוצה", "ללא ניוזלטר", "אל תצרו קשר"),
    "hi": ("सदस्यता समाप्त करें", "संपर्क न करें"),
    "hr": ("Bez newslettera", "Odjava", "Ne kontaktirajte me"),
    "hu": ("Leiratkozás", "Ne keressenek", "Nem kérek reklámot"),
    "id": ("Berhenti berlangganan", "Jangan hubungi saya"),
    "it": ("Nessuna pubblicità", "Non contattatemi", "Disiscrizione"),
    "ja": ("配信停止", "連絡不要", "メルマガ不要"),
    "ko": ("수신 거부", "구독 취소", "연락하지 마세요"),
    "lt": ("Atsisakau naujienlaiškio", "Neskambinkite"),
    "nl": ("Geen nieuwsbrief ontvangen", "Uitschrijven", "Niet bellen"),
    "no": ("Nei takk til nyhetsbrev", "Avmelding", "Ikke kontakt meg"),
    "pl": ("Bez newslettera", "Nie dzwonić", "Rezygnacja z newslettera"),
    "pt": ("Descadastrar", "Não me contacte", "Sem publicidade"),
    "ro": ("Dezabonare", "Nu mă contactați", "Fără newsletter"),
    "ru": ("Отписаться", "Без рассылки", "Не звонить"),
    "sk": ("Nechcem newsletter", "Nekontaktovať"),
    "sl": ("Odjava od novic", "Ne kontaktirajte me"),
    "sv": ("Inget nyhetsbrev", "Kontakta mig inte", "Avanmälan"),
    "th": ("ไม่รับข่าวสาร", "กรุณาอย่าติดต่อ"),
    "tr": ("Abonelikten çık", "Lütfen beni aramayın", "Reklam istemiyorum"),
    "uk": ("Відписатися", "Без розсилки", "Не телефонувати"),
    "vi": ("Hủy đăng ký", "Không nhận bản tin"),
    "zh": ("退订", "請勿聯絡我", "不需要電子報", "拒收广告"),
}  # fmt: skip


def lead(fields: Mapping[str, Json]) -> dict[str, Any]:
    return dict(recognise(Event(fields=fields, raw=dict(fields)), region="DE").lead)


@walked(("language", "labels"), sorted(OPT_OUTS.items()))
def test_an_opt_out_is_a_no_when_it_is_ticked_and_says_nothing_else(language: str, labels: tuple[str, ...]) -> None:
    for label in labels:
        told = {
            each: lead({"E-mail": "ann@example.com", label: each}).get("consent") for each in ("1", "yes", "0", "no")
        }
        assert told == {"1": False, "yes": False, "0": None, "no": None}, (language, label)


@pytest.mark.parametrize("ticked", ["Please do not contact me", "No newsletter", "opt out", "Unsubscribed"])
def test_a_box_whose_own_text_refuses_is_a_no(ticked: str) -> None:
    assert lead({"consent": ticked}) == lead({"optout": ticked}) == {"consent": False}


def test_an_opt_out_that_is_not_ticked_takes_no_consent_away() -> None:
    assert lead({"I agree to the privacy policy": "yes", "No newsletter": "no"}) == {"consent": True}
    assert lead({"Acepto la política de privacidad": "Sí", "No deseo recibir publicidad": "No"}) == {"consent": True}
