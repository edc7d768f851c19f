"""What a body says once it is decoded."""

from leadbridge.events import FilePart, Json
from leadbridge.frozen import value


@value(frozen=True, slots=True, kw_only=True)
class Document:
    """A decoded body. `value` is what JSON would have held; each file stands in it by its name.

    `files` are the uploaded files with the field they came in.
    """

    value: Json
    files: tuple[tuple[str, FilePart], ...] = ()
