"""Where the official document is known to be wrong, each with what it says, what is so, and who says that.

The copy in this folder is left as it was published; `contract.py` reads it with these mended.
"""

from dataclasses import dataclass
from typing import Final

from leadbridge.events import Json

CONTACTS: Final = "apps/contacts.json"
CONTACTS_V3: Final = "apps/v3/contacts-v3.json"
OAUTH: Final = "apps/oauth.json"
COMMON: Final = ("common/common-schemas.json", "apps/v3/common/common-schemas.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """One place of one file. `says` is compared with the file, so that a gap that is closed is noticed."""

    file: str
    place: tuple[str, ...]
    says: Json
    means: Json
    why: str
    source: str

    def __str__(self) -> str:
        return f"{self.file}#/{'/'.join(self.place)}"


def _date_of_birth(file: str, schema: str) -> Gap:
    return Gap(
        file=file,
        place=("components", "schemas", schema, "properties", "dateOfBirth", "type"),
        says="object",
        means="string",
        why="Its own example and its list of formats are texts; the generated SDK, which follows the type, fails.",
        source="the schema's own description; https://github.com/GoHighLevel/highlevel-api-python at 2fe558c",
    )


def _number(file: str, schema: str, key: str) -> Gap:
    return Gap(
        file=file,
        place=("components", "schemas", schema, "properties", key, "type"),
        says="object",
        means="number",
        why="Its own example is a number.",
        source="the schema's own example",
    )


def _answered_value(file: str) -> Gap:
    return Gap(
        file=file,
        place=("components", "schemas", "CustomFieldSchema", "properties", "value", "type"),
        says="string",
        means=["string", "number", "array", "object"],
        why="A field is answered in the type in which it is written: a number, a list of options, files.",
        source="the schemas of what is written (NumericField, CheckboxField, FileField)",
    )


def _message(file: str) -> Gap:
    listed = {"example": ["Unprocessable Entity"], "type": "array", "items": {"type": "string"}}
    return Gap(
        file=file,
        place=("components", "schemas", "UnprocessableDTO", "properties", "message"),
        says=listed,
        means={"anyOf": [listed, {"type": "string"}]},
        why="Documented as a list; seen as a text too, where a contact has nothing to be known by.",
        source="case L41 of tests/sandbox/cases_leadconnector.json",
    )


def _forbidden(file: str, pattern: str) -> Gap:
    schema = {
        "type": "object",
        "properties": {"statusCode": {"type": "number"}, "message": {"type": "string"}, "error": {"type": "string"}},
        "required": ["statusCode", "message"],
    }
    return Gap(
        file=file,
        place=("paths", pattern, "post", "responses", "403"),
        says=None,
        means={"content": {"application/json": {"schema": schema}}},
        why="A token of another location is refused with 403, of which the document has only the schema.",
        source="case L35 of tests/sandbox/cases_leadconnector.json; ForbiddenDTO in apps/v3/common/common-schemas.json",
    )


GAPS: Final[tuple[Gap, ...]] = (
    *(_date_of_birth(CONTACTS, f"{call}ContactDto") for call in ("Create", "Update", "Upsert")),
    *(_date_of_birth(CONTACTS_V3, f"{call}ContactDtoV3") for call in ("Create", "Update", "Upsert")),
    *(_number(CONTACTS, schema, "field_value") for schema in ("NumericField", "MonetoryField")),
    *(
        _number(CONTACTS_V3, schema, key)
        for schema in ("NumericField", "MonetoryField")
        for key in ("field_value", "fieldValue")
    ),
    *(_answered_value(file) for file in (CONTACTS, CONTACTS_V3)),
    *(_message(file) for file in COMMON),
    *(_forbidden(file, pattern) for file in (CONTACTS, CONTACTS_V3) for pattern in ("/contacts/upsert", "/contacts/")),
    Gap(
        file=OAUTH,
        place=("components", "schemas", "GetLocationAccessTokenSuccessfulResponseDto", "properties", "refresh_token"),
        says=None,
        means={"type": "string"},
        why="The answer carries a refresh token, which only version 3 of the document names.",
        source="https://github.com/GoHighLevel/highlevel-api-docs/issues/285",
    ),
)


def at(document: Json, place: tuple[str, ...]) -> Json:
    """What stands at a place; None for nothing."""
    for part in place:
        document = document.get(part) if isinstance(document, dict) else None
    return document


def mend(document: Json, file: str) -> Json:
    """The document with its gaps mended, in place."""
    for gap in GAPS:
        if gap.file == file:
            at(document, gap.place[:-1])[gap.place[-1]] = gap.means
    return document
