"""What LeadConnector says when it refuses, in the bodies that were seen of it. Every one carries the exchange's id."""

from leadbridge.events import Json
from leadbridge.sandbox.exchange import ApiReply, ApiRequest, json_reply, phrase_of


class Invalid(Exception):
    """What is wrong with a call's properties: 422 with a list of messages."""

    def __init__(self, *messages: str) -> None:
        super().__init__(", ".join(messages))
        self.messages = messages


class Refused(Exception):
    """The call is refused in one sentence."""

    def __init__(self, status: int, message: str, *, meta: Json = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.meta = meta


def refusal(request: ApiRequest, refused: Refused) -> ApiReply:
    """The body of a refusal in one sentence."""
    meta = {} if refused.meta is None else {"meta": refused.meta}
    return error_reply(request, refused.status, refused.message, **meta)


def unprocessable(request: ApiRequest, invalid: Invalid, *, as_text: bool = False) -> ApiReply:
    """422 with every problem as its own message, or all of them in one text."""
    return error_reply(request, 422, str(invalid) if as_text else list(invalid.messages))


def error_reply(request: ApiRequest, status: int, message: str | list[str], **more: Json) -> ApiReply:
    """LeadConnector's usual error body."""
    body = {"statusCode": status, "message": message, "error": phrase_of(status), **more}
    return json_reply(status, body | {"traceId": request.trace_id})


def banned_user_agent() -> ApiReply:
    """403 of the server in front of LeadConnector's own, which does not like Python's default User-Agent."""
    return ApiReply(status=403, body=b"error code: 1010", content_type="text/plain; charset=UTF-8", traced=False)
