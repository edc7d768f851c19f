"""What is the submitter's message, and what is written for somebody else."""

from collections.abc import Mapping
from typing import Any, Final

from leadbridge.events import Event, Json
from leadbridge.recognise import recognise
from tests.support.walked import walked

OWN: Final[dict[str, Json]] = {"Name": "Ann Lee", "E-mail": "ann@example.com"}
LONG: Final = "With all our love, from your three children and all the cats in the house."

CONTENTS: Final = (
    "content", "contents", "data.content", "inhoud", "내용", "Inhalt", "contenido", "conteúdo", "contenu", "treść",
    "содержание", "obsah", "innehåll", "içerik", "内容", "תוכן", "المحتوى", "tartalom", "conținut", "sisältö",
)  # fmt: skip
GREETINGS: Final = (
    "Gift card message", "Message on the cake", "gift_card_message", "Inscription", "What should the card say?",
    "Text der Grußkarte", "Widmung", "Was soll auf der Torte stehen?", "Message de la carte cadeau", "Dédicace",
    "Mensaje de la tarjeta", "Dedicatoria", "Mensagem do cartão", "Mensagem no bolo", "Scritta sulla torta", "Dedica",
    "Tekst op het kaartje", "Dedykacja", "Napis na torcie", "Nápis na dort", "Věnování",
    "Text på tårtan", "Hälsning på kortet",
    "Hilsen på kortet", "Tekst på kaken", "Kaiverrusteksti", "Pasta üzerindeki yazı", "Hediye notu", "Надпись на торте",
    "Текст открытки", "Напис на торті", "Присвята", "Αφιέρωση", "Κείμενο στην τούρτα", "على الكيك", "إهداء", "הקדשה",
    "כיתוב על העוגה", "केक पर संदेश", "ケーキのメッセージ", "名入れ", "케이크 문구", "각인 문구", "贺卡内容",
    "刻字", "蛋糕上的字",
    "ข้อความบนเค้ก", "Lời chúc trên thiệp", "Tulisan di kue", "Mesaj pe tort", "Tortafelirat", "Надпис на тортата",
)  # fmt: skip
ASKED: Final[Mapping[str, tuple[str, ...]]] = {
    "bg": ("Причина за посещението", "Опишете проекта", "Защо искате да работите при нас?"),
    "ca": ("Descripció del projecte", "Motiu de la visita"),
    "cs": ("Zvláštní požadavky", "Proč chcete pracovat u nás"),
    "da": ("Beskriv opgaven", "Hvorfor søger du jobbet?", "Hvad drejer henvendelsen sig om?"),
    "el": ("Περιγράψτε την υπόθεσή σας", "Τι εργασίες χρειάζεστε;"),
    "et": ("Probleemi kirjeldus", "Kirjelda projekti"),
    "fa": ("شرح مشکل", "دلیل مراجعه"),
    "fi": ("Kuvaile projektiasi", "Miksi haet meille töihin?", "Kerro tarpeestasi"),
    "he": ("תאר את הפרויקט",),
    "hi": ("अपने प्रोजेक्ट के बारे में बताएं", "Aur kuch batana chahte hain?"),
    "hr": ("Opis problema", "Dodatne informacije"),
    "hu": ("Hiba leírása", "Írja le a projektet"),
    "id": ("Jelaskan proyek Anda",),
    "lt": ("Vizito priežastis", "Papildoma informacija"),
    "no": ("Beskriv oppdraget", "Hva gjelder henvendelsen?", "Merknader"),
    "ro": ("Detalii despre proiect", "Descrieți proiectul"),
    "sk": ("Doplňujúce informácie", "Opíšte svoj projekt"),
    "sl": ("Razlog obiska", "Posebne želje"),
    "th": ("อาการเบื้องต้น", "ความต้องการพิเศษ"),
    "uk": ("Опишіть проєкт",),
    "vi": ("Mô tả dự án",),
}


def lead(fields: Mapping[str, Json]) -> dict[str, Any]:
    return dict(recognise(Event(fields=fields, raw=dict(fields)), region="DE").lead)


@walked("label", CONTENTS)
def test_contents_are_the_message_where_they_are_words_and_nothing_else_is_one(label: str) -> None:
    assert lead({**OWN, label: "please call me tomorrow"})["message"] == "please call me tomorrow"
    assert "message" not in lead({**OWN, label: "webinar"})
    assert lead({**OWN, label: "two nights in May", "Message": "Call me"})["message"] == "Call me"


@walked("label", GREETINGS)
def test_what_is_written_for_somebody_else_is_no_message(label: str) -> None:
    assert "message" not in lead({**OWN, label: LONG})
    assert lead({label: LONG, **OWN, "Message": "No nuts, please"})["message"] == "No nuts, please"


@walked(("language", "labels"), sorted(ASKED.items()))
def test_what_is_asked_in_other_words_is_the_message(language: str, labels: tuple[str, ...]) -> None:
    for label in labels:
        assert lead({"E-mail": "ann@example.com", label: "Blue one"}).get("message") == "Blue one", (language, label)


@walked(
    ("answer", "is_message"),
    [
        ("Do you deliver?", True),
        ("We have two old bikes to sell.", True),
        ("Blue\nor a dark green", True),
        ("個室を希望しますがよろしいですか。", True),
        ("Acme & Sons Co.", False),
        ("Blue or green", False),
        ("I agree to the privacy policy.", False),
    ],
)
def test_a_sentence_that_nobody_asked_for_is_the_message(answer: str, is_message: bool) -> None:
    assert ("message" in lead({**OWN, "Zorblax": answer})) is is_message
