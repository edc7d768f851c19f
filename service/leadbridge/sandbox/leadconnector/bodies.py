"""How LeadConnector's endpoints read a request's body and version, and name a location in it."""

from collections.abc import Mapping

from leadbridge.events import Json
from leadbridge.sandbox.exchange import ApiRequest
from leadbridge.sandbox.leadconnector.directory import Directory
from leadbridge.sandbox.leadconnector.location import Location
from leadbridge.sandbox.leadconnector.problems import Invalid


def body_of(request: ApiRequest) -> Mapping[str, Json]:
    """The body, empty when there is none; raises `Invalid` for one that is no object."""
    if request.payload is not None and not isinstance(request.payload, Mapping):
        raise Invalid("the request body must be an object")
    return request.payload or {}


def location_named(directory: Directory, values: Mapping[str, Json]) -> Location:
    """The location that a body or query names; raises `Invalid` when it names none."""
    location_id = values.get("locationId")
    if not isinstance(location_id, str) or not location_id:
        raise Invalid("locationId can't be undefined")
    return directory.location(location_id)


def is_v3(request: ApiRequest) -> bool:
    """Whether the call is one of version 3."""
    return request.headers.get("version") == "v3"
