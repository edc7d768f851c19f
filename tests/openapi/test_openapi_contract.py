"""The official document is held against what is sent and answered, and is known where it is wrong."""

import pytest
from jsonschema import ValidationError  # type: ignore[import-untyped]  # it ships no types

from leadbridge.events import Json
from tests.support.walked import walked

from .contract import FILES, FOLDER, Undocumented, check_answer, check_request, documented, read
from .gaps import GAPS, Gap, at

LOC = {"locationId": "LOC1"}


@walked(
    ("method", "path", "body"),
    [
        ("POST", "/contacts/upsert", {"email": "a@b.test"}),
        ("POST", "/contacts/upsert", {**LOC, "shoe": 43}),
        ("POST", "/contacts/upsert", {**LOC, "email": 5}),
        ("POST", "/contacts/upsert", {**LOC, "gender": None}),
        ("POST", "/contacts/upsert", {**LOC, "customFields": [{"id": "F1", "value": "v"}]}),
        ("POST", "/contacts/C1/notes", {"title": "x"}),
        ("POST", "/contacts/C1/tags", None),
        ("GET", "/contacts/C1", {}),
        ("GET", "/contacts/search/duplicate", None),
        ("GET", "/locations/LOC1/customFields?model=task", None),
        ("GET", "/locations/LOC1/customFields?kind=contact", None),
        ("POST", "/oauth/token", {"client_id": "a", "client_secret": "b", "grant_type": "password"}),
        ("POST", "/oauth/token", {"client_id": "a", "grant_type": "refresh_token"}),
    ],
)
def test_a_request_that_the_document_does_not_allow_is_refused(method: str, path: str, body: Json) -> None:
    with pytest.raises(ValidationError):
        check_request(method, path, body)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/contacts/upsert", {**LOC, "email": None, "dateOfBirth": "1990-09-25"}),
        ("POST", "/contacts/upsert", {**LOC, "customFields": [{"id": "F1", "field_value": 12.5}]}),
        ("GET", "/contacts/search/duplicate?locationId=LOC1&email=a%40b.test", None),
        ("POST", "/oauth/token", {"client_id": "a", "client_secret": "b", "grant_type": "client_credentials"}),
    ],
)
def test_a_request_that_it_allows_is_taken(method: str, path: str, body: Json) -> None:
    check_request(method, path, body)


def test_a_field_is_written_as_its_version_writes_it() -> None:
    body = {**LOC, "customFields": [{"id": "F1", "fieldValue": "v"}]}
    check_request("POST", "/contacts/upsert", body, version="v3")
    with pytest.raises(ValidationError):
        check_request("POST", "/contacts/upsert", body)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, {"contact": {"tags": "web"}}),
        (401, {"statusCode": "401"}),
        (422, {"message": [5]}),
    ],
)
def test_an_answer_that_it_does_not_allow_is_refused(status: int, body: Json) -> None:
    with pytest.raises(ValidationError):
        check_answer("PUT", "/contacts/abc", status=status, body=body)


def test_what_it_does_not_speak_of_is_told_apart() -> None:
    assert check_answer("PUT", "/contacts/abc", status=418, body={}) is False
    assert not documented("GET", "/opportunities/")
    assert documented("POST", "/oauth/location-token", version="v3")
    assert not documented("POST", "/oauth/location-token")
    with pytest.raises(Undocumented):
        check_request("GET", "/opportunities/", None)


@walked("gap", GAPS, ids=str)
def test_a_known_gap_is_still_in_the_document(gap: Gap) -> None:
    assert at(read(gap.file), gap.place) == gap.says
    assert gap.says != gap.means
    assert gap.why.endswith(".")
    assert gap.source


def test_every_file_is_named_in_the_readme() -> None:
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    kept = {path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.json")}
    assert all(f"`{file}`" in readme for file in kept)
    assert kept >= {file for files in FILES.values() for file in files}
