"""From a submission's fields to the lead: every field's claims, the surest first."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any, Final, NamedTuple

from phonenumbers import SUPPORTED_REGIONS

from leadbridge.events import Event, FieldType, Json
from leadbridge.recognise import values
from leadbridge.recognise.findings import Finding, Recognised
from leadbridge.recognise.form import Field, fields_of
from leadbridge.recognise.labels import NAMES, OF_PROGRAMS, SHAPED, Claim, Reader
from leadbridge.recognise.people import has_all, share_a_person
from leadbridge.recognise.tables import TARGETS, Context, Tables, default_tables

_ENOUGH: Final = 0.5
_OWN: Final = 0.02  # a label that says whose it is: "your name" before "name"
_FOREIGN: Final = 0.1  # less sure when a label says so only in another language than the form's
_LESS_OWN: Final = (("maybe_else", 0.3), ("ward", 0.4))  # a student's name: the parent's goes before it
_TOGETHER: Final = 0.9  # a name beside which the same person's e-mail or phone number stands
_APART: Final = 0.3  # less sure when those are another person's
_MUCH: Final = 0.15  # surer by so much that the less sure one is about somebody else
_HALF: Final = 0.6
_LESS_SPOKEN: Final = 0.04
_FOREIGN_CLEARLY: Final = 0.5
_TYPED: Final = 0.97
_TYPED_ALONE: Final = 0.9
_BY_SHAPE: Final = 0.55  # nothing but the value speaks for it
_LONG_TEXT: Final = 0.5
_IN_TEXT: Final = 0.3
_IN_PAGE: Final = 0.9
_MOST_CONTACTS: Final = 16  # each is compared with every name: more are no form of one person
_PLACES: Final = frozenset({"street", "city", "state", "postal_code", "country"})
_TARGET_OF_TYPE: Final[Mapping[FieldType, str]] = {
    "email": "email", "phone": "phone", "name": "name", "first_name": "first_name", "last_name": "last_name",
    "company": "company", "website": "website", "address": "street", "consent": "consent",
}  # fmt: skip


class _Candidate(NamedTuple):
    field: Field
    target: str
    sure: float
    rule: str


def recognise(event: Event, *, region: str | None, tables: Tables | None = None) -> Recognised:
    """The lead that the event's fields make, without any mapping. Pure, and the same each time.

    National phone numbers are read as of the form's own country when it gives one, else of `region` (ISO 3166-1
    alpha-2). Fields about somebody else (a friend, a spouse, an emergency contact) fill nothing. `tables` are those
    that are shipped unless others are given.
    """
    reader = _default_reader() if tables is None else Reader(tables)
    page = event.meta.get("page_url")
    fields, rest = fields_of(event, reader)
    found = _Recognition(fields, reader, region=region, page=page).result()
    return replace(found, other={**found.other, **rest}) if rest else found


@cache
def _default_reader() -> Reader:
    return Reader(default_tables())


class _Recognition:
    def __init__(self, fields: list[Field], reader: Reader, *, region: str | None, page: Json) -> None:
        self._fields = fields
        self._reader = reader
        self._tables = reader.tables
        self._region = region
        self._page = page
        self._filled: dict[str, Json] = {}
        self._findings: dict[int, Finding] = {}  # by the place of the field
        is_clear, self._languages, self._contexts = reader.spoken(tuple(field.names for field in fields))
        self._foreign = _FOREIGN_CLEARLY if is_clear else _FOREIGN
        self._values: dict[tuple[int, str], Json] = {}
        self._contacts = [field for field in fields if self._reaches(field)][:_MOST_CONTACTS]

    def result(self) -> Recognised:
        candidates = sorted(self._candidates(), key=lambda each: (-each.sure, each.field.at))
        candidates = self._with_parts_of_names(candidates)
        surest = {each.field.at: each.target for each in reversed(candidates)}
        self._fill([each for each in candidates if each.target == "country" == surest[each.field.at]])
        country = self._filled.get("country")
        if country in SUPPORTED_REGIONS:
            self._region = str(country)
        self._fill(candidates)
        self._leave_out_halves()
        self._leave_out_unclear_consent(candidates)
        self._note_repeated(candidates)
        aside = (*self._email_in_text(), *self._campaign_in_page())
        findings = sorted(self._findings.items())
        return Recognised(
            lead=_nested(self._filled),
            used=(*(finding for _, finding in findings), *aside),
            other={field.name: field.value for field in self._fields if not self._is_used_up(field)},
            spam=self._spam(),
        )

    def _is_used_up(self, field: Field) -> bool:
        """Whether the lead has all that the field says."""
        finding = self._findings.get(field.at)
        return finding is not None and not values.says_more(field.text, finding.target, self._region)

    def _reaches(self, field: Field) -> bool:
        """Whether it is an e-mail address or a phone number of somebody who may be the submitter."""
        targets = {claim.target for claim in field.label.claims}
        if field.label.trap or self._contexts[field.at] & {"someone_else", "nothing"}:
            return False
        return bool(
            ("email" in targets and values.email_in(field.text))
            or ("phone" in targets and values.looks_like_phone(field.text))
        )

    def _spam(self) -> str | None:
        for field in self._fields:
            if field.label.trap and values.is_filled(field.value, self._tables):
                return f"the field `{field.name}`, a trap that people do not see, was filled"
        return None

    def _candidates(self) -> Iterator[_Candidate]:
        for field in self._fields:
            if field.label.trap or "someone_else" in self._contexts[field.at]:
                continue
            yield from self._claimed(field)
            yield from self._shaped(field)

    def _claimed(self, field: Field) -> Iterator[_Candidate]:
        typed = _TARGET_OF_TYPE.get(field.type) if field.type is not None else None
        contexts = self._contexts[field.at]
        for claim in field.label.claims:
            if _speak_against(contexts, claim.target) or (claim.target == "consent" and field.label.refuses):
                continue
            sure, rule = self._weighed(claim, field), f"its label says `{claim.target}`"
            if claim.target == typed:
                sure, rule = _TYPED, f"the sender's type and its label say `{claim.target}`"
            yield _Candidate(field=field, target=claim.target, sure=sure, rule=rule)
        claimed = {claim.target for claim in field.label.claims}
        if not typed or typed in claimed or (typed == "name" and claimed & NAMES):
            return
        if not _speak_against(contexts, typed) and not (typed == "consent" and field.label.refuses):
            yield _Candidate(field=field, target=typed, sure=_TYPED_ALONE, rule=f"the sender's type says `{typed}`")

    def _weighed(self, claim: Claim, field: Field) -> float:
        sure = claim.sure + (_OWN if field.label.own else 0)
        if self._languages.keys().isdisjoint(claim.languages):
            mixes = claim.target in SHAPED or OF_PROGRAMS in claim.languages
            sure -= _FOREIGN if mixes else self._foreign
        elif len(field.label.claims) > 1:  # a word of two languages
            sure -= _LESS_SPOKEN * (1 - max(self._languages.get(code, 0) for code in claim.languages))
        if self._contexts[field.at]:
            sure -= max((less for context, less in _LESS_OWN if context in self._contexts[field.at]), default=0)
        if claim.target in NAMES and field.label.qualifiers and self._contacts:
            if any(share_a_person(field, contact) for contact in self._contacts):
                sure = max(sure, _TOGETHER)
            elif all(contact.label.qualifiers for contact in self._contacts):
                sure -= _APART
        return round(sure, 2)

    def _shaped(self, field: Field) -> Iterator[_Candidate]:
        """What the value alone says, for a label that stands for nothing else that it could be."""
        claimed = {claim.target for claim in field.label.claims}
        contexts = self._contexts[field.at]
        if "nothing" in contexts or not field.text:
            return
        if "email" not in claimed and values.email_in(field.text):
            yield _Candidate(field=field, target="email", sure=_BY_SHAPE, rule="the value is an e-mail address")
        elif not claimed and not _is_another_number(field) and _is_surely_a_phone(field):
            yield _Candidate(field=field, target="phone", sure=_BY_SHAPE, rule="the value is a phone number")
        elif "message" not in claimed and not claimed & _PLACES and values.is_long(field.text):
            yield _Candidate(field=field, target="message", sure=_LONG_TEXT, rule="the value is a long text")

    def _with_parts_of_names(self, candidates: list[_Candidate]) -> list[_Candidate]:
        """Beside a first name, `Name` alone is the last name, and beside a last name the first one."""
        surest: dict[str, _Candidate] = {}
        for each in candidates:
            if each.target in NAMES and each.sure >= _ENOUGH and self._read(each):
                surest.setdefault(each.target, each)
        first, last, whole = surest.get("first_name"), surest.get("last_name"), surest.get("name")
        if first is not None and last is None:
            part, known = "last_name", first
        elif last is not None and first is None:
            part, known = "first_name", last
        else:
            return candidates
        if whole is not None and whole.sure > known.sure + _MUCH and not share_a_person(whole.field, known.field):
            return candidates  # somebody else's half
        found = [self._other_half(each, part, known.field) if each.target == "name" else each for each in candidates]
        return sorted(found, key=lambda each: (-each.sure, each.field.at))

    def _other_half(self, each: _Candidate, part: str, known: Field) -> _Candidate:
        if each.field is known or has_all(each.field.text, known.text):
            return each
        sure = max(each.sure, _HALF) if share_a_person(each.field, known) else each.sure
        return each._replace(target=part, sure=sure, rule=f"{each.rule}, and another field has the rest of the name")

    def _fill(self, candidates: list[_Candidate]) -> None:
        for each in candidates:
            if each.target in self._filled or each.field.at in self._findings or each.sure < _ENOUGH:
                continue
            value = self._read(each)
            if value is not None:
                self._filled[each.target] = value
                self._use(each)

    def _leave_out_halves(self) -> None:
        """A first or last name that is no part of the full name is somebody else's, or the full name is."""
        name = self._filled.get("name")
        halves = [part for part in ("first_name", "last_name") if part in self._filled]
        words = set(str(name).casefold().split())
        if name is None or all(set(str(self._filled[part]).casefold().split()) <= words for part in halves):
            return
        if any(not has_all(str(name), str(self._filled[part])) for part in halves):
            surest = {finding.target: finding.sure for finding in self._findings.values()}
            both = len(halves) > 1 and min(surest[part] for part in halves) >= surest["name"]
            for target in ["name"] if both else halves:
                del self._filled[target]
                self._findings = {at: each for at, each in self._findings.items() if each.target != target}

    def _leave_out_unclear_consent(self, candidates: list[_Candidate]) -> None:
        """Yes to one thing and no to another, the privacy policy and the newsletter, is no answer for the lead."""
        asked = [each for each in candidates if each.target == "consent" and each.sure >= _ENOUGH]
        if {True, False} <= {self._read(each) for each in asked}:
            self._filled.pop("consent", None)
            self._findings = {at: each for at, each in self._findings.items() if each.target != "consent"}

    def _note_repeated(self, candidates: list[_Candidate]) -> None:
        """A field that says again what another one said is used too: "Confirm e-mail"."""
        for each in candidates:
            if each.field.at not in self._findings and each.target in self._filled:
                value = self._read(each)
                if value is not None and value == self._filled[each.target]:
                    self._use(each._replace(rule=f"{each.rule}, and the value is the same again"))

    def _use(self, each: _Candidate) -> None:
        self._findings[each.field.at] = Finding(
            field=each.field.name, target=_path(each.target), rule=each.rule, sure=each.sure
        )

    def _read(self, each: _Candidate) -> Json:
        """The value as the lead has it; None when it cannot be what the target wants."""
        key = each.field.at, each.target
        if key not in self._values:
            self._values[key] = self._read_now(each)
        return self._values[key]

    def _read_now(self, each: _Candidate) -> Json:
        if each.target == "consent":
            return values.consent_in(each.field.value, self._tables)
        if not each.field.text:
            return None
        if each.target == "phone":
            return values.phone_in(each.field.text, self._region)
        return values.READERS[each.target](each.field.text)

    def _email_in_text(self) -> Iterator[Finding]:
        """An address among the words of a text, when there is no other."""
        if "email" in self._filled:
            return
        for field in self._fields:
            if field.label.trap or self._contexts[field.at] & {"someone_else", "nothing"}:
                continue
            found = values.email_within(field.text)
            if found and not self._reader.tells_of_another(found[1]):
                self._filled["email"] = found[0]
                yield Finding(field=field.name, target="email", rule="the text has an e-mail address", sure=_IN_TEXT)
                return

    def _campaign_in_page(self) -> Iterator[Finding]:
        """The campaign tags of the page's address, when no field has any."""
        if any(target.startswith("utm.") for target in self._filled):
            return
        for target, value in values.campaign_in(self._page):
            self._filled[target] = value
            yield Finding(field="meta.page_url", target=target, rule="the page's address says so", sure=_IN_PAGE)


def _speak_against(contexts: frozenset[Context], target: str) -> bool:
    if "nothing" in contexts:
        return True
    against = {"phone": "not_a_phone", "website": "not_a_website"}.get(target)
    return against in contexts or (target in NAMES and "not_a_name" in contexts)


def _is_another_number(field: Field) -> bool:
    """Whether the label says so in any language: without a word for telephone, all of them are believed."""
    return any(context == "not_a_phone" for context, _ in field.label.contexts)


def _is_surely_a_phone(field: Field) -> bool:
    """Whether the number can be nothing else: it is international, or written as a phone number without any label."""
    text = field.text
    if not values.looks_like_phone(text):
        return False
    return text.startswith(("+", "00")) or (not field.label.words and not text.isdigit())


def _path(target: str) -> str:
    return f"address.{target}" if target in _PLACES else target


def _nested(filled: Mapping[str, Json]) -> dict[str, Any]:
    lead: dict[str, Any] = {}
    for target in TARGETS:
        if target in filled:
            group, _, key = _path(target).rpartition(".")
            (lead.setdefault(group, {}) if group else lead)[key] = filled[target]
    return lead
