"""From a submission's fields to the lead: every field's claims, the surest first."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache, partial
from typing import Any, Final

from phonenumbers import SUPPORTED_REGIONS

from leadbridge.events import Event, Json
from leadbridge.recognise import values
from leadbridge.recognise.addresses import parts_of_address, with_city, without_place
from leadbridge.recognise.claims import NAMES
from leadbridge.recognise.contacts import email_within, phone_in, says_more
from leadbridge.recognise.findings import Finding, Recognised
from leadbridge.recognise.form import Field, fields_of
from leadbridge.recognise.labels import Reader
from leadbridge.recognise.naming import (
    PARTS_OF_SURNAME,
    anothers,
    family_first,
    with_halves,
    with_whole_names,
    with_whole_surname,
    without_outer_names,
)
from leadbridge.recognise.tables import Tables, default_tables
from leadbridge.recognise.vetting import TARGETS
from leadbridge.recognise.weighing import ENOUGH, PLACES, Candidate, Weighing
from leadbridge.recognise.words import UNSPACED, folded

_IN_TEXT: Final = 0.3
_IN_PAGE: Final = 0.9


def recognise(event: Event, *, region: str | None, tables: Tables | None = None) -> Recognised:
    """The lead that the event's fields make, without any mapping. Pure, and the same each time.

    National phone numbers are read as of the form's own country when it gives one, else of `region` (ISO 3166-1
    alpha-2). Fields about somebody else (a friend, a spouse, an emergency contact) fill nothing. `tables` are those
    that are shipped unless others are given.
    """
    reader = _default_reader() if tables is None else Reader(tables)
    fields, rest = fields_of(event, reader)
    found = _Recognition(event, fields, reader, region=region).result()
    return replace(found, other={**found.other, **rest}) if rest else found


@cache
def _default_reader() -> Reader:
    return Reader(default_tables())


class _Recognition:
    def __init__(self, event: Event, fields: list[Field], reader: Reader, *, region: str | None) -> None:
        self._event = event
        self._fields = fields
        self._reader = reader
        self._region = region
        self._courtesy = reader.tables.courtesy
        self._weighing = Weighing(fields, reader, _unfilled(event))
        self._filled: dict[str, Json] = {}
        self._findings: dict[int, Finding] = {}  # by the place of the field
        self._values: dict[tuple[int, str], Json] = {}

    def result(self) -> Recognised:
        candidates = without_outer_names(self._weighing.candidates(), self._weighing)
        candidates = with_halves(candidates, self._read)
        candidates = with_whole_names(candidates, partial(self._weighing.asks_for, candidates))
        if outranked := self._outranked(candidates):
            candidates = [each for each in candidates if each.field.at not in outranked]
        surest = {each.field.at: each.target for each in reversed(candidates)}
        self._fill([each for each in candidates if each.target == "country" == surest[each.field.at]])
        country = self._filled.get("country")
        if country in SUPPORTED_REGIONS:
            self._region = str(country)
        self._fill(candidates)
        if "street" in self._filled and self._filled.keys().isdisjoint(PLACES - {"street", "country"}):
            parts = parts_of_address(str(self._filled["street"]))
            self._filled = parts | self._filled | {"street": parts.get("street", self._filled["street"])}
        elif "street" in self._filled:
            self._filled["street"] = without_place(str(self._filled["street"]), self._filled)
        if "postal_code" in self._filled and "city" not in self._filled:
            self._filled |= with_city(str(self._filled["postal_code"]))
        if "last_name_prefix" in self._filled or "second_last_name" in self._filled:
            self._filled = with_whole_surname(self._filled)
        self._leave_out(*anothers(self._filled, self._findings.values()))
        self._leave_out_unclear_consent(candidates)
        self._note_repeated(candidates)
        if name := family_first(self._filled, region=self._region):
            self._filled["name"] = name
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
        return finding is not None and not says_more(field.text, finding.target, self._region)

    def _spam(self) -> str | None:
        for field in self._fields:
            if field.label.trap and values.is_filled(field.value, self._reader.tables):
                return f"the field `{field.name}`, a trap that people do not see, was filled"
        return None

    def _fill(self, candidates: list[Candidate]) -> None:
        for each in candidates:
            if each.target in self._filled or each.field.at in self._findings or each.sure < ENOUGH:
                continue
            value = self._read(each)
            if value is not None:
                self._filled[each.target] = value
                self._use(each)

    def _leave_out(self, *targets: str) -> None:
        if targets:
            for target in targets:
                self._filled.pop(target, None)
            self._findings = {at: each for at, each in self._findings.items() if each.target not in targets}

    def _leave_out_unclear_consent(self, candidates: list[Candidate]) -> None:
        """Yes to one thing and no to another, e-mails and calls, is no answer for the lead."""
        asked = [each for each in candidates if each.target == "consent" and each.sure >= ENOUGH]
        if {True, False} <= {self._read(each) for each in asked}:
            self._leave_out("consent")

    def _outranked(self, candidates: list[Candidate]) -> set[int]:
        """The fields whose yes or no is about something else than the lead's: the terms, beside a newsletter."""
        asked = [each for each in candidates if each.target == "consent" and each.sure >= ENOUGH]
        if len(asked) < 2:
            return set()
        ranks = {each.field.at: self._rank(each.field) for each in asked if self._read(each) is not None}
        return {at for at, rank in ranks.items() if rank > min(ranks.values())}

    def _rank(self, field: Field) -> int:
        """What is sent to people goes before any other consent, and terms and how data are kept go behind it."""
        contexts = self._weighing.contexts[field.at]
        return 0 if "offers" in contexts else 2 if "processing" in contexts else 1

    def _note_repeated(self, candidates: list[Candidate]) -> None:
        """A field that says again what another one said is used too: "Confirm e-mail"."""
        for each in candidates:
            if each.field.at not in self._findings and each.target in self._filled:
                value = self._read(each)
                if value is not None and value == self._filled[each.target]:
                    self._use(each._replace(rule=f"{each.rule}, and the value is the same again"))

    def _use(self, each: Candidate) -> None:
        self._findings[each.field.at] = Finding(
            field=each.field.name, target=_path(each.target), rule=each.rule, sure=each.sure
        )

    def _read(self, each: Candidate) -> Json:
        """The value as the lead has it; None when it cannot be what the target wants."""
        key = each.field.at, each.target
        if key not in self._values:
            self._values[key] = self._read_now(each)
        return self._values[key]

    def _read_now(self, each: Candidate) -> Json:
        if each.target == "consent":
            return self._consent(each.field)
        if not each.field.text or (each.target in NAMES and values.is_courtesy(each.field.text, self._courtesy)):
            return None
        if each.target == "phone":
            return phone_in(each.field.text, self._region)
        if each.target == "name":
            family_first = each.field.label.family_first
            return values.full_name_in(each.field.text, self._region, self._courtesy, family_first=family_first)
        if each.target == "title":
            return values.title_in(each.field.text, self._courtesy)
        return values.READERS[each.target](each.field.text)

    def _consent(self, field: Field) -> bool | None:
        """Yes or no, or what a chosen box says; "No newsletter" that is ticked is a no, and says nothing otherwise."""
        said = values.consent_in(field.value, self._reader.tables)
        if not field.label.refuses:
            return self._reader.agrees(field.text) if said is None else said
        is_sentence = " " in field.text or UNSPACED.search(field.text) is not None
        is_repeated = is_sentence and folded(field.text) in folded(field.name)  # the box has its label for a value
        return False if said or is_repeated or self._reader.agrees(field.text) is False else None

    def _email_in_text(self) -> Iterator[Finding]:
        """An address among the words of a text, when there is no other."""
        if "email" in self._filled:
            return
        for field in self._fields:
            if field.label.trap or self._weighing.contexts[field.at] & {"someone_else", "nothing"}:
                continue
            found = email_within(field.text)
            if found and not self._reader.tells_of_another(found[1]):
                self._filled["email"] = found[0]
                yield Finding(field=field.name, target="email", rule="the text has an e-mail address", sure=_IN_TEXT)
                return

    def _campaign_in_page(self) -> Iterator[Finding]:
        """The campaign tags of the page's address, when no field has any."""
        if any(target.startswith("utm.") for target in self._filled):
            return
        for target, value in values.campaign_in(self._event.meta.get("page_url")):
            self._filled[target] = value
            yield Finding(field="meta.page_url", target=target, rule="the page's address says so", sure=_IN_PAGE)


def _unfilled(event: Event) -> Iterator[str]:
    return (name for name, value in event.fields.items() if values.is_blank(value))


def _path(target: str) -> str:
    if target in PLACES:
        return f"address.{target}"
    return "last_name" if target in PARTS_OF_SURNAME else target


def _nested(filled: Mapping[str, Json]) -> dict[str, Any]:
    lead: dict[str, Any] = {}
    for target in TARGETS:
        if target in filled:
            group, _, key = _path(target).rpartition(".")
            (lead.setdefault(group, {}) if group else lead)[key] = filled[target]
    return lead
