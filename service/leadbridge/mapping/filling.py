"""What a route's templates come to for one submission, with everything noticed on the way."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from leadbridge.events import Json
from leadbridge.expressions import ABSENT, AbsentType, Context, ExpressionError, Input, Report, Template
from leadbridge.plan import FieldWarning


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What one template came to. `path` is its place in its route: `lead.email`, `tags.add[0]`."""

    path: str
    template: Template
    value: Json | AbsentType
    context: Context

    def read(self, each: Input) -> Json | AbsentType:
        """What an input of the template is in this submission; ABSENT also when it cannot be looked at."""
        try:
            return Template.compile(f"{{{{ {each.written} }}}}").evaluate(self.context)
        except ExpressionError:
            return ABSENT


@dataclass(slots=True)
class Filling:
    """Evaluates the templates of one route. `path` is the route's place in the configuration.

    With a `trace`, what each template came to is appended to it. `recognised` has values by place, `lead.email`, for
    what the templates leave out; the places for which they were wanted are in `taken`.
    """

    path: str
    context: Context
    problems: list[tuple[str, str]] = field(default_factory=list)  # (path in the configuration, problem)
    warnings: list[FieldWarning] = field(default_factory=list)
    trace: list[Filled] | None = None
    recognised: dict[str, Json] = field(default_factory=dict)
    taken: list[str] = field(default_factory=list)

    def value(self, template: Template | None, key: str, *, path: str) -> Json | AbsentType:
        """The template's value, else the recognised one; ABSENT when there is neither, and for a failure, noted."""
        value = self._evaluated(template, key, path=path)
        if value is ABSENT and path in self.recognised:
            self.taken.append(path)
            return self.recognised[path]
        return value

    def _evaluated(self, template: Template | None, key: str, *, path: str) -> Json | AbsentType:
        if template is None:
            return ABSENT
        reports: list[Report] = []
        value: Json | AbsentType = ABSENT
        try:
            value = template.evaluate(self.context, reports=reports)
        except ExpressionError as error:
            self.problems.append((f"{self.path}.{path}", str(error)))
        for report in reports:
            self.warn(key, report.problem, report.got)
        if self.trace is not None:
            self.trace.append(Filled(path=path, template=template, value=value, context=self.context))
        return value

    def items(self, templates: Iterable[Template], key: str, *, path: str) -> list[Json]:
        """The values of several templates as one list; a value that is a list gives its items, an absent one none."""
        found: list[Json] = []
        for index, template in enumerate(templates):
            value = self.value(template, key, path=f"{path}[{index}]")
            if value is ABSENT or value is None:
                continue
            found += value if isinstance(value, list) else [value]
        return found

    def warn(self, key: str, problem: str, got: Json) -> None:
        """Note something about a field, once."""
        warning = FieldWarning(field=key, problem=problem, got=got)
        if not any(each.field == key and each.got == got for each in self.warnings):
            self.warnings.append(warning)
