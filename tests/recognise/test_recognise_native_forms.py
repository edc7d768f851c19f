"""Forms as people of each language write them: other people's fields, orders of names, readings, marks."""

from collections.abc import Mapping
from typing import Final

import pytest

from leadbridge.events import Event, Json
from leadbridge.recognise import Recognised, recognise
from tests.support.walked import walked


def read(fields: Mapping[str, Json], region: str = "PL") -> Recognised:
    return recognise(Event(fields=fields, raw=dict(fields)), region=region)


# For each language: a friend's e-mail, a friend's phone, a pet's name, a fax, how somebody heard of us, and consent to
# e-mails; then the submitter's own name, e-mail and phone.
FORMS: Final[Mapping[str, tuple[str, ...]]] = {
    "pl": ("E-mail znajomego", "Telefon znajomego", "Imię psa", "Faks", "Skąd o nas wiesz?", "Zgoda na e-mail",
           "Imię i nazwisko", "Twój e-mail", "Telefon"),
    "cs": ("E-mail kamaráda", "Telefon kamaráda", "Jméno psa", "Fax", "Jak jste se o nás dozvěděli?",
           "Souhlas s e-mailem", "Jméno a příjmení", "Váš e-mail", "Telefon"),
    "sv": ("Din väns e-post", "Din väns mobil", "Hundens namn", "Fax", "Hur hittade du oss?",
           "Samtycke till e-post", "För- och efternamn", "Din e-post", "Mobilnummer"),
    "tr": ("Arkadaşınızın e-postası", "Arkadaşınızın telefonu", "Köpeğinizin adı", "Faks",
           "Bizi nereden duydunuz?", "E-posta izni", "Adınız Soyadınız", "E-posta adresiniz", "Cep telefonunuz"),
    "ru": ("E-mail друга", "Телефон друга", "Кличка собаки", "Факс", "Откуда вы о нас узнали?",
           "Согласие на e-mail рассылку", "ФИО", "Ваш e-mail", "Телефон"),
    "uk": ("E-mail друга", "Телефон друга", "Кличка собаки", "Факс", "Звідки ви про нас дізналися?",
           "Згода на e-mail розсилку", "ПІБ", "Ваш e-mail", "Телефон"),
    "el": ("Email φίλου", "Τηλέφωνο φίλου", "Όνομα σκύλου", "Φαξ", "Πώς μάθατε για εμάς;",
           "Συγκατάθεση για email", "Ονοματεπώνυμο", "Το email σας", "Τηλέφωνο"),
    "ar": ("بريد صديقك الإلكتروني", "هاتف صديقك", "اسم الكلب", "فاكس", "كيف سمعت عنا؟",
           "الموافقة على البريد الإلكتروني", "الاسم الكامل", "بريدك الإلكتروني", "رقم الجوال"),
    "he": ("אימייל של חבר", "טלפון של חבר", "שם הכלב", "פקס", "איך שמעת עלינו?", "אישור קבלת מיילים", "שם מלא",
           "האימייל שלך", "טלפון נייד"),
    "hi": ("मित्र का ईमेल", "मित्र का फ़ोन नंबर", "कुत्ते का नाम", "फैक्स", "आपको हमारे बारे में कैसे पता चला?",
           "ईमेल सहमति", "पूरा नाम", "आपका ईमेल", "मोबाइल नंबर"),
    "zh": ("朋友的邮箱", "朋友的电话", "狗的名字", "传真", "您是怎么知道我们的？", "同意接收邮件", "姓名",
           "您的邮箱", "手机号"),
    "ja": ("ご友人のメールアドレス", "ご友人の電話番号", "犬の名前", "FAX番号", "当社をどこで知りましたか",
           "メール配信に同意する", "お名前", "メールアドレス", "お電話番号"),
    "ko": ("친구 이메일", "친구 연락처", "강아지 이름", "팩스", "어떻게 알게 되셨나요?", "이메일 수신 동의",
           "성함", "이메일", "연락처"),
    "da": ("Din vens e-mail", "Vennens telefon", "Hundens navn", "Fax", "Hvordan hørte du om os?",
           "Samtykke til e-mail", "Fulde navn", "Din e-mail", "Mobilnummer"),
    "no": ("Vennens e-post", "Vennens telefon", "Hundens navn", "Faks", "Hvordan hørte du om oss?",
           "Samtykke til e-post", "Fullt navn", "Din e-post", "Mobilnummer"),
    "fi": ("Ystävän sähköposti", "Ystävän puhelin", "Koiran nimi", "Faksi", "Mistä kuulit meistä?",
           "Suostumus sähköpostiin", "Koko nimi", "Sähköposti", "Puhelinnumero"),
    "ro": ("E-mailul prietenului", "Telefonul prietenului", "Numele câinelui", "Fax",
           "De unde ați aflat de noi?", "Acord email", "Nume și prenume", "Adresă de e-mail",
           "Număr de telefon"),
    "hu": ("Barátja e-mail címe", "Barátja telefonszáma", "Kutya neve", "Fax", "Honnan hallott rólunk?",
           "E-mail hozzájárulás", "Teljes név", "E-mail cím", "Telefonszám"),
    "vi": ("Email của bạn bè", "Điện thoại của người giới thiệu", "Tên thú cưng", "Số fax",
           "Bạn biết đến chúng tôi qua đâu?", "Đồng ý nhận email", "Họ và tên", "Địa chỉ email",
           "Số điện thoại"),
    "id": ("Email teman", "Telepon teman", "Nama anjing", "Nomor fax", "Dari mana Anda mengetahui kami?",
           "Persetujuan email", "Nama lengkap", "Email Anda", "Nomor HP"),
    "th": ("อีเมลเพื่อน", "เบอร์โทรเพื่อน", "ชื่อสุนัข", "โทรสาร", "คุณรู้จักเราได้อย่างไร", "ยินยอมรับอีเมล",
           "ชื่อ-นามสกุล", "อีเมล", "เบอร์โทรศัพท์"),
    "sk": ("E-mail kamaráta", "Telefón kamaráta", "Meno psa", "Fax", "Ako ste sa o nás dozvedeli?", "Súhlas s e-mailom",
           "Meno a priezvisko", "Váš e-mail", "Telefón"),
    "hr": ("E-mail prijatelja", "Telefon prijatelja", "Ime psa", "Faks", "Kako ste čuli za nas?",
           "Suglasnost za e-mail", "Ime i prezime", "Vaš e-mail", "Broj telefona"),
    "sl": ("E-pošta prijatelja", "Telefon prijatelja", "Ime psa", "Faks", "Kako ste izvedeli za nas?",
           "Soglasje za e-pošto", "Ime in priimek", "Vaša e-pošta", "Telefonska številka"),
    "lt": ("Draugo el. paštas", "Draugo telefonas", "Šuns vardas", "Faksas", "Kaip apie mus sužinojote?",
           "Sutikimas gauti el. laiškus", "Vardas ir pavardė", "Jūsų el. paštas", "Telefono numeris"),
    "et": ("Sõbra e-post", "Sõbra telefon", "Koera nimi", "Faks", "Kuidas meist kuulsite?", "Nõusolek e-kirjadeks",
           "Ees- ja perekonnanimi", "Teie e-post", "Telefoninumber"),
    "bg": ("Имейл на приятел", "Телефон на приятел", "Име на кучето", "Факс", "Откъде научихте за нас?",
           "Съгласие за имейл", "Име и фамилия", "Вашият имейл", "Телефонен номер"),
    "ca": ("Correu d'un amic", "Telèfon d'un amic", "Nom del gos", "Fax", "Com ens has conegut?",
           "Accepto rebre correus", "Nom i cognoms", "El teu correu electrònic", "Telèfon mòbil"),
    "fa": ("ایمیل دوست شما", "تلفن دوست شما", "نام سگ", "فکس", "چگونه با ما آشنا شدید؟", "موافقت با ایمیل",
           "نام و نام خانوادگی", "ایمیل شما", "شماره موبایل"),
}  # fmt: skip
BAIT: Final = ("friend@example.com", "+48 601 000 001", "Rex", "+48 22 000 00 02", "Kim told me", True)
OWN: Final = ("Alex Novak", "alex@example.com", "+48 501 234 567")


