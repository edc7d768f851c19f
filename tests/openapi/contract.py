"""LeadConnector's official OpenAPI document as validators of requests and answers.

The sandbox's answers and the adapter's requests are held against it alike. Requests are read as strictly as the API
reads them: a property that the document does not name is refused (422 "property x should not exist").
"""

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it ships no types
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from leadbridge.events import Json

from .gaps import mend

FOLDER: Final = Path(__file__).parent
VERSION: Final = "2021-07-28"
FILES: Final[Mapping[str, tuple[str, ...]]] = {
    VERSION: ("apps/contacts.json", "apps/locations.json", "apps/oauth.json"),
    "v3": ("apps/v3/contacts-v3.json", "apps/v3/oauth-v3.json"),
}
# Version 3 refers to `../common/` from `apps/v3/`, where its schemas are not: they are in `apps/v3/common/`.
_COMMON: Final[Mapping[str, str]] = {
    "common/common-schemas.json": "common/common-schemas.json",
    "apps/common/common-schemas.json": "apps/v3/common/common-schemas.json",
}


class Undocumented(LookupError):
    """The document knows no such operation."""


def read(file: str) -> dict[str, Any]:
    """One file as it was published."""
    document: dict[str, Any] = json.loads((FOLDER / file).read_text(encoding="utf-8"))
    return document


def documented(method: str, path: str, *, version: str = VERSION) -> bool:
    """Whether the document knows the operation."""
    return _find(method, path, version) is not None


def check_request(method: str, path: str, body: Json, *, version: str = VERSION) -> None:
    """Raises `ValidationError` for a query or body that the document does not allow, `Undocumented` for the path.

    A form is checked as the object of its parameters.
    """
    bare, _, query = path.partition("?")
    file, place, operation = _operation(method, bare, version)
    _check_query(operation, dict(parse_qsl(query, keep_blank_values=True)))
    content = operation.get("requestBody", {}).get("content", {})
    if not content:
        Draft202012Validator({"type": "null"}).validate(body)
        return
    _validator(file, (*place, "requestBody", "content", next(iter(content)), "schema"), strict=True).validate(body)


def check_answer(method: str, path: str, *, status: int, body: Json, version: str = VERSION) -> bool:
    """Raises `ValidationError` for an answer that the document does not allow; False when it says nothing of it."""
    file, place, operation = _operation(method, path.partition("?")[0], version)
    content = operation["responses"].get(str(status), {}).get("content")
    if not content:
        return False
    _validator(
        file, (*place, "responses", str(status), "content", "application/json", "schema"), strict=False
    ).validate(body)
    return True


def _check_query(operation: Mapping[str, Any], query: Mapping[str, str]) -> None:
    known = [given for given in operation["parameters"] if given["in"] == "query"] if "parameters" in operation else []
    schema = {
        "type": "object",
        "properties": {given["name"]: _as_json_schema(given["schema"]) for given in known},
        "required": [given["name"] for given in known if given.get("required")],
        "additionalProperties": False,
    }
    Draft202012Validator(schema).validate(dict(query))


def _operation(method: str, path: str, version: str) -> tuple[str, tuple[str, ...], dict[str, Any]]:
    found = _find(method, path, version)
    if found is None:
        raise Undocumented(f"version {version} of the document has no {method} {path}")
    return found


def _find(method: str, path: str, version: str) -> tuple[str, tuple[str, ...], dict[str, Any]] | None:
    for file in FILES[version]:
        for pattern, operations in _mended(file)["paths"].items():
            if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", pattern), path) and method.lower() in operations:
                return file, ("paths", pattern, method.lower()), operations[method.lower()]
    return None


@cache
def _mended(file: str) -> dict[str, Any]:
    document: dict[str, Any] = mend(read(file), file)
    return document


@cache
def _validator(file: str, place: tuple[str, ...], *, strict: bool) -> Any:
    pointer = "/".join(part.replace("~", "~0").replace("/", "~1") for part in place)
    return Draft202012Validator({"$ref": f"{_uri(file)}#/{pointer}"}, registry=_registry(strict=strict))


@cache
def _registry(*, strict: bool) -> Registry[Any]:
    files = {file: file for listed in FILES.values() for file in listed} | dict(_COMMON)
    return Registry().with_resources(
        (_uri(address), DRAFT202012.create_resource(_as_json_schema(_mended(file), strict=strict)))
        for address, file in files.items()
    )


def _uri(file: str) -> str:
    return f"https://openapi.test/{file}"


def _as_json_schema(value: Json, *, strict: bool = False) -> Json:
    """The document's schemas in the words of JSON Schema, which lists "null" among the types for `nullable`."""
    if isinstance(value, list):
        return [_as_json_schema(item, strict=strict) for item in value]
    if not isinstance(value, dict):
        return value
    schema = {key: _as_json_schema(item, strict=strict) for key, item in value.items() if key not in _NOT_SCHEMA}
    if value.get("nullable") is True and "type" in schema:
        schema["type"] = [schema["type"], "null"]
    if strict and value.get("type") == "object" and value.get("properties"):
        schema["additionalProperties"] = False
    return schema


_NOT_SCHEMA: Final = frozenset({"nullable", "example", "examples"})
