"""What Copper says when it refuses, in the bodies that were seen of it.

Copper counts changed wording as compatible (https://developer.copper.com/introduction/requests.html): go by the status.
"""

from typing import Final

from leadbridge.sandbox.exchange import ApiReply, json_reply, phrase_of
from leadbridge.sandbox.options import ErrorBody

INVALID_INPUT: Final = "Invalid input: Validation errors: "
_FRONT_END_PAGE: Final = (
    b"<!DOCTYPE html><html lang=en><title>Error 400 (Bad Request)!!1</title>"
    b"<p><b>400.</b> <ins>That's an error.</ins><p>Your client has issued a malformed or illegal request."
)


class Invalid(Exception):
    """What is wrong with a call, in Copper's words: `Name: can't be blank`."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems

    def attributes(self) -> list[str]:
        """The attributes that are wrong, as a bulk call names them: `Company Id: …` is about `company_id`."""
        problems = "\n".join(self.problems).split("\n")
        return list(dict.fromkeys(problem.partition(":")[0].lower().replace(" ", "_") for problem in problems))


def error_reply(status: int, message: str) -> ApiReply:
    """Copper's usual error body."""
    return json_reply(status, {"success": False, "status": status, "message": message})


def invalid_input(problem: Invalid) -> ApiReply:
    """422 for a call with these problems, all in one message."""
    return error_reply(422, f"{INVALID_INPUT}{problem}")


def refusal(status: int, form: ErrorBody) -> ApiReply:
    """An error whose body is undocumented, in the form that is chosen for it."""
    phrase = phrase_of(status)
    match form:
        case "message":
            return error_reply(status, phrase)
        case "error":
            return json_reply(status, {"error": phrase})
        case "html":
            page = f"<!DOCTYPE html><html><head><title>{phrase}</title></head><body><h1>{phrase}</h1></body></html>"
            return ApiReply(status=status, body=page.encode(), content_type="text/html; charset=utf-8")
        case "text" | "empty":
            body = phrase.encode() if form == "text" else b""
            return ApiReply(status=status, body=body, content_type="text/plain; charset=utf-8")


def not_found() -> ApiReply:
    """404 for a record that does not exist."""
    return error_reply(404, "Resource not found")


def no_route() -> ApiReply:
    """404 for an address that does not exist: another shape."""
    return json_reply(404, {"error": "not_found"})


def front_end_refusal() -> ApiReply:
    """400 of the server in front of Copper's own, which wants no body on a GET: a page, not JSON."""
    return ApiReply(status=400, body=_FRONT_END_PAGE, content_type="text/html; charset=UTF-8", traced=False)
