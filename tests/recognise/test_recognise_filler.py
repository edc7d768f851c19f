"""Who submits a form for somebody else, in forms that ask for several people."""

from collections.abc import Mapping

from leadbridge.events import Event, Json
from leadbridge.recognise import recognise
from tests.support.walked import walked


def lead(fields: Mapping[str, Json], region: str) -> Mapping[str, Json]:
    return recognise(Event(fields=fields, raw=fields), region=region).lead


@walked(
    ("region", "fields", "name"),
    [
        (
            "BR",
            {
                "Nome completo do(a) aluno(a)": "Enzo Tavares",
                "Nome da mãe": "Rosa Tavares",
                "Quem está preenchendo? Nome do responsável": "Jurandir Tavares",
                "E-mail do responsável": "jurandir@example.org",
            },
            "Jurandir Tavares",
        ),
        (
            "TR",
            {
                "Öğrencinin adı soyadı": "Defne Akarsu",
                "Formu dolduran veli": "Bahadır Akarsu",
                "Velinin e-postası": "bahadir@example.org",
            },
            "Bahadır Akarsu",
        ),
        (
            "IL",
            {
                "שם הילד/ה": "יונתן לוי",
                "שם הורה נוסף": "רונן לוי",
                "שם ההורה הממלא את הטופס": "הדס לוי",
                'דוא"ל': "hadas@example.net",
            },
            "הדס לוי",
        ),
        (
            "IN",
            {
                "छात्र का नाम": "आरव तिवारी",
                "माता का नाम": "सरोज तिवारी",
                "फ़ॉर्म भरने वाले अभिभावक का नाम": "दिनेश तिवारी",
                "अभिभावक का ईमेल": "dinesh@example.org",
            },
            "दिनेश तिवारी",
        ),
        (
            "US",
            {
                "Pediatrician name": "Felix Marchetti",
                "Second parent": "Lou Abernathy",
                "Parent/guardian name": "Imogen Abernathy",
                "Parent e-mail": "imogen@example.net",
            },
            "Imogen Abernathy",
        ),
        (
            "ES",
            {
                "Nom de l'infant": "Biel Puig",
                "Tutor/a (qui fa la inscripció)": "Meritxell Farrerons",
                "Correu electrònic tutor/a": "meritxell@example.org",
            },
            "Meritxell Farrerons",
        ),
    ],
)
def test_who_fills_the_form_in_is_the_submitter(region: str, fields: Mapping[str, Json], name: str) -> None:
    assert lead(fields, region)["name"] == name


def test_a_name_that_stands_again_among_the_parts_is_not_doubled() -> None:
    fields = {"name": "Evandro Sá", "first": "Evandro Sá", "email": "evandro@example.com"}
    found = lead(fields, "BR")
    assert found.get("name", found.get("first_name")) == "Evandro Sá"
    assert "last_name" not in found


def test_a_title_of_courtesy_is_no_name() -> None:
    fields = {"稱謂 Title": "先生 Mr", "姓名 Name": "麥家豪", "電郵 Email": "mak@example.org"}
    assert lead(fields, "HK")["name"] == "麥家豪"


def test_a_mexican_mobile_that_is_written_as_it_was_dialled_once_is_read() -> None:
    fields = {"Nombre completo": "Rosa Marín", "Teléfono": "+52 1 442 123 4567"}
    assert lead(fields, "MX")["phone"] == "+524421234567"


def test_campaign_tags_say_nothing_of_the_language_of_a_form() -> None:
    tags = {f"utm_{each}": "x" for each in ("source", "medium", "campaign", "term", "content")}
    assert lead({"Como se chama?": "Mafalda Reis", **tags}, "PT")["name"] == "Mafalda Reis"


@walked(
    "label",
    [
        "Name and surname of the parent filling in the form",
        "Nom et prénom du parent qui remplit ce formulaire",
        "Vor- und Nachname des Elternteils, der das Formular ausfüllt",
        "Nombre y apellidos del padre o madre que rellena el formulario",
        "Nome e cognome del genitore che compila il modulo",
        "Naam van de ouder die dit formulier invult",
        "Imię i nazwisko rodzica wypełniającego formularz",
        "Jméno a příjmení rodiče, který vyplňuje formulář",
        "Namn på vårdnadshavare som fyller i formuläret",
        "ФИО родителя, заполняющего анкету",
        "Lomakkeen täyttävän huoltajan nimi",
        "Ime i prezime roditelja koji ispunjava obrazac",
        "填表家长姓名",
        "신청서 작성 학부모 성함",
    ],
)
def test_the_parent_who_fills_a_form_in_is_the_submitter(label: str) -> None:
    assert lead({label: "Ann Lee", "E-mail": "ann@example.com"}, "DE")["name"] == "Ann Lee"
