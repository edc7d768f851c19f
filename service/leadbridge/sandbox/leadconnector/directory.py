"""Every location, and where each contact is: most calls name a contact alone."""

from leadbridge.sandbox.leadconnector.contacts import Contact
from leadbridge.sandbox.leadconnector.location import Location
from leadbridge.sandbox.leadconnector.problems import Refused
from leadbridge.sandbox.world import World


class Directory:
    """Locations by id, made when they are first named."""

    def __init__(self, world: World) -> None:
        self.locations: dict[str, Location] = {}
        self._homes: dict[str, Location] = {}
        self._world = world

    def location(self, location_id: str) -> Location:
        """The location of that id; made, and empty, when it is first asked for."""
        location = self.locations.get(location_id)
        if location is None:
            location = self.locations[location_id] = Location(location_id, self._world)
        return location

    @property
    def company(self) -> str:
        """The company of locations that have none of their own."""
        return self._world.options.leadconnector.company

    def settle(self, contact: Contact, location: Location) -> None:
        """A contact is in this location."""
        self._homes[contact.id] = location

    def find(self, contact_id: str) -> tuple[Location, Contact] | None:
        """A contact and where it is; None when there is none."""
        location = self._homes.get(contact_id)
        contact = location.contacts.get(contact_id) if location is not None else None
        return (location, contact) if location is not None and contact is not None else None

    def home_of(self, contact_id: str) -> tuple[Location, Contact]:
        """A contact and where it is; refuses an id that nobody has, with 400 and not 404."""
        found = self.find(contact_id)
        if found is None:
            raise Refused(400, f"Contact with id {contact_id} not found")
        return found

    def delete(self, contact_id: str) -> None:
        """Remove a contact; refuses an id that nobody has."""
        location, contact = self.home_of(contact_id)
        location.delete(contact)
        del self._homes[contact_id]

    def clear(self) -> None:
        """Forget every location, with all contacts in it."""
        self.locations.clear()
        self._homes.clear()
