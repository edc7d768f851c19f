"""Traps for robots: a field that no person fills, told from one that only sounds like it.

A lead that is taken for spam is lost without a word, so a label must say nothing else than that it is a trap.
"""

from leadbridge.events import Event
from leadbridge.recognise import recognise
from tests.support.walked import walked

TRAPS = [
    "_gotcha",
    "bot-field",
    "data.honeypot",
    "hp_field",
    "Leave this field empty",
    "Lass das Feld bitte leer",
    "If you are human, leave this field blank",
    "Ne remplissez pas ce champ",
    "Si eres humano, deja este campo en blanco",
    "Оставьте это поле пустым",
    "Honeypot (leave blank)",
    "This field is for validation purposes and should be left unchanged.",
    "このフィールドは空のままにしてください",
    "この欄は空欄のままにしてください",
    "이 칸은 비워두세요",
    "請將此欄位留空",
    "請勿填寫此欄位",
    "lasciare vuoto questo campo",
    "ye field khali chhodein",
]
NO_TRAPS = [
    "Type de location (vide ou meublée)",
    "Nombre de bouteilles de vin blanc",
    "Número de botellas de vino blanco",
    "Color de la pared (blanco, gris)",
    "Surface de l'appartement vide (m²)",
    "Vấn đề bạn gặp phải trong công việc",
    "Bạn biết đến chúng tôi trong dịp nào? Để lại thông tin",
    "Honey (jars)",
    "Which honey would you like?",
    "Honey",
    "Will the property be left empty?",
    "How long has the house been left empty",
    "Name / HP",
    "Email / HP",
    "Do you have Winnie the Pooh decorations?",
    "Beehive type",
    "Laat u de woning leeg achter?",
    "Soll der Samstag frei bleiben?",
    "Bleibt die Wohnung leer?",
    "Modelo de veículo (Gol, Polo)",
    "Cor do carro: branco ou de outra cor",
    "Souhaitez-vous laisser le logement vide ?",
    "人間の方のお名前",
    "Model de mașină / gol rezervor",
    "Quantità di vino bianco, la bottiglia",
    "Do not contact me by phone (leave blank if ok)",
    "Phone (leave blank if none)",
    "Company (leave blank if private)",
    "Second email - leave empty if none",
    "Firma (leer lassen, wenn privat)",
    "Telefon (bitte nicht ausfüllen, wenn kein Rückruf gewünscht)",
    "How many gotcha days",
    "Anti-spam: 3+4=",
    "Spamschutz: Was ist 2+3?",
    "Anti-spam question",
    "Bot check: what is 2+2",
    "If you are human do 3+4",
    "Antispam",
    "Ist die Wohnung leer oder bleibt sie möbliert?",
    "¿Qué espacio libre o vacío desea dejar?",
    "Surface de stockage (vide-grenier)",
    "Extrait de casier judiciaire vierge",
    "Couleur de la façade (blanc, gris, beige)",
    "Huile d'olive vierge extra (bouteilles de 1 L)",
    "Metros cuadrados de pintura blanco",
    "Espacio en blanco para la respuesta",
    "Garrafas de vinho branco",
    "Agência de Castelo Branco",
    "Cidade de interesse (Rio Branco, Manaus)",
    "Bottiglie de La Tom vino",
    "Bạn muốn học để làm gì trong tương lai?",
    "Chủ đề quan tâm trong hội thảo",
    "Thời gian trong ngày để liên hệ",
    "Er boligen tom når vi lad op?",
    "Står boligen tomt? Vil du la oss rydde?",
    "Woning leeg laten opleveren?",
    "Boş daire mi?",
    "Do you keep blank cheques on site?",
    "Don't you want empty bins left?",
    "Kamar kosong de la",
    "Entrenador de Tom",
    "Vin de Bourgogne blanc (cases)",
    "Czy zostawić puste palety?",
    "Оставить помещение пустым?",
    "Fecha de nacimiento",
    "VAT number (leave this field blank if none)",
    "ИНН (если нет, оставьте поле пустым)",
]


@walked("label", TRAPS)
def test_a_field_that_people_are_told_to_leave_is_a_trap(label: str) -> None:
    assert spam({"Name": "Ann Lee", label: "http://x.example"})


@walked("label", NO_TRAPS)
@walked("answer", ["6", "Yes"])
def test_a_field_that_asks_people_something_is_none(label: str, answer: str) -> None:
    assert spam({"Nom": "Anne Petit", "E-mail": "anne@example.fr", label: answer}) is None


def test_a_field_that_may_stay_empty_is_read_when_it_is_filled() -> None:
    fields = {"Name": "Ann Lee", "Phone (leave blank if none)": "(415) 555-2671"}
    assert recognise(Event(fields=fields, raw={}), region="US").lead == {"name": "Ann Lee", "phone": "+14155552671"}


def spam(fields: dict[str, str]) -> str | None:
    return recognise(Event(fields=fields, raw={}), region="US").spam
