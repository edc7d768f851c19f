"""`POST /leads/{id}/convert`: a lead becomes a person, with a company and an opportunity if wanted.

https://developer.copper.com/leads/convert-a-lead.html; left open there and decided here: a person who has the lead's
e-mail already is found, not made again, and keeps what is known of them; without a company in the call, the lead's own
`company_name` is taken; names of companies are alike when they differ in case, punctuation or legal form alone.
"""

import re
from collections.abc import Mapping
from typing import Final

from leadbridge.events import Json
from leadbridge.sandbox.copper.account import Account, body_of
from leadbridge.sandbox.copper.attributes import OPPORTUNITY_ATTRIBUTES, Reader, read_attributes
from leadbridge.sandbox.copper.catalog import Company
from leadbridge.sandbox.copper.endpoints import Handler
from leadbridge.sandbox.copper.names import PARTS
from leadbridge.sandbox.copper.people import PERSON
from leadbridge.sandbox.copper.problems import Invalid, not_found
from leadbridge.sandbox.copper.records import Record
from leadbridge.sandbox.exchange import ApiReply, ApiRequest, json_reply

_PERSON_ATTRIBUTES: Final = {name: PERSON.attributes[name] for name in ("name", "contact_type_id", "assignee_id")}
_LEGAL_FORMS: Final = frozenset({"inc", "llc", "ltd", "limited", "gmbh", "corp", "corporation", "co", "company"})


def _convert(account: Account, request: ApiRequest, lead_id: str) -> ApiReply:
    """The lead leaves the lists; only a search that includes converted leads shows it."""
    lead = account.leads.get(lead_id)
    if lead is None:
        return not_found()
    details = body_of(
        body_of(request.payload or {}, "details").get("details") or {}, "person", "company", "opportunity"
    )
    # All is read before anything is written, so that a refusal changes nothing.
    wanted = _attributes(account, details.get("person"), _PERSON_ATTRIBUTES)
    named = _company_named(account, lead, details.get("company"))
    deal = _deal(account, details.get("opportunity"))

    company = _company(account, named)
    person = _person(account, lead, wanted, company)
    opportunity = _opportunity(account, deal, person, company) if deal is not None else None
    account.leads.delete(lead)
    converted = {
        "converted_at": account.setup.world.unix_seconds(),
        "converted_contact_id": person.id,
        "converted_opportunity_id": opportunity["id"] if opportunity else None,
    }
    account.converted.change(lead, converted)
    answer = {
        "person": account.people.answer(person),
        "company": company.model_dump() if company else None,
        "opportunity": opportunity,
    }
    return json_reply(200, answer, record_id=str(person.id))


def _attributes(account: Account, given: Json, table: Mapping[str, Reader]) -> dict[str, Json]:
    """What is given and not blank."""
    values, problems = read_attributes(body_of(given or {}), account.catalog, table=table)
    if problems:
        raise Invalid(*problems)
    return {key: value for key, value in values.items() if value is not None and str(value).strip()}


def _company_named(account: Account, lead: Record, given: Json) -> Company | str | None:
    """The company that is meant: one there is, the name of one to be made, or none."""
    stated = body_of(given or {}, "id", "name", "exact_match")
    if "id" in stated and "name" in stated:
        raise Invalid("Company: id and name are mutually exclusive")
    if "id" in stated:
        company = account.catalog.companies.get(stated["id"]) if type(stated["id"]) is int else None
        if company is None:
            raise Invalid(f"Company Id: Invalid value for Company Id: {stated['id']}")
        return company
    name, exact = stated.get("name", lead.values.get("company_name") or ""), stated.get("exact_match", False)
    if not isinstance(name, str) or not isinstance(exact, bool):
        raise Invalid("Company: name must be a string and exact_match true or false")
    if not name.strip():
        return None
    alike = str.strip if exact else _plain_name
    same = (company for company in account.catalog.companies.values() if alike(company.name) == alike(name))
    return next(same, name.strip())


def _plain_name(name: str) -> str:
    words = re.findall(r"\w+", name.lower())
    return " ".join(word for word in words if word not in _LEGAL_FORMS) or " ".join(words) or name.strip()


def _company(account: Account, named: Company | str | None) -> Company | None:
    if not isinstance(named, str):
        return named
    company = Company(id=account.setup.world.ids.number(), name=named)
    account.setup.catalog = account.catalog.extended(companies=(company,))
    return company


def _person(account: Account, lead: Record, wanted: dict[str, Json], company: Company | None) -> Record:
    found = [person for email in lead.emails() for person in account.people.matching("email", email)]
    origin: dict[str, Json] = {"date_lead_created": lead.date_created}
    if found:
        origin["leads_converted_from"] = [*found[0].values["leads_converted_from"], lead.id]
        if company is not None and found[0].values.get("company_id") is None:
            origin["company_id"] = company.id
        return account.people.change(found[0], origin)
    email = lead.values.get("email")
    fields = {entry.id for entry in account.catalog.definitions_on("person")}
    shared: dict[str, Json] = {
        key: value for key, value in lead.values.items() if key in PERSON.attributes and value is not None
    }
    if "name" in wanted:
        shared = {key: value for key, value in shared.items() if key not in PARTS}
    return account.people.add(
        {
            **shared,
            "emails": [email] if email else [],
            "custom_fields": {key: value for key, value in lead.custom_fields.items() if key in fields},
            "company_id": company.id if company else None,
            "leads_converted_from": [lead.id],
            **origin,
            **wanted,
        }
    )


def _deal(account: Account, given: Json) -> dict[str, Json] | None:
    """The opportunity that is wanted, in a pipeline and a stage of it; None when none is."""
    if given is None:
        return None
    deal = _attributes(account, given, OPPORTUNITY_ATTRIBUTES)
    if not deal.get("name"):
        raise Invalid("Opportunity Name: can't be blank")
    pipelines = account.catalog.pipelines
    pipeline = pipelines[deal["pipeline_id"]] if "pipeline_id" in deal else next(iter(pipelines.values()))
    stage = deal.get("pipeline_stage_id", pipeline.stages[0].id)
    if stage not in {entry.id for entry in pipeline.stages}:
        raise Invalid(f"Pipeline Stage Id: Invalid value for Pipeline Stage Id: {stage}")
    return {**deal, "pipeline_id": pipeline.id, "pipeline_stage_id": stage}


def _opportunity(account: Account, deal: dict[str, Json], person: Record, company: Company | None) -> dict[str, Json]:
    now = account.setup.world.unix_seconds()
    opportunity: dict[str, Json] = {
        "id": account.setup.world.ids.number(),
        "assignee_id": None,
        "monetary_value": None,
        **deal,
        "company_id": company.id if company else None,
        "company_name": company.name if company else None,
        "primary_contact_id": person.id,
        "status": "Open",
        "date_created": now,
        "date_modified": now,
    }
    account.opportunities.append(opportunity)
    return opportunity


CONVERT_ROUTES: Final[list[tuple[str, str, Handler]]] = [("POST", "/leads/{id}/convert", _convert)]
