"""The sandbox's own endpoints, under `/sandbox`: faults, state, history, seeds, options, reset, and the page."""

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, TypeAlias

import orjson
from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from leadbridge.errors import RequestRefused
from leadbridge.events import Json
from leadbridge.sandbox.asked import Asked
from leadbridge.sandbox.exchange import MOST_NESTING, is_shallow
from leadbridge.sandbox.faults import Fault
from leadbridge.sandbox.options import SandboxOptions
from leadbridge.sandbox.page import Page
from leadbridge.sandbox.recipes import RECIPES
from leadbridge.sandbox.refusals import ControlRefused, Problem, did_you_mean, problems_of, refused, validated
from leadbridge.sandbox.seeds import Seed

if TYPE_CHECKING:
    from leadbridge.sandbox.app import Sandbox

Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]
_FAULT: Final[TypeAdapter[Fault]] = TypeAdapter(Fault)
_SEED: Final[TypeAdapter[Seed]] = TypeAdapter(Seed)
_OPTIONS: Final[TypeAdapter[SandboxOptions]] = TypeAdapter(SandboxOptions)
_ANY_METHOD: Final = ["GET", "POST", "PUT", "PATCH", "DELETE"]


class Control:
    """The endpoints of one sandbox. What cannot be taken is answered with a problem document (RFC 9457)."""

    def __init__(self, sandbox: "Sandbox") -> None:
        self._sandbox = sandbox

    def routes(self) -> list[Route]:
        """Every endpoint, for an application to mount."""
        page = Page(self._sandbox)
        endpoints: dict[tuple[str, str], Endpoint] = {
            ("GET", "/"): page.overview,
            ("GET", "/record"): page.record,
            ("GET", "/document"): page.document,
            ("GET", "/style.css"): page.style,
            ("POST", "/faults"): self._add_fault,
            ("GET", "/faults"): self._list_faults,
            ("DELETE", "/faults"): self._clear_faults,
            ("DELETE", "/faults/{fault_id}"): self._remove_fault,
            ("GET", "/recipes"): self._recipes,
            ("GET", "/state"): self._state,
            ("GET", "/history"): self._history,
            ("GET", "/quotas"): self._quotas,
            ("GET", "/documents"): self._documents,
            ("POST", "/documents"): self._put_documents,
            ("POST", "/seed"): self._seed,
            ("POST", "/reset"): self._reset,
            ("GET", "/options"): self._options,
            ("POST", "/options"): self._change_options,
        }

        async def nowhere(request: Request) -> Response:
            known = ", ".join(f"{method} /sandbox{path}" for method, path in endpoints)
            place = request.path_params["place"]
            problem = f"nothing answers {request.method} /sandbox/{place}"
            raise refused(problem, hint=f"there are: {known}", status=HTTPStatus.NOT_FOUND)

        return [
            *(Route(path, _refusing(one), methods=[method]) for (method, path), one in endpoints.items()),
            Route("/{place:path}", _refusing(nowhere), methods=_ANY_METHOD),
        ]

    async def _add_fault(self, request: Request) -> Response:
        fault = validated(_FAULT, _with_recipe(await _body(request)))
        return _json(201, {"id": self._sandbox.faults.add(fault)})

    async def _list_faults(self, _: Request) -> Response:
        return _json(200, self._sandbox.faults.listed())

    async def _clear_faults(self, _: Request) -> Response:
        self._sandbox.faults.clear()
        return Response(status_code=204)

    async def _remove_fault(self, request: Request) -> Response:
        fault_id = request.path_params["fault_id"]
        if not self._sandbox.faults.remove(fault_id):
            known = ", ".join(fault["id"] for fault in self._sandbox.faults.listed())
            hint = f"in force are: {known or 'none'}"
            raise refused(f"No fault has the id {fault_id}", hint=hint, status=HTTPStatus.NOT_FOUND)
        return Response(status_code=204)

    async def _recipes(self, _: Request) -> Response:
        listed = {
            name: {"story": recipe.story, "outcome": recipe.outcome, "fault": _plain(recipe.fault)}
            for name, recipe in RECIPES.items()
        }
        return _json(200, listed)

    async def _state(self, request: Request) -> Response:
        asked = Asked(request, "crm", "account")
        crm, account = asked.crm("crm"), asked.text("account")
        asked.check()
        return _json(200, self._sandbox.state(crm, account=account))

    async def _history(self, request: Request) -> Response:
        asked = Asked(request, "crm", "vendor", "account", "record_id", "since", "limit", "bodies")
        crm, vendor = asked.crm("crm"), asked.vendor("vendor")
        account, record_id = asked.text("account"), asked.text("record_id")
        since, limit, bodies = asked.number("since"), asked.number("limit"), asked.switch("bodies")
        asked.check()
        listed = self._sandbox.history.listed(
            crm=crm, vendor=vendor, account=account, record_id=record_id, since=since, limit=limit, bodies=bodies
        )
        return _json(200, listed)

    async def _quotas(self, _: Request) -> Response:
        return _json(200, self._sandbox.quotas())

    async def _documents(self, request: Request) -> Response:
        asked = Asked(request, "vendor")
        vendor = asked.vendor("vendor")
        asked.check()
        return _json(200, self._sandbox.documents(vendor))

    async def _put_documents(self, request: Request) -> Response:
        self._sandbox.put_documents(await _body(request))
        return Response(status_code=204)

    async def _seed(self, request: Request) -> Response:
        seed = validated(_SEED, await _body(request))
        return _json(201, {"ids": self._sandbox.seed(seed)})

    async def _reset(self, _: Request) -> Response:
        self._sandbox.reset()
        return Response(status_code=204)

    async def _options(self, _: Request) -> Response:
        return _json(200, self._sandbox.options.model_dump(mode="json", exclude={"seeds"}))

    async def _change_options(self, request: Request) -> Response:
        changes = await _body(request)
        if not isinstance(changes, Mapping):
            raise refused("the body must be an object of options", hint='for example {"quotas": false}')
        try:
            self._sandbox.change_options(changes)
        except ValidationError as error:
            raise ControlRefused(problems_of(error, _OPTIONS)) from error
        return await self._options(request)


