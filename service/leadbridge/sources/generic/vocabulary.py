"""The words that form builders use for the parts of an answer, whatever their case and separators."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from leadbridge.events import FieldType, Json

_LONGEST_KEY: Final = 40  # characters; no builder's own word is longer
_APART: Final = re.compile(r"[\W_]+")

# Keys of a question, the words for people before those for programs.
TITLES: Final = (
    "question", "questiontext", "questiontitle", "questionlabel", "label", "fieldlabel", "title", "fieldtitle",
    "heading", "header", "prompt", "caption", "columnname", "displayname", "text", "pregunta", "pergunta", "domanda",
    "frage", "vraag", "pytanie", "otázka", "otazka", "spørgsmål", "fråga", "spørsmål", "kysymys", "kérdés",
    "întrebare", "intrebare", "pitanje", "vprašanje", "soru", "pertanyaan", "câuhỏi", "ερώτηση", "вопрос", "питання",
    "въпрос", "питање", "سؤال", "السؤال", "سوال", "שאלה", "คำถาม", "質問", "設問", "問題", "问题", "题目", "題目",
    "질문", "문항", "klausimas", "küsimus", "jautājums", "intitulé", "intitule", "libellé", "libelle", "bezeichnung",
    "название", "назва", "etiqueta", "título", "titulo", "titre", "titel", "項目", "标题", "標題", "항목",
)  # fmt: skip
NAMES: Final = (
    "fieldname", "questionname", "name", "key", "fieldkey", "property", "field", "column", "element", "id", "ref",
    "fieldid", "questionid", "fieldref", "columnid", "slug", "uid", "uuid", "code", "question", "questionkey", "handle",
)  # fmt: skip
NESTED: Final = ("question", "field", "column", "element", "item", "control", "definition", "input", "fielddefinition")
TYPES: Final = ("fieldtype", "questiontype", "inputtype", "type", "kind", "answertype", "columntype")

# Keys of an answer's value, and those that only name the value's type.
VALUES: Final = (
    "value", "val", "answer", "answers", "response", "responses", "fieldvalue", "answervalue", "answertext",
    "responsetext", "responsevalue", "stringvalue", "textvalue", "valuetext", "uservalue", "userresponse",
    "submittedvalue", "values", "selected", "selection", "rawvalue", "textanswer", "textanswers", "answerdetails",
    "answerdata", "réponse", "reponse", "respuesta", "resposta", "risposta", "antwort", "antwoord", "odpowiedź",
    "odpowiedz", "odpověď", "odpoved", "odpoveď", "svar", "vastaus", "válasz", "valasz", "răspuns", "raspuns",
    "odgovor", "cevap", "yanıt", "yanit", "jawaban", "jawapan", "trảlời", "απάντηση", "ответ", "відповідь", "отговор",
    "одговор", "إجابة", "الإجابة", "جواب", "پاسخ", "תשובה", "คำตอบ", "回答", "答案", "답변", "응답", "atsakymas",
    "vastus", "atbilde", "valeur", "valor", "valore", "wert", "waarde", "wartość", "wartosc", "hodnota", "värde",
    "verdi", "værdi", "arvo", "érték", "valoare", "vrijednost", "değer", "deger", "τιμή", "значение", "значення",
    "القيمة", "ערך", "값", "値", "值",
)  # fmt: skip
PLURAL: Final = frozenset({"answers", "response", "responses", "values"})  # may be all of a group's
SINGULAR: Final = frozenset(VALUES) - PLURAL
TYPED_VALUES: Final = (
    "text", "string", "longtext", "email", "phonenumber", "phone", "numbervalue", "booleanvalue", "datevalue",
    "filevalue",
)  # fmt: skip
OPTIONS: Final = ("options", "choices", "possiblevalues", "optionlist", "answeroptions")
OPTION_IDS: Final = ("id", "value", "key", "ref", "code", "uuid", "slug")
OPTION_TEXTS: Final = ("label", "text", "title", "name", "caption", "displayname")
PARTS: Final = frozenset({"inputs", "subfields", "parts", "subinputs", "components", "subquestions"})
LABEL_MAPS: Final = frozenset({
    "labels", "questions", "titles", "headers", "fieldlabels", "fieldnames", "fieldtitles", "labelmap", "columns",
})  # fmt: skip
ROW_NAMES: Final = LABEL_MAPS | {"fields", "keys", "names", "columnnames"}
ROW_VALUES: Final = ("values", "answers", "row", "responses", "data", "cells", "rowdata", "rows")

LABELS: Final = frozenset({"question", "questiontext", "questionlabel", "label", "fieldlabel", "prompt"})
PARTS_OF_ANSWERS: Final = frozenset({
    "first", "middle", "last", "prefix", "suffix", "firstname", "middlename", "lastname", "given", "family",
    "addrline1", "addrline2", "line1", "line2", "street", "street1", "street2", "streetaddress", "address1", "address2",
    "city", "town", "state", "province", "postal", "zip", "zipcode", "postcode", "postalcode", "country",
    "area", "areacode", "phone", "full", "number", "ext", "extension",
})  # fmt: skip
OF_QUESTIONS: Final = frozenset({
    *TITLES, *NAMES, *TYPES, *VALUES, *TYPED_VALUES, *OPTIONS, *PARTS, "required", "order", "position", "index", "sort",
    "prettyformat", "isrequired", "visible", "hidden", "placeholder", "sublabels", "page", "width", "properties",
})  # fmt: skip
# Keys that no question has.
OF_PEOPLE: Final = frozenset({
    "firstname", "lastname", "fullname", "givenname", "familyname", "surname", "contactname", "customername",
    "clientname", "phone", "phonenumber", "mobile", "mobilenumber", "telephone", "customerphone", "contactphone",
    "company", "companyname", "organization", "organisation", "jobtitle", "contact", "customer", "person",
    "vorname", "nachname", "telefon", "firma", "firmenname", "unternehmen", "apellido", "apellidos", "telefono",
    "teléfono", "móvil", "movil", "empresa", "prénom", "prenom", "nomdefamille", "téléphone", "entreprise", "société",
    "societe", "cognome", "telefonocellulare", "cellulare", "azienda", "sobrenome", "telefone", "celular", "voornaam",
    "achternaam", "telefoon", "bedrijf", "imię", "imie", "nazwisko", "jméno", "jmeno", "příjmení", "prijmeni",
    "förnamn", "efternamn", "företag", "fornavn", "etternavn", "bedrift", "virksomhed", "etunimi", "sukunimi",
    "puhelin", "yritys", "keresztnév", "vezetéknév", "prenume", "companie", "soyad", "soyadı", "şirket", "ime",
    "prezime", "tvrtka", "имя", "фамилия", "телефон", "компания", "імя", "прізвище", "компанія", "име",
    "όνομα", "επώνυμο", "τηλέφωνο", "εταιρεία", "الهاتف", "الشركة", "טלפון", "חברה", "電話番号", "会社名", "전화번호",
    "회사명", "电话", "公司", "電話",
})  # fmt: skip

# What holds a form's answers, and what stands beside them.
CONTAINERS: Final = frozenset({
    "data", "fields", "answers", "responses", "response", "values", "namedvalues", "formresponse", "formdata",
    "submission", "payload", "body", "entry", "fielddata", "questions", "results", "record", "submissiondata",
    "formfields", "formsubmission", "entries", "rawrequest", "event", "content",
})  # fmt: skip
ENVELOPES: Final = frozenset({
    "form", "meta", "metadata", "context", "definition", "page", "site", "webhook", "request", "client", "browser",
    "device", "workspace", "account", "team", "formstructure", "forminfo", "integration", "subscription", "schema",
})  # fmt: skip
CIRCUMSTANCES: Final = frozenset({"meta", "metadata", "context", "client", "browser", "device", "headers"})
AMBIGUOUS: Final = frozenset({
    "name", "title", "label", "description", "url", "link", "type", "status", "source", "titre", "título", "titulo",
    "titolo", "titel", "tytuł", "tytul", "název", "nazev", "naziv", "cím", "titlu", "otsikko", "tittel", "başlık",
    "baslik", "judul", "tiêuđề", "τίτλος", "название", "заголовок", "назва", "العنوان", "כותרת", "タイトル", "标题",
    "標題", "제목",
})  # fmt: skip
OF_THE_ENVELOPE: Final = frozenset({
    "formname", "formtitle", "formid", "pagename", "pagetitle", "pageid", "sitename", "siteid", "siteurl", "eventtype",
    "eventname", "eventid", "triggertype", "ip", "ipaddress", "remoteip", "useragent", "referrer", "referer",
    "webhookname", "webhookid", "webhookurl", "workspacename", "teamname", "accountname", "createdby", "adname",
    "adsetname", "form",
})  # fmt: skip
_TELLS_OF_RECORDS: Final = re.compile(
    r"(?:id|token|createdat|submittedat|createdon|datecreated|createdtime|submittedon|timestamp|eventtype|triggertype)"
)
_REACHES: Final = re.compile(r"e?mail|phone|tel|mobile|cell")

_NUMBERS_AROUND: Final = re.compile(r"^[a-zA-Z]{0,8}\d+[_\-.:]|[_\-. ]?\d+$")
_PARTS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_SEPARATED: Final = re.compile(r"[a-zA-Z]{3}[_\-.]+[a-zA-Z]{3}|[_\-.].*[_\-.]")

_PREFIX: Final = re.compile(r"^(?:input|control|field|hsform|question|element|widget|wpforms?)(?=.)")
_SUFFIX: Final = re.compile(r"(?<=.)(?:input|field|question|element|widget)$")
_KINDS: Final[Mapping[str, FieldType]] = {
    **dict.fromkeys(("email", "emailaddress", "mail", "useremail"), "email"),
    **dict.fromkeys(("tel", "phone", "phonenumber", "telephone", "mobile", "mobilenumber", "cellphone"), "phone"),
    **dict.fromkeys(("url", "website", "link", "uri", "web"), "website"),
    **dict.fromkeys(("name", "fullname", "personname", "contactname", "shortname"), "name"),
    **dict.fromkeys(("firstname", "givenname"), "first_name"),
    **dict.fromkeys(("lastname", "familyname", "surname"), "last_name"),
    **dict.fromkeys(("company", "companyname", "organization", "organisation"), "company"),
    **dict.fromkeys(("address", "streetaddress", "location"), "address"),
    **dict.fromkeys(("consent", "gdpr", "legal", "acceptance", "optin", "gdprcheckbox", "privacy"), "consent"),
    **dict.fromkeys(("file", "fileupload", "upload", "attachment", "signature", "image"), "file"),
    **dict.fromkeys(("hidden", "hiddenfields"), "hidden"),
    **dict.fromkeys(
        ("choice", "choices", "radio", "checkbox", "checkboxes", "select", "dropdown", "multiplechoice", "multiselect",
         "singleselect", "multichoice", "singlechoice", "radiobutton", "picturechoice", "boolean", "yesno"),
        "choice",
    ),
    **dict.fromkeys(("text", "shorttext", "longtext", "textarea", "textbox", "paragraph", "singleline"), "text"),
    **dict.fromkeys(("number", "integer", "numeric", "float", "rating", "scale"), "number"),
    **dict.fromkeys(("date", "datetime", "birthday"), "date"),
}  # fmt: skip
_COUNTED: Final = frozenset({
    *TITLES, "field", "fld", "item", "element", "entry", "input", "q", "f", "answer", "feld", "champ", "campo", "veld",
    "pole", "alan", "polje", "kenttä", "fält", "felt", "поле", "حقل", "שדה", "フィールド", "필드", "字段", "欄位",
})  # fmt: skip
OBJECTS: Final[Mapping[str, str]] = {"0-2": "company"}  # by `objectTypeId` of HubSpot; a contact's needs no word
PARTS_OF_NAMES: Final[Mapping[str, FieldType]] = {
    **dict.fromkeys(("first", "firstname", "given", "givenname"), "first_name"),
    **dict.fromkeys(("last", "lastname", "family", "familyname", "surname"), "last_name"),
}


@lru_cache(maxsize=4096)
def _plain(key: str) -> str:
    return _APART.sub("", key).lower()


def plain(key: str) -> str:
    """A key as the sets above have it: `field_Label` is `fieldlabel`. Nothing for one that is no builder's word."""
    return _plain(key) if len(key) <= _LONGEST_KEY else ""