@walked("code", FORMS)
def test_other_peoples_fields_do_not_fill_the_lead_even_when_they_come_first(code: str) -> None:
    lead = read(dict(zip(FORMS[code], (*BAIT, *OWN), strict=True))).lead
    assert (lead.get("name"), lead.get("email"), lead.get("phone")) == (
        "Alex Novak",
        "alex@example.com",
        "+48501234567",
    )
    assert lead.get("consent") is True
    assert lead.keys() == {"name", "email", "phone", "consent"}


@walked("code", FORMS)
def test_nothing_is_made_up_when_only_other_peoples_fields_are_filled(code: str) -> None:
    lead = read(dict(zip(FORMS[code], BAIT, strict=False))).lead
    assert lead.keys() <= {"consent"}


@walked("code", FORMS)
def test_what_was_not_used_is_kept(code: str) -> None:
    result = read(dict(zip(FORMS[code], (*BAIT, *OWN), strict=True)))
    assert set(result.other) == set(FORMS[code][:5])


@pytest.mark.parametrize(
    ("label", "name", "region"),
    [
        ("姓名", "王小明", "CN"),
        ("お名前", "山田 太郎", "JP"),
        ("성함", "김민수", "KR"),
        ("Teljes név", "Kiss Éva", "HU"),
    ],
)
def test_a_full_name_stays_in_the_order_in_which_it_was_written(label: str, name: str, region: str) -> None:
    lead = read({label: name}, region).lead
    assert lead["name"] == name
    assert lead.keys().isdisjoint({"first_name", "last_name"})


