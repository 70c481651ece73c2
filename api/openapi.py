"""The API's OpenAPI description: FastAPI's, with every error as a problem."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from services.problems import Flaw, ProblemBody

DESCRIPTION = """\
Milepost runs support programmes: one durable workflow per member's engagement.

* Send `Authorization: Bearer <token>`. `milepost token create` makes one.
* Send an `Idempotency-Key` with each POST: a repeat gets the same answer and does nothing twice.
* Errors are [problem details](https://www.rfc-editor.org/rfc/rfc9457): `detail` says what to do.
* Lists come in pages: follow `next`.
"""


class Described(FastAPI):
    """An application with the finished description."""

    def openapi(self) -> dict[str, Any]:
        """Made once, at the first request."""
        if self.openapi_schema is None:
            self.openapi_schema = _finished(self)
        return self.openapi_schema


def _finished(app: FastAPI) -> dict[str, Any]:
    described = get_openapi(
        title=app.title, version=app.version, description=DESCRIPTION, routes=app.routes
    )
    schemas = described["components"]["schemas"]
    # FastAPI describes its own form of a validation error; ours is a problem like any other.
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    reference = "#/components/schemas/{model}"
    for model in (Flaw, ProblemBody):
        schemas[model.__name__] = model.model_json_schema(ref_template=reference)
        schemas[model.__name__].pop("$defs", None)
    for _, _, operation in described_operations(described):
        _show_examples(operation, schemas)
        for status, answer in operation["responses"].items():
            if int(status) >= 400:
                answer["content"] = {
                    kind: content
                    for kind, content in answer.get("content", {}).items()
                    if kind == "application/problem+json"
                }
            if status == "503":
                answer["headers"] = {
                    "Retry-After": {"schema": {"type": "string"}, "description": "Seconds."}
                }
            if status in {"201", "202"}:
                answer["headers"] = {
                    "Location": {"schema": {"type": "string"}, "description": "Where it is."}
                }
    return described


def _show_examples(operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Show at the operation itself what a body and an answer look like."""
    bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
    for body in bodies:
        content = body.get("content", {}).get("application/json")
        if content and "example" not in content:
            found = _example_of(content["schema"], schemas)
            if found is not None:
                content["example"] = found


def _example_of(schema: dict[str, Any], schemas: dict[str, Any]) -> Any:
    model = schemas.get(schema.get("$ref", "").rpartition("/")[2], {})
    if "examples" in model:
        return model["examples"][0]
    entries = model.get("properties", {}).get("items", {}).get("items")
    if entries is not None:
        return {"items": [_example_of(entries, schemas)], "next": None}
    return None


def described_operations(
    described: dict[str, Any],
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, path and description of every operation."""
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            if method in {"get", "post", "patch", "put", "delete"}:
                yield method.upper(), path, operation
