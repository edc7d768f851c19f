"""The scratch set-up that is proved: sources, accounts and routes, and what the CRMs hold beforehand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from leadbridge.plan import RecordKind
from leadbridge.sandbox.app import COPPER_PATH, LEADCONNECTOR_PATH
from leadbridge.sandbox.copper.catalog import Definition
from leadbridge.sandbox.emulator import CrmName
from leadbridge.sandbox.leadconnector.catalog import ContactField
from leadbridge.sandbox.options import CopperOptions, LeadConnectorOptions
from leadbridge.sandbox.seeds import CopperSeed, LeadConnectorSeed

SourceName: TypeAlias = Literal["website", "relay", "partner"]

TIME_SCALE: Final = 20.0  # a minute of quota lasts three seconds
SERIAL: Final = 900_001  # the custom field that holds a submission's number, in Copper
SCORE: Final = 900_002
FOREIGN_TAG: Final = "vip"  # set by a salesperson beforehand: nobody may take it away

# They open nothing but the sandbox.
ENVIRON: Final[Mapping[str, str]] = {
    "WEBSITE_TOKEN": "prove-website-token",
    "RELAY_PASSWORD": "prove-relay-password",
    "PARTNER_SECRET": "whsec_bGVhZGJyaWRnZS1wcm92ZS1wYXJ0bmVyLXNlY3JldA==",
    "LEADS_TOKEN": "prove-leads",
    "PEOPLE_TOKEN": "prove-people",
    "DALLAS_TOKEN": "pit-prove-dallas",
    "HOUSTON_TOKEN": "pit-prove-houston",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """One account in the sandbox, with what is kept in it of a lead."""

    name: str
    crm: CrmName
    account: str
    upsert: RecordKind
    sources: tuple[SourceName, ...]
    notes: bool = False  # whether each submission leaves one

    @property
    def records(self) -> str:
        """What its records are called in the sandbox's state."""
        return {"lead": "leads", "person": "people", "contact": "contacts"}[self.upsert]

    @property
    def keeps_phones(self) -> bool:
        """Whether phones are a list that grows; else they are one number, which may be another contact's."""
        return self.crm == "copper"

    @property
    def keeps_company(self) -> bool:
        """Whether a company's name is an attribute of a record."""
        return self.upsert != "person"

    @property
    def limit(self) -> int:
        """Calls that the account allows in any `window`."""
        rate = CopperOptions().quota if self.crm == "copper" else LeadConnectorOptions().quota
        return rate.limit if rate else 0

    @property
    def window(self) -> float:
        """Seconds, as the sandbox counts them."""
        rate = CopperOptions().quota if self.crm == "copper" else LeadConnectorOptions().quota
        return rate.window / TIME_SCALE if rate else 0.0


DESTINATIONS: Final = (
    Destination(
        name="leads",
        crm="copper",
        account=ENVIRON["LEADS_TOKEN"],
        upsert="lead",
        sources=("website", "relay", "partner"),
    ),
    Destination(
        name="people",
        crm="copper",
        account=ENVIRON["PEOPLE_TOKEN"],
        upsert="person",
        sources=("website", "partner"),
        notes=True,
    ),
    Destination(
        name="dallas", crm="leadconnector", account="prove-dallas", upsert="contact", sources=("website", "partner")
    ),
    Destination(
        name="houston",
        crm="leadconnector",
        account="prove-houston",
        upsert="contact",
        sources=("relay", "partner"),
        notes=True,
    ),
)

_HEAD: Final = """\
version: 1
sources:
  website:                             # answered in the order in which it sends
    preset: generic
    verify: {scheme: token, header: X-Webhook-Token, secrets: ["${WEBSITE_TOKEN}"]}
  relay:                               # a form, known again by a field of its own
    preset: generic
    verify: {scheme: basic, username: relay, secrets: ["${RELAY_PASSWORD}"]}
    dedupe: "{{ meta.submission_id }}"
  partner:                             # says when each event was, and sends them in any order
    preset: standard-webhooks
    verify: {secrets: ["${PARTNER_SECRET}"]}
destinations:
"""
_ACCOUNTS: Final[Mapping[CrmName, str]] = {
    "copper": """\
  {name}:
    crm: copper
    access_token: ${{{token}}}
    user_email: {name}@example.com
    base_url: {base_url}
    quota: {{limit: {limit}, window: {window:g}}}
""",
    "leadconnector": """\
  {name}:
    crm: leadconnector
    location_id: {account}
    token: ${{{token}}}
    base_url: {base_url}
    quota: {{limit: {limit}, window: {window:g}}}
""",
}
_ROUTE: Final = """\
  - name: {name} takes {sources}
    from: [{sources}]
    to: {name}
    upsert: {upsert}
    match: [email]
    lead:
      name: "{{{{ fields.name }}}}"
      email: "{{{{ fields.email }}}}"
      phone: "{{{{ fields.phone }}}}"
{company}    custom_fields:
      Serial: "{{{{ fields.serial | number }}}}"
      Score: "{{{{ fields.score | number }}}}"
    tags: {{add: ["{{{{ fields.tag }}}}"]}}
"""
_COMPANY: Final = """\
      company: "{{ fields.company }}"
"""
_NOTE: Final = """\
    note: "Submission {{ fields.serial }}."
"""
_PATHS: Final[Mapping[CrmName, str]] = {"copper": COPPER_PATH, "leadconnector": LEADCONNECTOR_PATH}


def configuration(sandbox_url: str) -> str:
    """The service's configuration, sending nowhere but to the sandbox."""
    accounts = [
        _ACCOUNTS[one.crm].format(
            name=one.name,
            account=one.account,
            token=f"{one.name.upper()}_TOKEN",
            base_url=sandbox_url + _PATHS[one.crm],
            limit=one.limit,
            window=one.window,
        )
        for one in DESTINATIONS
    ]
    routes = [
        _ROUTE.format(
            name=one.name,
            sources=", ".join(one.sources),
            upsert=one.upsert,
            company=_COMPANY if one.keeps_company else "",
        )
        + (_NOTE if one.notes else "")
        for one in DESTINATIONS
    ]
    return "".join((_HEAD, *accounts, "routes:\n", *routes))


def seeds(known: Sequence[str]) -> tuple[CopperSeed | LeadConnectorSeed, ...]:
    """What the accounts hold before the first submission: custom fields, and a tagged record for each known e-mail."""
    return tuple(
        CopperSeed(
            account=one.account,
            custom_field_definitions=tuple(
                Definition(id=number, name=name, data_type="Float")
                for number, name in ((SERIAL, "Serial"), (SCORE, "Score"))
            ),
            leads=tuple(
                {"name": "A Customer", "email": {"email": email, "category": "work"}, "tags": [FOREIGN_TAG]}
                for email in (known if one.upsert == "lead" else ())
            ),
            people=tuple(
                {"name": "A Customer", "emails": [{"email": email, "category": "work"}], "tags": [FOREIGN_TAG]}
                for email in (known if one.upsert == "person" else ())
            ),
        )
        if one.crm == "copper"
        else LeadConnectorSeed(
            account=one.account,
            custom_fields=(
                ContactField(id=str(SERIAL), name="Serial", data_type="NUMERICAL"),
                ContactField(id=str(SCORE), name="Score", data_type="NUMERICAL"),
            ),
            contacts=tuple({"firstName": "A", "email": email, "tags": [FOREIGN_TAG]} for email in known),
        )
        for one in DESTINATIONS
    )
