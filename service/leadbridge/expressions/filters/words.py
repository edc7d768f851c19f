"""The words that filters know people and forms to use. Accents and capitals make no difference."""

import unicodedata
from typing import Final


def folded(text: str) -> str:
    """`text` in small letters and without accents: what two spellings of one word have in common."""
    return "".join(
        letter for letter in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(letter)
    )


def _words(text: str) -> tuple[str, ...]:
    return tuple(map(folded, text.split()))


# Yes in the common languages, and what forms send for a ticked box.
YES: Final = frozenset(
    _words("""
    1 true t yes y on ja j si s sí oui sim tak ano evet igen kyllä joo vrai verdadero wahr да так はい 是 예 네 نعم
    כן checked accepted agreed da
""")
)

# No, likewise.
NO: Final = frozenset(
    _words("""
    0 false f no n off nein nee non nej não nie ne hayır nem ei faux falso falsch нет не ні いいえ 否 不 아니요 아니오
    لا לא unchecked declined
""")
)

# Currencies by code or by the short form written beside a number.
CURRENCIES: Final = frozenset(
    _words("""
    aed ars aud bgn brl cad chf clp cny cop czk dkk egp eur gbp hkd huf idr ils inr jpy krw mxn myr ngn nok nzd
    pen php pkr pln ron rsd rub sar sek sgd thb try twd uah usd uyu vnd zar ft kc kr lei rs tl zl zł dkr fr euro euros
    dollar dollars pesos
""")
)

# Countries in which people write two family names.
SPANISH_SPEAKING: Final = (
    "AR", "BO", "CL", "CO", "CR", "CU", "DO", "EC", "ES", "GT", "HN", "MX", "NI", "PA", "PE", "PR", "PY", "SV", "UY",
    "VE",
)  # fmt: skip

# Two of these at the end of a name are a father's and a mother's, wherever the form is from.
SPANISH_FAMILIES: Final = frozenset(
    _words("""
    acosta aguilar alonso alvarez arias avila benitez blanco bravo caballero cabrera calvo campos cano cardenas
    carmona carrasco castillo castro chavez contreras cortes crespo cruz delgado diaz diez dominguez duran
    escobar espinosa espinoza estrada fernandez ferrer figueroa flores fuentes gallardo gallego garcia garrido
    gil gimenez gomez gonzalez guerrero gutierrez guzman hernandez herrera herrero hidalgo ibanez iglesias
    jimenez juarez leon lopez lozano maldonado marin marquez martin martinez medina mendez mendoza miranda
    molina montero mora morales moreno moya munoz navarro nieto nunez ortega ortiz pacheco parra pascual pastor
    pena perez prieto ramirez ramos reyes rios rivera rodriguez rojas roman romero rubio ruiz saez salazar
    sanchez sandoval santana santos sanz serrano silva soler soto suarez torres valdes valdez vargas vasquez
    vazquez vega velasco vidal
""")
)

# Second given names: before a family name they tell that only that one is a family name.
SPANISH_GIVEN: Final = frozenset(
    _words("""
    alberto alejandra alejandro ana andres angel antonio beatriz carlos carmen cristina daniel david eduardo elena
    enrique fernanda fernando francisco gabriel gabriela guadalupe ignacio isabel javier jesus jorge jose juan laura
    manuel maria mario miguel pablo paola patricia paula pedro rafael ramon raul ricardo roberto rosa sergio sofia
    luis luisa teresa veronica victor victoria
""")
)

# Small words within family names.
PARTICLES: Final = frozenset(
    _words("""
    't af al av bin bint da das de del della den der des di do dos du e el ibn la las le los ten ter und van von
    y zu zum zur
""")
)

