"""Questions as sentences, as people ask them in each language."""

import pytest

from leadbridge.events import Event
from leadbridge.recognise import recognise

NAMES = [
    ("US", "What name should go on the booking?", "Ann Lee"),
    ("US", "Hi! What's your name?", "Ann Lee"),
    ("US", "Name of the person we should contact", "Ann Lee"),
    ("US", "Parent/Guardian full name", "Ann Lee"),
    ("US", "Your name as it appears on your ID", "Ann Lee"),
    ("DE", "Wie dürfen wir Sie nennen?", "Eva Kurz"),
    ("DE", "Mit wem dürfen wir sprechen?", "Eva Kurz"),
    ("DE", "Ihr vollständiger Name", "Eva Kurz"),
    ("DE", "Name der Mutter", "Eva Kurz"),
    ("DE", "Name, Vorname des Anmelders", "Kurz, Eva"),
    ("FR", "Comment doit-on vous appeler ?", "Luc Roy"),
    ("FR", "NOM Prénom", "ROY Luc"),
    ("FR", "Nom et prénom du responsable légal", "Luc Roy"),
    ("ES", "¿Cómo te llamas?", "Ana Ruiz"),
    ("BR", "Como podemos chamar você?", "Ana Lima"),
    ("IT", "Come ti chiami?", "Ada Bini"),
    ("NL", "Hoe mogen we je noemen?", "Jan Bos"),
    ("CZ", "Jak se jmenujete?", "Eva Malá"),
    ("SE", "Vad heter du i för- och efternamn?", "Eva Berg"),
    ("TR", "Size nasıl hitap edelim?", "Ali Can"),
    ("RU", "Как к Вам можно обращаться?", "Анна Орлова"),
    ("UA", "Як до Вас можна звертатись?", "Олена Бойко"),
    ("GR", "Πώς σας λένε;", "Άννα Παππά"),
    ("SA", "ما اسمك الكريم؟", "أحمد علي"),
    ("IL", "איך קוראים לך?", "דנה לוי"),
    ("IN", "आपका नाम क्या है?", "अनिल शर्मा"),
    ("JP", "お名前をお教えください", "山田 太郎"),
    ("KR", "성함을 어떻게 불러드릴까요?", "김민수"),
    ("CN", "请问怎么称呼您？", "王小明"),
    ("DK", "Hvad hedder du?", "Eva Holm"),
    ("NO", "Hva heter du?", "Eva Holm"),
    ("FI", "Mikä on nimesi?", "Eva Laine"),
    ("HU", "Hogy hívják Önt?", "Kiss Éva"),
    ("RO", "Cum vă numiți?", "Ana Pop"),
    ("ID", "Siapa nama Anda?", "Budi Santoso"),
    ("VN", "Bạn tên là gì?", "Nguyễn Văn An"),
    ("TH", "คุณชื่ออะไรคะ", "สมชาย ใจดี"),
    ("PL", "Jak masz na imię?", "Ewa"),
]
PHONES = [
    ("US", "Best number for a quick call?", "415 555 2671"),
    ("US", "And your phone?", "415 555 2671"),
    ("US", "Which number can we text?", "415 555 2671"),
    ("DE", "Unter welcher Handynummer erreichen wir Sie am besten?", "0171 1234567"),
    ("DE", "Tel. (tagsüber)", "030 901820"),
    ("FR", "À quel numéro vous rappelle-t-on ?", "06 12 34 56 78"),
    ("ES", "¿A qué número te podemos llamar?", "612 345 678"),
    ("BR", "Em qual número podemos te ligar?", "11 98765-4321"),
    ("IT", "A che numero possiamo chiamarla?", "347 1234567"),
    ("NL", "Op welk nummer mogen we terugbellen?", "06 12345678"),
    ("PL", "Na jaki numer mamy zadzwonić?", "501 234 567"),
    ("CZ", "Na jaké číslo vám máme zavolat?", "601 123 456"),
    ("SE", "Vilket nummer ska vi ringa?", "070-123 45 67"),
    ("TR", "Sizi hangi numaradan arayalım?", "0532 123 45 67"),
    ("RU", "На какой номер Вам лучше позвонить?", "8 916 123-45-67"),
    ("UA", "На який номер вам зателефонувати?", "067 123 45 67"),
    ("GR", "Σε ποιο νούμερο να σας καλέσουμε;", "6912345678"),
    ("SA", "على أي رقم نتصل بك؟", "٠٥٠١٢٣٤٥٦٧"),
    ("IL", "לאיזה מספר להתקשר?", "052-1234567"),
    ("IN", "हम आपको किस नंबर पर फोन करें?", "९८७६५४३२१०"),
    ("JP", "どの番号におかけすればよいですか？", "090-1234-5678"),
    ("KR", "몇 번으로 전화드리면 될까요?", "010-1234-5678"),
    ("CN", "您方便接听的电话是？", "13812345678"),
    ("DK", "Hvilket nummer skal vi ringe til?", "20 12 34 56"),
    ("NO", "Hvilket nummer skal vi ringe?", "412 34 567"),
    ("FI", "Mihin numeroon soitamme?", "040 1234567"),
    ("HU", "Melyik számon kereshetjük?", "20 123 4567"),
    ("RO", "La ce număr vă sunăm?", "0721 234 567"),
    ("ID", "Nomor mana yang bisa kami hubungi?", "0812 3456 7890"),
    ("VN", "Chúng tôi có thể gọi bạn số nào?", "0912 345 678"),
    ("TH", "โทรกลับเบอร์ไหนดีคะ", "081 234 5678"),
]
EMAILS = [
    ("US", "Got an email for us?"),
    ("DE", "Wohin dürfen wir Ihnen die Infos mailen?"),
    ("FR", "Sur quel mail vous répondre ?"),
    ("ES", "¿A dónde te mandamos el presupuesto? (correo)"),
    ("BR", "Para qual e-mail mandamos a proposta?"),
    ("IT", "Dove possiamo mandarti il preventivo?"),
    ("NL", "Waar mogen we de brochure naartoe mailen?"),
    ("PL", "Gdzie wysłać katalog?"),
    ("CZ", "Kam vám pošleme katalog?"),
    ("SE", "Vart ska vi mejla?"),
    ("TR", "Teklifi hangi adrese gönderelim?"),
    ("RU", "Куда отправить смету?"),
    ("UA", "Куди надіслати кошторис?"),
    ("GR", "Πού να στείλουμε τον κατάλογο;"),
    ("SA", "أين نرسل لك الكتالوج؟"),
    ("IL", "לאן לשלוח את הקטלוג?"),
    ("JP", "メールはどちらにお送りしますか？"),
    ("KR", "어느 메일로 보내드리면 될까요?"),
    ("CN", "资料发到哪里？"),
]
OTHERS = [
    ("US", "Who is your dog's vet?", "Bo Ray"),
    ("US", "What's your child's name?", "Tim"),
    ("US", "What is your dog's name?", "Rex"),
    ("US", "Name of your insurance agent", "Bo"),
    ("DE", "Wie heißt Ihr Hund?", "Rex"),
    ("DE", "Wie heißt Ihr Kind?", "Tim"),
    ("DE", "Name Ihres Arztes", "Bo"),
    ("FR", "Comment s'appelle votre chien ?", "Rex"),
    ("FR", "Comment s'appelle votre enfant ?", "Tim"),
    ("ES", "¿Cómo se llama tu perro?", "Rex"),
    ("ES", "¿Cómo se llama tu hijo?", "Tim"),
    ("ES", "¿Quién te recomendó?", "Bo"),
    ("BR", "Qual o nome do seu cachorro?", "Rex"),
    ("BR", "Quem te indicou?", "Bo"),
    ("IT", "Come si chiama il tuo cane?", "Rex"),
    ("IT", "Come si chiama tuo figlio?", "Tim"),
    ("NL", "Hoe heet je hond?", "Rex"),
    ("NL", "Hoe heet uw kind?", "Tim"),
    ("PL", "Jak wabi się pies?", "Rex"),
    ("PL", "Kogo chcesz polecić?", "Bo"),
    ("CZ", "Jak se jmenuje váš pes?", "Rex"),
    ("SE", "Vad heter din hund?", "Rex"),
    ("TR", "Köpeğinizin adı nedir?", "Rex"),
    ("RU", "Как зовут вашу собаку?", "Рекс"),
    ("RU", "Как зовут ребёнка?", "Тим"),
    ("RU", "Кто вас пригласил?", "Бо"),
    ("UA", "Як звати вашого собаку?", "Рекс"),
    ("GR", "Πώς λένε τον σκύλο σας;", "Ρεξ"),
    ("SA", "ما اسم صديقك؟", "بو"),
    ("SA", "ما اسم كلبك؟", "ركس"),
    ("IL", "איך קוראים לכלב שלך?", "רקס"),
    ("IN", "आपके कुत्ते का नाम क्या है?", "रेक्स"),
    ("JP", "ワンちゃんのお名前", "レックス"),
    ("JP", "お子様のお名前は？", "太一"),
    ("KR", "강아지 이름이 뭐예요?", "렉스"),
    ("CN", "您的狗叫什么名字？", "旺财"),
    ("CN", "您孩子叫什么？", "小宝"),
]


def lead(region: str, question: str, answer: str) -> dict[str, object]:
    return dict(recognise(Event(fields={question: answer}, raw={}), region=region).lead)


@pytest.mark.parametrize(("region", "question", "answer"), NAMES)
def test_who_somebody_is(region: str, question: str, answer: str) -> None:
    assert set(lead(region, question, answer)) in ({"name"}, {"first_name"})


@pytest.mark.parametrize(("region", "question", "answer"), PHONES)
def test_where_somebody_can_be_called(region: str, question: str, answer: str) -> None:
    assert set(lead(region, question, answer)) == {"phone"}


@pytest.mark.parametrize(("region", "question"), EMAILS)
def test_where_somebody_can_be_written_to(region: str, question: str) -> None:
    assert lead(region, question, "kim@example.com") == {"email": "kim@example.com"}


@pytest.mark.parametrize(("region", "question", "answer"), OTHERS)
def test_who_somebody_else_is(region: str, question: str, answer: str) -> None:
    assert lead(region, question, answer) == {}
