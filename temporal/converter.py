"""How arguments and results become JSON: as Pydantic says, with one memory of types a process."""

from dataclasses import replace

from temporalio.contrib.pydantic import (
    PydanticJSONPlainPayloadConverter,
    PydanticPayloadConverter,
    pydantic_data_converter,
)

_JSON = PydanticJSONPlainPayloadConverter()
"""Keeps what Pydantic works out about each type: some milliseconds for an item's input."""


class SharedPydanticConverter(PydanticPayloadConverter):
    """Converts as the SDK's converter does. The SDK makes a converter for each run of a workflow,
    and each would work out the types anew."""

    def __init__(self) -> None:
        super().__init__()
        self.converters = {**self.converters, _JSON.encoding.encode(): _JSON}


DATA_CONVERTER = replace(pydantic_data_converter, payload_converter_class=SharedPydanticConverter)
"""What every client, worker and replay uses."""
