"""What the demo sends, and what must become of it. Every row is one real HTTP request to the service."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from leadbridge.sandbox.seeds import CopperSeed, LeadConnectorSeed

# Values for the `${NAME}`s of the example configuration; they open nothing but the sandbox.
ENVIRON: Final[Mapping[str, str]] = {
    "WEBSITE_TOKEN": "demo-website-token",
    "RELAY_PASSWORD": "demo-relay-password",
    "TYPEFORM_SECRET": "demo-typeform-secret",
    "PARTNER_SECRET": "whsec_bGVhZGJyaWRnZS1kZW1vLXBhcnRuZXItc2VjcmV0",
    "COPPER_TOKEN": "0123456789abcdef0123456789abcdef",
    "LEADCONNECTOR_TOKEN": "pit-00000000-0000-4000-8000-000000000000",
}
SOURCES: Final = ("website", "relay", "typeform", "partner")
DESTINATIONS: Final = ("copper", "dallas")
LOCATION: Final = "ve9EPM428h8vShlRW1KT"

ANN: Final = "ann.lee@example.com"
SAM: Final = "sam.rivera@example.com"
LENA: Final = "lena.fischer@example.com"
SHARED_PHONE: Final = "+14155550199"
MESSAGE_ID: Final = "msg_demo_0001"
BOUNDARY: Final = "demo-boundary"

SEEDS: Final = (
    CopperSeed(
        account=ENVIRON["COPPER_TOKEN"],
        leads=tuple(
            {
                "name": name,
                "email": {"email": SAM, "category": "work"},
                "company_name": company,
                "date_created": created,
            }
            for name, company, created in (
                ("Sam Rivera", "Rivera Roofing", 1_700_000_000),
                ("S. Rivera", "Rivera Roofing LLC", 1_710_000_000),
                ("Samuel Rivera", None, 1_720_000_000),
            )
        ),
    ),
    LeadConnectorSeed(
        account=LOCATION,
        contacts=(
            {"firstName": "Lena", "lastName": "Fischer", "email": LENA},
            {"firstName": "Front", "lastName": "Desk", "email": "desk@example.com", "phone": SHARED_PHONE},
        ),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One request, and what must become of it: the reply, and the state at each destination."""

    title: str
    source: str
    content_type: str
    body: bytes
    status: int = 202
    reply: Literal["accepted", "duplicate", "refused"] = "accepted"
    states: Mapping[str, str] = field(default_factory=lambda: dict.fromkeys(DESTINATIONS, "delivered"))
    created: bool | None = None  # whether the records must be new, or must have been there
    reason: str | None = None  # why it is held, or in which state it is kept
    forged: bool = False  # signed with a wrong secret
    message_id: str | None = None


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _part(name: str, value: str) -> str:
    return f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'


_TYPEFORM = {
    "event_id": "01JDEMOTYPEFORM0000000001",
    "event_type": "form_response",
    "form_response": {
        "form_id": "dMoF0rm",
        "token": "demo-token-1",
        "submitted_at": "2026-11-02T09:15:00Z",
        "landed_at": "2026-11-02T09:13:10Z",
        "definition": {
            "id": "dMoF0rm",
            "title": "Get a quote",
            "fields": [
                {"id": "f1", "ref": "full_name", "type": "short_text", "title": "What is your name?"},
                {"id": "f2", "ref": "email", "type": "email", "title": "Your e-mail"},
                {"id": "f3", "ref": "phone", "type": "phone_number", "title": "Your phone"},
                {"id": "f4", "ref": "job", "type": "short_text", "title": "Your job"},
                {"id": "f5", "ref": "plan", "type": "multiple_choice", "title": "Which plan?"},
            ],
        },
        "answers": [
            {"type": "text", "text": "Zoë O'Neil", "field": {"id": "f1", "ref": "full_name", "type": "short_text"}},
            {"type": "email", "email": "Zoe.ONeil@Example.com", "field": {"id": "f2", "ref": "email", "type": "email"}},
            {
                "type": "phone_number",
                "phone_number": "+14155550101",
                "field": {"id": "f3", "ref": "phone", "type": "phone_number"},
            },
            {"type": "text", "text": "Head of Ops", "field": {"id": "f4", "ref": "job", "type": "short_text"}},
            {
                "type": "choice",
                "choice": {"id": "c2", "label": "Growth"},
                "field": {"id": "f5", "ref": "plan", "type": "multiple_choice"},
            },
        ],
    },
}
_PARTNER = _json(
    {
        "type": "lead.created",
        "timestamp": "2026-11-02T10:00:00Z",
        "data": {"name": "Jürgen Groß", "email": "juergen.gross@example.com", "phone": "+49 30 901820"},
    }
)
_FORM = "application/x-www-form-urlencoded"
_JSON = "application/json"

