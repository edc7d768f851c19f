"""What can go wrong with an expression: when the configuration is read, and when a submission is mapped."""


class TemplateError(ValueError):
    """The configuration's text is no usable template. `line` and `column` are within the text and count from 1."""

    def __init__(self, problem: str, *, line: int = 1, column: int = 1) -> None:
        super().__init__(problem)
        self.problem = problem
        self.line = line
        self.column = column


class ExpressionError(Exception):
    """An expression cannot be evaluated on this submission; the message says why in plain words."""


class Unreadable(Exception):
    """A value cannot be normalised; it is kept as it came and the message becomes a warning."""


def place_of(text: str, offset: int) -> tuple[int, int]:
    """The line and column, from 1, of a character of `text`."""
    before = text[:offset]
    return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1
