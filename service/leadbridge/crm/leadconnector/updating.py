"""`PUT /contacts/{id}`: what is written to one contact, whatever another one has.

https://marketplace.gohighlevel.com/docs/ghl/contacts/update-contact
"""

from collections.abc import Iterable

from leadbridge.crm.adapter import Answer, Answers, Call
from leadbridge.crm.echo import Sent
from leadbridge.crm.leadconnector.contact import IDENTIFIERS, NOT_IN_AN_UPDATE, attributes
from leadbridge.crm.leadconnector.reading import duplicate_in, is_of_another
from leadbridge.events import Json


def updated(
    purpose: str, contact_id: str, sent: Iterable[Sent], answers: Answers, *, tags: tuple[str, ...] | None = None
) -> Answer | Call | None:
    """The answer to an update with these values, or the call to make; None when there is nothing to write.

    An e-mail address or phone number of another contact has the whole update refused: it is then made without it.
    """
    left = [one for one in sent if one.place not in NOT_IN_AN_UPDATE]
    dropped: tuple[str, ...] = ()
    while body := _body([one for one in left if one.place not in dropped], tags):
        named = f"{purpose} without {' and '.join(dropped)}" if dropped else purpose
        answer = answers.get(named)
        if answer is None:
            return Call(purpose=named, method="PUT", path=f"/contacts/{contact_id}", body=body)
        if dropped == IDENTIFIERS or not is_of_another(answer):
            return answer
        field = duplicate_in(answer).get("matchingField")
        dropped = IDENTIFIERS if dropped or field not in IDENTIFIERS else (field,)
    return None


def _body(sent: Iterable[Sent], tags: tuple[str, ...] | None) -> dict[str, Json]:
    body = attributes(sent)
    return body if tags is None else {**body, "tags": list(tags)}