def kind_of(said: Json) -> FieldType | None:
    """What a builder's word for a type of question means; None for one that nobody knows."""
    if not isinstance(said, str):
        return None
    word = plain(said)
    for each in (word, _PREFIX.sub("", word), _SUFFIX.sub("", word)):
        if each in _KINDS:
            return _KINDS[each]
    return None


def telling(*kinds: FieldType | None) -> FieldType | None:
    """The first of several that says what the value is, and not only how it was asked for."""
    return next((kind for kind in kinds if kind not in (None, "text")), next(filter(None, kinds), None))


def is_readable(name: str) -> bool:
    """Whether a name may have been written by somebody: `q3_fullName` and not `mkNn6wcRLWIp`."""
    if not name.isascii() or " " in name:
        return True
    bare = _NUMBERS_AROUND.sub("", name)
    if any(character.isdigit() for character in bare):
        return False
    parts = _PARTS.findall(bare)
    return len(parts) < 3 or bool(_SEPARATED.search(bare)) or sum(map(len, parts)) >= 3.5 * len(parts)


def is_counted(name: str) -> bool:
    """Whether a name says no more than which question it is: `question_3`, `soru_1`, `fld4`."""
    bare = name.rstrip("0123456789")
    return bare != name and plain(bare) in _COUNTED


def tells_of_records(key: str) -> bool:
    """Whether a plain key is one of a record's own: its id, or when it was made."""
    return bool(_TELLS_OF_RECORDS.fullmatch(key)) or (key.endswith("id") and len(key) > 3)


def tells_how_to_reach(key: str, value: Json) -> bool:
    """Whether somebody's e-mail address or phone number stands under a plain key."""
    return isinstance(value, str) and ("@" in value or (bool(value.strip()) and bool(_REACHES.search(key))))
