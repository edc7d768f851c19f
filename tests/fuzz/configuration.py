"""Any text as the configuration: settings that a service can be made of, or placed problems without secrets."""

from collections.abc import Iterator
from typing import Final

from leadbridge.configured import adapters, door, record_of
from leadbridge.desk import desks
from leadbridge.errors import MappingError
from leadbridge.events import Event
from leadbridge.mapping import SourceContext, map_event
from leadbridge.settings.loading import Loaded, load_text
from leadbridge.settings.problem import ConfigProblems, Problem
from tests.fuzz.harness import Harness, promise
from tests.settings.corpus import ENVIRON, PLANTED, cases

LINE_ENDS: Final = "\n\r\x85\u2028\u2029"
EVENT: Final = Event(fields={"name": "Ann Lee", "email": "ann@example.com", "phone": "(214) 555-0100"}, raw={"a": [1]})


def check(data: bytes) -> None:
    """The loader answers with settings or with problems that have a place and words, and prints no secret."""
    text = data.decode("utf-8", "replace")
    try:
        loaded = load_text(text, "fuzz.yaml", ENVIRON)
    except ConfigProblems as error:
        promise(error.problems, "refused without a problem")
        _check_problems((*error.problems, *error.warnings), text)
        promise(PLANTED in text or PLANTED not in str(error), "a secret of the environment is printed")
        return
    _check_problems(loaded.warnings, text)
    _check_settings(loaded)


def _check_problems(problems: tuple[Problem, ...], text: str) -> None:
    lines = 1 + sum(text.count(end) for end in LINE_ENDS)
    for one in problems:
        promise(1 <= one.line <= lines + 1 and one.column >= 1, f"no such place: {one}")
        promise(one.problem and str(one), "a problem without words")


def _check_settings(loaded: Loaded) -> None:
    settings = loaded.settings
    promise(len(loaded.version) == 12, f"version {loaded.version!r}")
    door(settings)
    crm_adapters = adapters(settings)
    for name, desk in desks(settings).items():
        desk.dedupe_key(EVENT)
        routes = [route for route in settings.routes if name in route.from_]
        try:
            mapped = map_event(
                EVENT,
                source=SourceContext(name=name, region=desk.region),
                routes=routes,
                record_of=lambda route: record_of(route, crm_adapters),
            )
        except MappingError as problem:
            promise(problem.path and problem.problem, "a mapping fails without words")
            continue
        promise(len(mapped) == len(routes), "each route has an outcome")


def seeds() -> Iterator[bytes]:
    """The corpus of valid and invalid configurations."""
    for folder in ("valid", "invalid"):
        for case in cases(folder):
            yield case.path.read_bytes()


HARNESS: Final = Harness(name="configuration", check=check, seeds=seeds, most=8_192)
