"""LeadConnector's official OpenAPI document as JSON Schema validators of its requests and answers."""

import json
import re
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it ships no types
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from leadbridge.events import Json

_FOLDER = Path(__file__).parent / "openapi"
_CONTACTS = "contacts.json"


def _as_json_schema(value: Json) -> Json:
    # OpenAPI 3.0 says `nullable` where JSON Schema lists "null" among the types.
    if isinstance(value, list):
        return [_as_json_schema(item) for item in value]
    if not isinstance(value, dict):
        return value
    schema = {key: _as_json_schema(item) for key, item in value.items() if key not in ("nullable", "example")}
    if value.get("nullable") and "type" in schema:
        schema["type"] = [schema["type"], "null"]
    return schema


def _document(name: str) -> dict[str, Any]:
    document: dict[str, Any] = _as_json_schema(json.loads((_FOLDER / name).read_text()))
    return document


_DOCUMENT = _document(_CONTACTS)
_REGISTRY: Registry[Any] = Registry().with_resources(
    [
        (f"https://openapi.test/apps/{_CONTACTS}", DRAFT202012.create_resource(_DOCUMENT)),
        (
            "https://openapi.test/common/common-schemas.json",
            DRAFT202012.create_resource(_document("common-schemas.json")),
        ),
    ]
)


def _operation(method: str, path: str) -> tuple[str, dict[str, Any]]:
    for pattern, operations in _DOCUMENT["paths"].items():
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", pattern), path) and method.lower() in operations:
            pointer = pattern.replace("~", "~0").replace("/", "~1")
            operation: dict[str, Any] = operations[method.lower()]
            return f"#/paths/{pointer}/{method.lower()}", operation
    raise LookupError(f"the document has no {method} {path}")


def _check(pointer: str, value: Json) -> None:
    schema = {"$ref": f"https://openapi.test/apps/{_CONTACTS}{pointer}"}
    Draft202012Validator(schema, registry=_REGISTRY).validate(value)


def check_request(method: str, path: str, body: Json) -> None:
    """Raises `ValidationError` for a body that the document does not allow."""
    pointer, _ = _operation(method, path)
    _check(f"{pointer}/requestBody/content/application~1json/schema", body)


def check_answer(method: str, path: str, *, status: int, body: Json) -> bool:
    """Raises `ValidationError` for an answer that the document does not allow; False when it says nothing of it."""
    pointer, operation = _operation(method, path)
    if not operation["responses"].get(str(status), {}).get("content"):
        return False
    _check(f"{pointer}/responses/{status}/content/application~1json/schema", body)
    return True
