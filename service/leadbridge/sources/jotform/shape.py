"""Jotform's answers, which its body names by the number and the name of their field: `q3_fullName`."""

import re
from typing import Final

from leadbridge.errors import Unparseable
from leadbridge.events import Json
from leadbridge.sources.fields import Fields
from leadbridge.sources.places import at

_FIELD: Final = re.compile(r"q[0-9]+_(.+)", re.DOTALL)
# What Jotform's own page adds to the answers. All else without a number is a file, or a field of the form's author.
_NO_ANSWERS: Final = frozenset(
    {
        *("slug", "path", "formID", "jsExecutionTracker", "submitSource", "submitDate", "buildDate", "event_id"),
        *("uploadServerUrl", "eventObserver", "timeToSubmit", "temp_upload", "file_server", "visitedPages"),
        "validatedNewRequiredFieldIDs",
    }
)


def answer_part(fields: Fields, document: Json) -> None:
    """Each answer by its field's name; `q3_fullName` is a second name of `fullName`.

    Files have lost their numbers: `temp_upload` still says which fields they were.
    """
    answers = document["rawRequest"]
    if not isinstance(answers, dict):
        raise Unparseable("Jotform's answers are expected here, an object", place="rawRequest")
    uploads = at(answers, "temp_upload")
    files = {_FIELD.sub(r"\1", name) for name in uploads} if isinstance(uploads, dict) else set()
    for name, value in answers.items():
        if found := _FIELD.fullmatch(name):
            fields.put(found[1], value)
            fields.put_last(name, value)
        elif name not in _NO_ANSWERS:
            fields.put(name, value, "file" if name in files else None)
