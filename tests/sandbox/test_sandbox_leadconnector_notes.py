"""Notes and workflows of the emulated LeadConnector."""

import pytest

from leadbridge.events import Json
from leadbridge.sandbox import Fault, LeadConnectorSeed, LoseField
from tests.support.walked import walked

from .leadconnector_support import said
from .support import Bench, upsert

PUBLISHED, DRAFT = "wrkflwNew0Sandbox001", "wrkflwDrf0Sandbox002"


async def contact_in(bench: Bench) -> str:
    contact_id: str = (await upsert(bench))["contact"]["id"]
    return contact_id


async def noted(bench: Bench, contact_id: str, **values: Json) -> dict[str, Json]:
    answer = await bench.leadconnector("POST", f"/contacts/{contact_id}/notes", {"body": "Called", **values})
    assert answer.status_code == 201, answer.text
    note: dict[str, Json] = answer.json()["note"]
    return note


async def notes_of(bench: Bench, contact_id: str) -> list[dict[str, Json]]:
    listed: list[dict[str, Json]] = (await bench.leadconnector("GET", f"/contacts/{contact_id}/notes")).json()["notes"]
    return listed


async def test_a_note_is_kept_with_its_contact_and_listed_newest_first() -> None:
    bench = Bench()
    contact_id = await contact_in(bench)
    first = await noted(bench, contact_id, title="Call", userId="user-1", pinned=True)
    bench.clock.elapsed += 60
    second = await noted(bench, contact_id, body="Called again")

    assert first == {
        "id": first["id"],
        "body": "Called",
        "title": "Call",
        "userId": "user-1",
        "pinned": True,
        "dateAdded": "2025-06-15T15:06:40.000Z",
        "contactId": contact_id,
    }
    assert await notes_of(bench, contact_id) == [second, first]
    assert (await bench.control.state())["leadconnector"]["LOC1"]["notes"] == [first, second]
    one = await bench.leadconnector("GET", f"/contacts/{contact_id}/notes/{first['id']}")
    assert (one.status_code, one.json()["note"]) == (200, first)


async def test_a_repeated_note_is_a_second_note() -> None:
    bench = Bench()
    contact_id = await contact_in(bench)
    await noted(bench, contact_id)
    await noted(bench, contact_id)

    assert [note["body"] for note in await notes_of(bench, contact_id)] == ["Called", "Called"]


async def test_a_change_keeps_what_it_leaves_out_and_a_deletion_is_for_good() -> None:
    bench = Bench()
    contact_id = await contact_in(bench)
    note = await noted(bench, contact_id, title="Call")
    path = f"/contacts/{contact_id}/notes/{note['id']}"
    changed = await bench.leadconnector("PUT", path, {"color": "#FFAA00"})

    assert changed.json()["note"] == {**note, "color": "#FFAA00"}
    assert (await bench.leadconnector("DELETE", path)).json()["succeded"] is True
    assert said(await bench.leadconnector("DELETE", path)) == (400, f"Note with id {note['id']} not found")
    assert await notes_of(bench, contact_id) == []


@pytest.mark.parametrize(
    ("body", "messages"),
    [
        ({}, ["body must be a string"]),
        ({"body": ""}, ["body should not be empty"]),
        ({"body": 5, "pinned": "yes"}, ["body must be a string", "pinned must be a boolean value"]),
        ({"body": "a", "text": "b"}, ["property text should not exist"]),
        ([], ["the request body must be an object"]),
    ],
)
async def test_a_note_that_is_wrong_is_refused(body: Json, messages: list[str]) -> None:
    bench = Bench()
    contact_id = await contact_in(bench)

    assert said(await bench.leadconnector("POST", f"/contacts/{contact_id}/notes", body)) == (422, messages)
    assert await notes_of(bench, contact_id) == []