# The months of English, German, Dutch, Spanish, French, Italian, Portuguese, Polish and Swedish, January first.
MONTHS: Final = (
    "january januar januari enero janvier gennaio janeiro stycznia janner",
    "february februar februari febrero fevrier febbraio fevereiro lutego",
    "march marz maart marzo mars marco marca maerz",
    "april abril avril aprile kwietnia",
    "may mai mei mayo maggio maio maja maj",
    "june juni junio juin giugno junho czerwca",
    "july juli julio juillet luglio julho lipca",
    "august augustus agosto aout sierpnia augusti",
    "september septiembre setiembre septembre settembre setembro wrzesnia",
    "october oktober octubre octobre ottobre outubro pazdziernika",
    "november noviembre novembre novembro listopada",
    "december dezember diciembre decembre dicembre dezembro grudnia",
)

# Languages in which a country may be named.
COUNTRY_LANGUAGES: Final = (
    "de", "es", "fr", "it", "pt", "pt_BR", "nl", "pl", "sv", "da", "nb_NO", "fi", "cs", "sk", "hu", "ro", "el",
    "tr", "ru", "uk", "bg", "hr", "sr", "sl", "et", "lv", "lt", "ja", "ko", "zh_CN", "zh_TW", "ar", "he", "th",
    "vi", "id", "hi", "ca", "eu", "is", "fa",
)  # fmt: skip

# What people write for a country and the standard does not: short forms, former names, parts of it, local habits.
COUNTRY_ALIASES: Final = {
    "AE": "uae, emirates, dubai, abu dhabi, vae, eau",
    "BA": "bosnia, bosnien",
    "BO": "bolivia",
    "CD": "dr congo, drc, congo kinshasa, democratic republic of congo, zaire",
    "CG": "republic of congo, congo brazzaville",
    "CH": "swiss, confoederatio helvetica",
    "CI": "ivory coast, elfenbeinkuste, costa de marfil",
    "CN": "prc, mainland china, 中国, 中國",
    "CV": "cape verde",
    "CZ": "czech republic, tschechische republik, republica checa, ceska republika",
    "DE": "brd, federal republic of germany, bundesrepublik deutschland, ger",
    "DO": "dominican rep, rep dominicana",
    "FM": "micronesia",
    "FK": "falkland islands, malvinas, islas malvinas",
    "GB": (
        "uk, great britain, britain, england, scotland, wales, northern ireland, grossbritannien, england uk, "
        "reino unido, gran bretana, inglaterra, royaume uni, angleterre, gran bretagna, inghilterra, anglia, "
        "groot brittannie, engeland, escocia, schottland"
    ),
    "GR": "el, hellas",
    "HK": "hong kong sar, hongkong",
    "IR": "iran",
    "KP": "north korea, nordkorea, corea del norte",
    "KR": "korea, south korea, republic of korea, rok, sudkorea, corea, corea del sur, coree du sud, 한국",
    "LA": "laos",
    "MD": "moldova, moldavia",
    "MK": "macedonia, fyrom, mazedonien",
    "MM": "burma, birma",
    "MO": "macau, macao",
    "NL": "holland, the netherlands, niederlande, holanda, olanda, hollande",
    "PS": "palestine",
    "RU": "russia, russian federation, rusia, russland, russie, rusland, rossiya, россия, росія, рф",
    "SY": "syria, siria, syrien, syrie",
    "SZ": "swaziland",
    "TL": "east timor",
    "TR": "turkey, turkiye",
    "TW": "taiwan, taiwan roc, roc, 台灣, 台湾",
    "TZ": "tanzania",
    "US": (
        "usa, us of a, america, united states of america, the states, u s, u s a, estados unidos, eeuu, ee uu, ee "
        "uu de america, etats unis, stati uniti, vereinigte staaten, amerika, estados unidos de america, сша, "
        "アメリカ, 美国, 美國, 미국, eua, stany zjednoczone"
    ),
    "VA": "vatican, vatican city",
    "VE": "venezuela",
    "VN": "vietnam, viet nam",
    "XK": "kosovo, kosova",  # user-assigned: not in the standard, in use by the EU and the CRMs
}
