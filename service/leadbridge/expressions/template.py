"""A configured value that may be computed: compiled when the configuration is read, evaluated for each submission."""

import math
from collections.abc import Callable
from functools import cache
from typing import Any, Final
from weakref import WeakValueDictionary

import minijinja
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from leadbridge.events import Json
from leadbridge.expressions.checks import FACTOR, TERM, Checker
from leadbridge.expressions.context import CURRENT, Context, Evaluation, Report
from leadbridge.expressions.errors import ExpressionError, TemplateError
from leadbridge.expressions.filters import FILTERS
from leadbridge.expressions.inputs import Input, inputs_of
from leadbridge.expressions.lexer import Expression, parts_of, problem_at
from leadbridge.expressions.values import ABSENT, MAX_TEXT, AbsentType, plain, text_of

MAX_SOURCE: Final = 20_000  # characters of one configured value
_FUEL: Final = 20_000  # steps of the engine for one expression; without loops some hundreds are needed


class _AbsentOperand(Exception):
    """Arithmetic met an absent value."""


class Template:
    """A configured scalar.

    A text that is exactly one `{{ expression }}` gives the expression's value with its type; another text with `{{
    }}` gives text; anything else is a constant. Immutable, equal when written alike, and safe to evaluate in
    several threads at once.
    """

    __slots__ = ("__weakref__", "_constant", "_engine", "_parts", "source")

    source: str | int | float | bool | None

    def __init__(self, source: Json) -> None:
        """The same as `compile`, for itself."""
        self.source = source
        self._constant: Json = source
        self._parts: tuple[str | None, ...] = ()
        self._engine: minijinja.Environment | None = None
        match source:
            case str():
                self._compile_text(source)
            case float() if not math.isfinite(source):
                raise TemplateError("must be a finite number")
            case None | bool() | int() | float():
                pass
            case _:
                raise TemplateError("must be text, a number, true or false")

    @classmethod
    def compile(cls, value: Json) -> "Template":
        """The template of a configured scalar. Raises TemplateError with the place in the text.

        Texts that are written alike have one, for as long as any of them is used: an engine takes 20 kB, and the routes
        of thousands of accounts say much the same.
        """
        if not isinstance(value, str):
            return cls(value)
        known = _KNOWN.get(value)
        if known is None:
            known = _KNOWN[value] = cls(value)
        return known

    @property
    def is_constant(self) -> bool:
        """Whether it is the same for every submission."""
        return self._engine is None

    @property
    def is_text(self) -> bool:
        """Whether its result is text in any case: a text with expressions in it, or a constant text."""
        return len(self._parts) > 1 or (self.is_constant and isinstance(self.source, str))

    @property
    def inputs(self) -> tuple[Input, ...]:
        """What it reads of a submission, whether or not a condition lets it; in the order it is written."""
        return () if self.is_constant else inputs_of(str(self.source), decode=_decoded)

    def evaluate(self, context: Context, *, reports: list[Report] | None = None) -> Json | AbsentType:
        """Its value for one submission.

        ABSENT when the result is undefined, blank or empty; None only where the mapping writes `none`. What filters
        could not normalise is appended to `reports`. Raises ExpressionError.
        """
        if self._engine is None:
            return _present(self._constant, deliberate=False)
        if len(self._parts) == 1:
            return _run(self._engine, "0", context, reports=reports)
        pieces: list[str] = []
        for index, literal in enumerate(self._parts):
            piece: Json | AbsentType = literal
            if literal is None:
                piece = _run(self._engine, str(index), context, reports=reports)
            pieces.append("" if piece is ABSENT else text_of(piece))
        return _present(text_of("".join(pieces)), deliberate=False)

    def _compile_text(self, text: str) -> None:
        if len(text) > MAX_SOURCE:
            raise TemplateError(f"the text has {len(text):,} characters; at most {MAX_SOURCE:,} are taken")
        parts = parts_of(text)
        expressions = [part for part in parts if isinstance(part, Expression)]
        if not expressions:
            self._constant = "".join(part for part in parts if isinstance(part, str))
            return
        if len(expressions) == 1 and not "".join(part for part in parts if isinstance(part, str)).strip():
            parts = tuple(expressions)  # white space around a lone expression does not make it text
        engine = _engine()
        checker = Checker(text, filters=FILTERS, decode=_decoded)
        for index, part in enumerate(parts):
            if isinstance(part, Expression):
                _parse(engine, text, part)
                engine.add_template(str(index), f"{{{{{checker.checked(part)}}}}}")
        self._engine = engine
        self._parts = tuple(part if isinstance(part, str) else None for part in parts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Template) and type(self.source) is type(other.source) and self.source == other.source

    def __hash__(self) -> int:
        return hash((type(self.source), self.source))

    def __repr__(self) -> str:
        return f"Template({self.source!r})"

    def __reduce__(self) -> tuple[Callable[..., "Template"], tuple[Any]]:
        return Template, (self.source,)

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            lambda value: value if isinstance(value, cls) else cls.compile(value),
            serialization=core_schema.plain_serializer_function_ser_schema(lambda template: template.source),
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": ["string", "number", "boolean", "null"]}


