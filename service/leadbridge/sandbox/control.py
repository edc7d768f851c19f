"""The sandbox's own endpoints, under `/sandbox`: faults, state, history, seeds, options, reset."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, TypeVar

import orjson
from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from leadbridge.errors import RequestRefused
from leadbridge.events import Json
from leadbridge.sandbox.faults import Fault
from leadbridge.sandbox.seeds import Seed

if TYPE_CHECKING:
    from leadbridge.sandbox.app import Sandbox

T = TypeVar("T")
_FAULT: TypeAdapter[Fault] = TypeAdapter(Fault)
_SEED: TypeAdapter[Seed] = TypeAdapter(Seed)


class Control:
    """The endpoints of one sandbox. What cannot be taken is answered with a problem document (RFC 9457)."""

    def __init__(self, sandbox: "Sandbox") -> None:
        self._sandbox = sandbox

    def routes(self) -> list[Route]:
        """Every endpoint, for an application to mount."""
        return [
            Route("/faults", _refusing(self._add_fault), methods=["POST"]),
            Route("/faults", _refusing(self._list_faults), methods=["GET"]),
            Route("/faults", _refusing(self._clear_faults), methods=["DELETE"]),
            Route("/faults/{fault_id}", _refusing(self._remove_fault), methods=["DELETE"]),
            Route("/state", _refusing(self._state), methods=["GET"]),
            Route("/history", _refusing(self._history), methods=["GET"]),
            Route("/seed", _refusing(self._seed), methods=["POST"]),
            Route("/reset", _refusing(self._reset), methods=["POST"]),
            Route("/options", _refusing(self._options), methods=["GET", "POST"]),
        ]

    async def _add_fault(self, request: Request) -> Response:
        fault = _validated(_FAULT, await _body(request))
        return _json(201, {"id": self._sandbox.faults.add(fault)})

    async def _list_faults(self, _: Request) -> Response:
        return _json(200, self._sandbox.faults.listed())

    async def _clear_faults(self, _: Request) -> Response:
        self._sandbox.faults.clear()
        return Response(status_code=204)

    async def _remove_fault(self, request: Request) -> Response:
        fault_id = request.path_params["fault_id"]
        if not self._sandbox.faults.remove(fault_id):
            raise RequestRefused(f"No fault has the id {fault_id}.")
        return Response(status_code=204)

    async def _state(self, request: Request) -> Response:
        return _json(200, self._sandbox.state(_crm(request)))

    async def _history(self, request: Request) -> Response:
        account = request.query_params.get("account")
        return _json(200, self._sandbox.history.listed(crm=_crm(request), account=account))

    async def _seed(self, request: Request) -> Response:
        seed = _validated(_SEED, await _body(request))
        return _json(201, {"ids": self._sandbox.seed(seed)})

    async def _reset(self, _: Request) -> Response:
        self._sandbox.reset()
        return Response(status_code=204)

    async def _options(self, request: Request) -> Response:
        if request.method == "POST":
            changes = await _body(request)
            if not isinstance(changes, Mapping):
                raise RequestRefused("The body must be an object of options.")
            try:
                self._sandbox.change_options(changes)
            except ValidationError as error:
                raise RequestRefused(_problems(error)) from error
        return _json(200, self._sandbox.options.model_dump(mode="json", exclude={"seeds"}))


def _refusing(endpoint: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except RequestRefused as refused:
            problem = {
                "title": refused.http_status.phrase,
                "status": int(refused.http_status),
                "detail": refused.detail,
            }
            return Response(orjson.dumps(problem), refused.http_status, media_type="application/problem+json")

    return answer


async def _body(request: Request) -> Json:
    try:
        return orjson.loads(await request.body())
    except orjson.JSONDecodeError as error:
        raise RequestRefused(f"The body is not JSON: {error}") from error


def _validated(adapter: TypeAdapter[T], value: Json) -> T:
    try:
        return adapter.validate_python(value)
    except ValidationError as error:
        raise RequestRefused(_problems(error)) from error


def _problems(error: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(str(part) for part in problem['loc']) or 'body'}: {problem['msg']}" for problem in error.errors()
    )


def _crm(request: Request) -> str | None:
    crm = request.query_params.get("crm")
    if crm not in (None, "copper", "leadconnector"):
        raise RequestRefused("crm must be copper or leadconnector.")
    return crm


def _json(status: int, value: Json) -> Response:
    body = orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2)
    return Response(body, status, media_type="application/json")