BEFORE_TAGGING: Final = (
    Row(
        title="Typeform, signed", source="typeform", content_type=_JSON, body=_json(_TYPEFORM), created=True,
    ),
    Row(
        title="web form, urlencoded [brackets]", source="website", content_type=_FORM, created=True,
        body=b"contact[name]=ann+lee&contact[email]=Ann.Lee%40example.com&contact[phone]=(415)+555-0132"
        b"&contact[budget]=1%2C500.50&contact[interests][]=Buying&contact[interests][]=Financing",
    ),
    Row(
        title="web form, multipart with a file", source="website", created=True,
        content_type=f"multipart/form-data; boundary={BOUNDARY}",
        body=(
            _part("contact[name]", "Bola Adeyemi")
            + _part("contact[email]", "bola@example.com")
            + _part("contact[country]", "United Kingdom")
            + _part("contact[phone]", "020 7946 0018")
            + f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="plan"; filename="roof.pdf"\r\n'
            + f"Content-Type: application/pdf\r\n\r\n%PDF-1.7 demo\r\n--{BOUNDARY}--\r\n"
        ).encode(),
    ),
    Row(
        title="relay, nested JSON in an array", source="relay", content_type=_JSON, created=True,
        body=_json(
            [
                {
                    "lead": {
                        "first": "María",
                        "last": "García López",
                        "email": "maria@example.com",
                        "phone": "5125550147",
                    },
                    "campaign": {"name": "spring", "id": 9007199254740993},
                }
            ]
        ),
    ),
    Row(
        title="Standard Webhooks, signed", source="partner", content_type=_JSON, body=_PARTNER,
        message_id=MESSAGE_ID, created=True,
    ),
    Row(
        title="the same message again", source="partner", content_type=_JSON, body=_PARTNER, message_id=MESSAGE_ID,
        reply="duplicate", states={},
    ),
)  # fmt: skip

AFTER_TAGGING: Final = (
    Row(
        title="Ann again (her VIP tag is kept)", source="website", content_type=_JSON, created=False,
        body=_json({"contact": {"name": "Ann Lee", "email": ANN, "company": "Lee Homes", "city": "Oakland"}}),
    ),
    Row(
        title="Copper has three records of Sam", source="website", content_type=_FORM,
        body=f"contact[name]=Sam+Rivera&contact[email]={SAM}".encode(),
        states={"copper": "held", "dallas": "delivered"}, reason="ambiguous_match",
    ),
    Row(
        title="a phone of another contact", source="website", content_type=_FORM,
        body=f"contact[name]=Lena+Fischer&contact[email]={LENA}&contact[phone]=%2B{SHARED_PHONE[1:]}".encode(),
        states={"copper": "delivered", "dallas": "delivered_with_warnings"},
    ),
    Row(
        title="a forged signature", source="typeform", content_type=_JSON, body=_json(_TYPEFORM), forged=True,
        status=401, reply="refused", states={},
    ),
    Row(
        title="broken JSON", source="website", content_type=_JSON, body=b'{"contact": {"name": "Kim", ',
        status=400, reply="refused", states={}, reason="failed",
    ),
)  # fmt: skip