_KNOWN: Final[WeakValueDictionary[str, Template]] = WeakValueDictionary()


def _run(
    engine: minijinja.Environment, name: str, context: Context, *, reports: list[Report] | None
) -> Json | AbsentType:
    evaluation = CURRENT.evaluation = Evaluation(context.region)
    try:
        written = engine.render_template(name, **context.names)
    except minijinja.TemplateError as error:
        raise ExpressionError(_plain_words(error)) from None
    except _AbsentOperand:
        return ABSENT
    finally:
        CURRENT.evaluation = Evaluation()
        if reports is not None:
            reports.extend(evaluation.reports)
    return _present(plain(evaluation.result), deliberate=written != "")


def _engine() -> minijinja.Environment:
    """An engine that knows our filters; each template has its own, so that it goes away with its configuration."""
    return minijinja.Environment(
        filters={**FILTERS, FACTOR: _factor, TERM: _term},
        finalizer=_take,
        debug=False,
        fuel=_FUEL,
        undefined_behavior="chainable",
        auto_escape_callback=lambda _name: False,
        pycompat=False,
    )


def _take(value: Any) -> Any:
    """Keep the result with its type. Undefined is written as nothing and none as a word, which tells them apart."""
    CURRENT.evaluation.result = value
    return NotImplemented if value is None else ""


def _factor(value: Any) -> Any:
    if value is None or value == "":
        raise _AbsentOperand
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    raise ExpressionError("only numbers can be calculated with; `| number` reads one from text")


def _term(value: Any) -> Any:
    return "" if value is None else value


@cache
def _decoder() -> minijinja.Environment:
    return minijinja.Environment(debug=False)


def _decoded(literal: str) -> str:
    """The text that a literal of an expression stands for."""
    return str(_decoder().eval_expr(literal))


def _parse(engine: minijinja.Environment, text: str, expression: Expression) -> None:
    """Let the engine find what is wrong with the expression's grammar, where it stands."""
    try:
        # Spaces, because the engine takes a sign beside its braces for white space control.
        engine.undeclared_variables_in_str(f"{{{{ {expression.source} }}}}")
    except minijinja.TemplateError as error:
        start, _ = error.range or (3, 3)
        offset = len(expression.source.encode()[: max(start - 3, 0)].decode(errors="ignore"))
        raise problem_at(text, expression.at + offset, _plain_words(error)) from None


def _plain_words(error: minijinja.TemplateError) -> str:
    return error.detail or error.message.rpartition(" (in ")[0] or error.message


def _present(value: Json, *, deliberate: bool) -> Json | AbsentType:
    match value:
        case None:
            return None if deliberate else ABSENT
        case str():
            return text_of(value) if value.strip() else ABSENT
        case list() | dict():
            if not value:
                return ABSENT
            if _size(value) > MAX_TEXT:
                raise ExpressionError(f"the result is larger than {MAX_TEXT:,} characters")
            return value
        case _:
            return value


def _size(value: Json) -> int:
    match value:
        case str():
            return len(value)
        case list():
            return sum(_size(item) + 1 for item in value)
        case dict():
            return sum(len(key) + _size(item) + 1 for key, item in value.items())
        case _:
            return 1
