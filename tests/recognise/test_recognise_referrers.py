"""Who referred somebody and other people's numbers, titles of courtesy, and names in one field of two."""

from leadbridge.events import Event, Json
from leadbridge.recognise import recognise
from tests.support.walked import walked


@walked(
    ("name", "email", "others"),
    [
        ("Name", "E-mail", (
            "Referred by (phone)", "referrer_phone", "Phone of the person who referred you", "ref_phone",
            "Introduced by - phone", "Recommender's phone", "invited_by_phone",
        )),
        ("Name", "E-Mail", (
            "Empfohlen von (Telefon)", "Telefon des Empfehlenden", "Telefon des Tippgebers", "Eingeladen von Telefon",
            "Vermittelt durch Telefon",
        )),
        ("Nom complet", "Courriel", (
            "Parrainé par - téléphone", "Téléphone du prescripteur", "Référé par (téléphone)",
        )),
        ("Nombre completo", "Correo", (
            "Referido por (teléfono)", "Teléfono de quien te refirió", "Teléfono del prescriptor",
        )),
        ("Nome completo", "E-mail", ("Telefone de quem indicou", "Indicado por (telefone)", "Telefone do padrinho",)),
        ("Nome e cognome", "Email", ("Segnalato da (telefono)", "Telefono della persona che ti ha consigliato",)),
        ("Naam", "E-mailadres", ("Doorverwezen door telefoon", "Telefoon van de tipgever", "Getipt door telefoon",)),
        ("Imię i nazwisko", "E-mail", ("Polecająca - telefon", "Telefon rekomendującego", "Z polecenia - telefon",)),
        ("Jméno a příjmení", "E-mail", ("Telefon doporučitele", "Doporučil mi vás (telefon)", "Tipař telefon",)),
        ("Namn", "E-post", ("Rekommenderad av (telefon)", "Rekommendatörens telefon", "Inbjuden av telefon",)),
        ("Navn", "E-mail", ("Anbefalet af (telefon)", "Henvist af telefon", "Inviteret af telefon",)),
        ("Nimi", "Sähköposti", ("Suosittelijan puhelin", "Suositteli (puhelin)", "Kutsujan puhelin",)),
        ("Ad Soyad", "E-posta", ("Yönlendiren kişi telefonu", "Referans telefonu", "Davet eden telefonu",)),
        ("ФИО", "E-mail", ("Телефон рекомендателя", "По рекомендации (телефон)", "Телефон посоветовавшего",)),
        ("ПІБ", "E-mail", ("Телефон рекомендувача", "За рекомендацією (телефон)", "Телефон того, хто порадив",)),
        ("Ονοματεπώνυμο", "Email", ("Τηλέφωνο συστήσαντος", "Σύσταση από (τηλέφωνο)",)),
        ("الاسم الكامل", "البريد الإلكتروني", ("هاتف المحيل", "تمت التوصية من قبل (هاتف)",)),
        ("שם מלא", "אימייל", ("טלפון של הממליץ", "הופנה על ידי (טלפון)", "טלפון של מי שהפנה",)),
        ("पूरा नाम", "ईमेल", ("रेफरर का फ़ोन", "अनुशंसा करने वाले का फोन",)),
        ("お名前", "メールアドレス", ("紹介者の電話番号", "紹介してくださった方の電話番号",)),
        ("이름", "이메일", ("추천인 연락처", "추천 회원 연락처", "누구의 소개로 오셨나요 전화번호",)),
        ("姓名", "邮箱", ("推荐人电话", "轉介人電話", "经谁介绍 谁介绍您 电话",)),
        ("Họ và tên", "Email", ("Số điện thoại người giới thiệu", "Điện thoại người mời",)),
        ("Nama lengkap", "Email", ("Nomor HP perujuk", "Direkomendasikan oleh (telepon)",)),
        ("Nume și prenume", "E-mail", ("Recomandat de (telefon)", "Trimis de (telefon)",)),
        ("Név", "E-mail", ("Ajánló telefonszáma", "Ajánlotta (telefon)", "A meghívó telefonszáma",)),
    ],
)  # fmt: skip
def test_the_phone_of_who_referred_somebody_stays_in_other(name: str, email: str, others: tuple[str, ...]) -> None:
    """Also where the form has no other phone."""
    for label in others:
        fields: dict[str, Json] = {name: "Ann Lee", email: "ann@example.com", label: "+48 601 702 803"}
        result = recognise(Event(fields=fields, raw={}), region="PL")
        assert (result.lead.get("phone"), result.other) == (None, {label: "+48 601 702 803"}), label


@walked(
    "title",
    [
        "Dra.",
        "Dr",
        "Frau Mag.",
        "Lic.",
        "Ing.",
        "Sig.ra",
        "mgr inż.",
        "Г-жа",
        "Κος",
        "الدكتور",
        "先生",
        "님",
        "คุณ",
        "Bapak",
    ],
)
def test_a_title_of_courtesy_is_no_job_title(title: str) -> None:
    fields: dict[str, Json] = {"Título": title, "Cargo": "Directora", "Nombre": "Ana Ruiz"}
    assert recognise(Event(fields=fields, raw={}), region="ES").lead["title"] == "Directora"
    assert "title" not in recognise(Event(fields={"Title": title, "Position": ""}, raw={}), region="GB").lead


@walked(
    ("fields", "named"),
    [
        ({"Jméno": "Petr Vrba"}, {"name": "Petr Vrba"}),
        ({"Име": "Ана Тонева"}, {"name": "Ана Тонева"}),
        ({"Jméno": "Petr"}, {"first_name": "Petr"}),
        ({"First name": "Mary Ann", "Last name": "Lee"}, {"first_name": "Mary Ann", "last_name": "Lee"}),
        ({"First name": "Mary Ann", "Last name": ""}, {"first_name": "Mary Ann"}),
    ],
)
def test_two_words_under_first_name_are_the_full_name_where_nothing_else_asks_for_it(
    fields: dict[str, Json], named: dict[str, str]
) -> None:
    assert recognise(Event(fields=fields, raw={}), region="CZ").lead == named


def test_halves_in_thai_are_not_turned() -> None:
    fields: dict[str, Json] = {"ชื่อ": "วราภรณ์", "นามสกุล": "ใจงาม"}
    assert recognise(Event(fields=fields, raw={}), region="TH").lead == {"first_name": "วราภรณ์", "last_name": "ใจงาม"}
