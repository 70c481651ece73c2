"""Rows as JSON: the one form that the API answers and the command line prints."""

from typing import Any

import orjson
from pydantic import BaseModel


def written(rows: object) -> bytes:
    """JSON of dataclasses, models, and what they hold. Instants are UTC and end in ``Z``.

    Raises ``TypeError`` for a value without a form in JSON.
    """
    return orjson.dumps(rows, default=_fields, option=orjson.OPT_UTC_Z)


def _fields(value: object) -> dict[str, Any]:
    if isinstance(value, BaseModel):
        return value.model_dump()
    raise TypeError(type(value).__name__)
