"""A location's workflows, and the contacts in them."""

from collections.abc import Iterable

from leadbridge.events import Json
from leadbridge.sandbox.leadconnector.catalog import WORKFLOWS, Workflow
from leadbridge.sandbox.leadconnector.problems import Refused


class Workflows:
    """A draft answers as if it took the contact, and nothing runs (seen, not documented)."""

    def __init__(self) -> None:
        self._workflows = {workflow.id: workflow for workflow in WORKFLOWS}
        self._contacts: dict[str, dict[str, str | None]] = {}  # workflow to contact to when its event starts

    def add(self, workflows: Iterable[Workflow]) -> None:
        """More workflows; one with a known id replaces it."""
        self._workflows |= {workflow.id: workflow for workflow in workflows}

    def enter(self, workflow_id: str, contact_id: str, *, starts: str | None) -> None:
        """Put a contact into a workflow; refuses an id that nobody has."""
        if self._named(workflow_id).status == "published":
            self._contacts.setdefault(workflow_id, {})[contact_id] = starts

    def leave(self, workflow_id: str, contact_id: str) -> None:
        """Take a contact out of a workflow, if it is in; refuses an id that nobody has."""
        self._contacts.get(self._named(workflow_id).id, {}).pop(contact_id, None)

    def forget(self, contact_id: str) -> None:
        """Take a contact out of all workflows."""
        for contacts in self._contacts.values():
            contacts.pop(contact_id, None)

    def listed(self) -> list[dict[str, Json]]:
        """Every workflow with the contacts in it."""
        return [
            {
                **workflow.model_dump(),
                "contacts": [
                    {"contactId": contact_id, "eventStartTime": starts}
                    for contact_id, starts in self._contacts.get(workflow.id, {}).items()
                ],
            }
            for workflow in self._workflows.values()
        ]

    def _named(self, workflow_id: str) -> Workflow:
        workflow = self._workflows.get(workflow_id)
        if workflow is None:
            raise Refused(400, f"Workflow with id {workflow_id} not found")
        return workflow