@walked(
    ("family", "given"),
    [("姓", "名"), ("お名前（姓）", "お名前（名）"), ("성", "이름"),
     ("Vezetéknév", "Keresztnév"), ("Họ", "Tên"), ("Фамилия", "Имя"),
     ("Soyad", "Ad"), ("שם משפחה", "שם פרטי"), ("姓氏", "名字"), ("اسم العائلة", "الاسم الأول"), ("Επώνυμο", "Όνομα")],
)  # fmt: skip
def test_the_parts_of_a_name_reach_their_keys_in_any_order(family: str, given: str) -> None:
    for order in ((family, given), (given, family)):
        lead = read({name: "Novak" if name == family else "Kim" for name in order}).lead
        assert (lead.get("last_name"), lead.get("first_name")) == ("Novak", "Kim")
        assert "name" not in lead


@walked(
    "reading",
    ["フリガナ", "ふりがな", "お名前（フリガナ）", "氏名カナ", "お名前（カナ）", "よみがな", "氏名（ふりがな）"],
)
def test_a_reading_in_kana_is_no_second_name(reading: str) -> None:
    result = read({reading: "ヤマダ タロウ", "お名前": "山田 太郎"}, "JP")
    assert result.lead == {"name": "山田 太郎"}
    assert result.other == {reading: "ヤマダ タロウ"}


@pytest.mark.parametrize(
    ("labels_of_parts", "parts"),
    [
        (("Фамилия", "Имя", "Отчество"), ("Орлова", "Мария", "Сергеевна")),
        (("Прізвище", "Ім'я", "По батькові"), ("Бойко", "Олена", "Ігорівна")),
    ],
)
def test_a_patronymic_is_the_middle_name(labels_of_parts: tuple[str, ...], parts: tuple[str, ...]) -> None:
    lead = read(dict(zip(labels_of_parts, parts, strict=True))).lead
    assert lead == dict(zip(("last_name", "first_name", "middle_name"), parts, strict=True))


@walked(
    ("written", "target"),
    [
        ("ADINIZ SOYADINIZ", "name"),
        ("adiniz_soyadiniz", "name"),
        ("E-POSTA ADRESİNİZ", "email"),
        ("imie_i_nazwisko", "name"),
        ("TELEFONNÍ ČÍSLO:", "phone"),
        ("Ф. И. О. *", "name"),
        ("Ім’я та прізвище", "name"),
        ("ΟΝΟΜΑΤΕΠΩΝΥΜΟ", "name"),
        ("ΤΗΛΕΦΩΝΟ ΕΠΙΚΟΙΝΩΝΙΑΣ", "phone"),
        ("الإسم الكامل", "name"),
        ("البريد الألكتروني", "email"),
        ('דוא"ל', "email"),
        ("דוא״ל", "email"),
        ("ＴＥＬ", "phone"),
        ("Ｅメール（必須）", "email"),
        ("お名前　※必須", "name"),
        ("휴대폰번호 (필수)", "phone"),
        ("联系电话（必填）", "phone"),
        ("मोबाइल नं.", "phone"),
    ],
)
def test_case_accents_widths_and_marks_do_not_matter(written: str, target: str) -> None:
    value = {"name": "Kim Novak", "email": "kim@example.com", "phone": "+48 501 234 567"}[target]
    assert [(finding.field, finding.target) for finding in read({written: value}).used] == [(written, target)]
