"""The description of the API for machines (OpenAPI 3.1), made from the list of resources."""

from __future__ import annotations

import re
from typing import Any

from pcs_dash import __version__
from pcs_dash.api.resources import RESOURCES, Resource

_NAME = re.compile(r"{(\w+)}")


def openapi(base: str) -> dict[str, Any]:
    """The whole description; `base` is where /api/v1 stands on this server."""
    paths: dict[str, Any] = {}
    for resource in RESOURCES:
        paths[resource.path] = {"get": _operation(resource, csv=False)}
        if resource.rows:
            paths[f"{resource.path}.csv"] = {"get": _operation(resource, csv=True)}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "pcs_dash",
            "version": __version__,
            "description": "Read-only: what the app's pages say, for programs.",
        },
        "servers": [{"url": base}],
        "paths": paths,
    }


def _operation(resource: Resource, *, csv: bool) -> dict[str, Any]:
    kind = "text/csv" if csv else "application/json"
    schema = {"type": "string"} if csv else {"type": "array" if resource.rows else "object"}
    name = resource.answer.__name__
    text = {"schema": {"type": "string"}}
    return {
        "operationId": f"{name}_csv" if csv else name,
        "summary": resource.about,
        "parameters": [
            *({"name": n, "in": "path", "required": True, **text} for n in names(resource)),
            *(
                {"name": n, "in": "query", "description": about, **text}
                for n, about in resource.optional.items()
            ),
        ],
        "responses": {
            "200": {
                "description": "The answer, with an ETag",
                "content": {kind: {"schema": schema}},
            },
            "304": {"description": "Unchanged since the ETag of If-None-Match"},
            "400": {"description": "What was asked makes no sense; `error` says what to do"},
            "429": {"description": "Too many questions; Retry-After says when to ask again"},
        },
    }


def names(resource: Resource) -> list[str]:
    """The parameters in a resource's path."""
    return _NAME.findall(resource.path)