async def test_a_note_is_its_contacts_alone() -> None:
    bench = Bench()
    contact_id = await contact_in(bench)
    note = await noted(bench, contact_id)
    seed = LeadConnectorSeed.model_validate({"account": "LOC1", "contacts": [{"email": "c@b.test"}]})
    (other,) = await bench.control.seed(seed)

    answer = await bench.leadconnector("GET", f"/contacts/{other}/notes/{note['id']}")
    assert said(answer) == (400, f"Note with id {note['id']} not found")
    answer = await bench.leadconnector("POST", "/contacts/NOPE/notes", {"body": "a"})
    assert said(answer) == (400, "Contact with id NOPE not found")


async def test_a_lost_field_of_a_note_is_not_kept() -> None:
    bench = Bench()
    contact_id = await contact_in(bench)
    await bench.control.fault(Fault(action=LoseField(field="title")))

    assert "title" not in await noted(bench, contact_id, title="Call")


async def in_workflows(bench: Bench) -> dict[str, list[dict[str, Json]]]:
    listed = (await bench.control.state())["leadconnector"]["LOC1"]["workflows"]
    return {workflow["id"]: workflow["contacts"] for workflow in listed}


async def test_a_contact_enters_a_published_workflow_once_and_leaves_it() -> None:
    bench = Bench()
    contact_id = await contact_in(bench)
    path = f"/contacts/{contact_id}/workflow/{PUBLISHED}"
    body = {"eventStartTime": "2026-06-23T03:30:00+01:00"}
    for _ in range(2):
        assert (await bench.leadconnector("POST", path, body)).status_code == 200
    entered = await in_workflows(bench)
    for _ in range(2):
        assert (await bench.leadconnector("DELETE", path, {})).json()["succeded"] is True

    assert entered == {PUBLISHED: [{"contactId": contact_id, **body}], DRAFT: []}
    assert await in_workflows(bench) == {PUBLISHED: [], DRAFT: []}


async def test_a_draft_answers_alike_and_takes_nobody() -> None:
    bench = Bench()
    contact_id = await contact_in(bench)
    answer = await bench.leadconnector("POST", f"/contacts/{contact_id}/workflow/{DRAFT}")

    assert (answer.status_code, answer.json()["succeded"]) == (200, True)
    assert await in_workflows(bench) == {PUBLISHED: [], DRAFT: []}


@walked("method", ["POST", "DELETE"])
@walked(
    ("workflow", "body", "status", "message"),
    [
        ("NOPE", {}, 400, "Workflow with id NOPE not found"),
        (PUBLISHED, {"eventStartTime": 5}, 422, ["eventStartTime must be a string"]),
        (PUBLISHED, {"when": "now"}, 422, ["property when should not exist"]),
    ],
)
async def test_a_workflow_call_that_is_wrong_is_refused(
    method: str, workflow: str, body: Json, status: int, message: Json
) -> None:
    bench = Bench()
    contact_id = await contact_in(bench)

    answer = await bench.leadconnector(method, f"/contacts/{contact_id}/workflow/{workflow}", body)
    assert said(answer) == (status, message)


async def test_a_deleted_contact_takes_its_notes_and_workflows_along() -> None:
    bench = Bench()
    contact_id = await contact_in(bench)
    await noted(bench, contact_id)
    await bench.leadconnector("POST", f"/contacts/{contact_id}/workflow/{PUBLISHED}", {})
    await bench.leadconnector("DELETE", f"/contacts/{contact_id}")

    assert (await bench.control.state())["leadconnector"]["LOC1"]["notes"] == []
    assert await in_workflows(bench) == {PUBLISHED: [], DRAFT: []}


async def test_a_seed_brings_workflows_and_replaces_a_known_one() -> None:
    bench = Bench()
    workflows = [{"id": "wf9", "name": "Nurture"}, {"id": DRAFT, "name": "Follow-up", "status": "published"}]
    seed = {"account": "LOC1", "contacts": [{"email": "a@b.test"}], "workflows": workflows}
    (contact_id,) = await bench.control.seed(LeadConnectorSeed.model_validate(seed))
    for workflow in ("wf9", DRAFT):
        await bench.leadconnector("POST", f"/contacts/{contact_id}/workflow/{workflow}", {})
    entered = await in_workflows(bench)

    assert {workflow: len(contacts) for workflow, contacts in entered.items()} == {PUBLISHED: 0, DRAFT: 1, "wf9": 1}