def _with_recipe(body: Json) -> Json:
    """A fault that names a recipe is that recipe, with what else it says over it."""
    if not isinstance(body, Mapping) or "recipe" not in body:
        return body
    name = body["recipe"]
    recipe = RECIPES.get(name) if isinstance(name, str) else None
    if recipe is None:
        raise refused(f"{name!r} is not known", path="recipe", hint=did_you_mean(name, RECIPES))
    return {**_plain(recipe.fault), **{key: value for key, value in body.items() if key != "recipe"}}


def _plain(fault: Fault) -> dict[str, Json]:
    return fault.model_dump(mode="json", exclude_defaults=True) | {
        "action": {"kind": fault.action.kind, **fault.action.model_dump(mode="json", exclude_defaults=True)}
    }


def _refusing(endpoint: Endpoint) -> Endpoint:
    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except RequestRefused as error:
            refusal = (
                error if isinstance(error, ControlRefused) else ControlRefused([Problem(path="", problem=error.detail)])
            )
            return Response(
                orjson.dumps(refusal.document()), refusal.http_status, media_type="application/problem+json"
            )

    return answer


async def _body(request: Request) -> Json:
    try:
        body = orjson.loads(await request.body())
    except orjson.JSONDecodeError as error:
        raise refused(f"the body is not JSON: {error}") from error
    if not is_shallow(body):
        raise refused("the body is nested too deeply", hint=f"at most {MOST_NESTING} objects and lists in each other")
    return body


def _json(status: int, value: Json) -> Response:
    body = orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2)
    return Response(body, status, media_type="application/json")
