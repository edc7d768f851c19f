"""One Copper account: its lists, its leads, its people and the activities on them."""

from collections.abc import Mapping

from leadbridge.events import Json
from leadbridge.sandbox.copper.activities import Activities
from leadbridge.sandbox.copper.attributes import unrecognised
from leadbridge.sandbox.copper.catalog import Catalog
from leadbridge.sandbox.copper.collection import Collection
from leadbridge.sandbox.copper.leads import LEAD
from leadbridge.sandbox.copper.people import PERSON
from leadbridge.sandbox.copper.problems import Invalid
from leadbridge.sandbox.copper.setup import Setup
from leadbridge.sandbox.ids import digest
from leadbridge.sandbox.seeds import CopperSeed
from leadbridge.sandbox.world import World


class Account:
    """`converted` are the leads that became people: no endpoint but search, when it is asked to, shows them."""

    def __init__(self, name: str, world: World) -> None:
        self.name = name
        self.number = 10_000 + int.from_bytes(digest(name, size=3))
        self.setup = Setup(world)
        self.leads = Collection(LEAD, self.setup)
        self.converted = Collection(LEAD, self.setup)
        self.people = Collection(PERSON, self.setup)
        self.activities = Activities(self.setup)
        self.opportunities: list[dict[str, Json]] = []

    @property
    def catalog(self) -> Catalog:
        """The lists the account is set up with."""
        return self.setup.catalog

    def seed(self, seed: CopperSeed) -> list[str]:
        """Put lists, leads and people beforehand; answers the records' ids, the leads' first.

        Raises `Invalid`, and keeps nothing, when one is wrong.
        """
        before = self.catalog
        self.setup.catalog = before.extended(
            definitions=seed.custom_field_definitions,
            statuses=seed.lead_statuses,
            sources=seed.customer_sources,
            contact_types=seed.contact_types,
            users=seed.users,
            companies=seed.companies,
            pipelines=seed.pipelines,
        )
        try:
            leads, people = self.leads.seeds(seed.leads), self.people.seeds(seed.people)
        except Invalid:
            self.setup.catalog = before
            raise
        self.leads.plant(leads)
        self.people.plant(people)
        return [str(record.id) for record in (*leads, *people)]

    def state(self) -> dict[str, Json]:
        """Every record, as the API answers it."""
        return {
            "leads": [self.leads.answer(lead) for lead in self.leads],
            "people": [self.people.answer(person) for person in self.people],
            "converted_leads": [self.converted.answer(lead) for lead in self.converted],
            "companies": [company.model_dump() for company in self.catalog.companies.values()],
            "opportunities": list(self.opportunities),
            "activities": list(self.activities),
        }


def body_of(payload: Json, *known: str) -> Mapping[str, Json]:
    """A body that is an object with only `known` keys (any, when none is given)."""
    if not isinstance(payload, Mapping):
        raise Invalid("Base: the request body must be an object")
    unknown = [key for key in payload if known and key not in known]
    if unknown:
        raise Invalid(unrecognised(unknown))
    return payload
