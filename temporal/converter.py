"""How arguments and results become what Temporal keeps: JSON as Pydantic says, and encrypted."""

from collections.abc import Sequence
from dataclasses import replace

from temporalio.contrib.pydantic import (
    PydanticJSONPlainPayloadConverter,
    PydanticPayloadConverter,
    pydantic_data_converter,
)
from temporalio.converter import DataConverter, DefaultFailureConverterWithEncodedAttributes

_JSON = PydanticJSONPlainPayloadConverter()
"""Keeps what Pydantic works out about each type: some milliseconds for an item's input."""


class SharedPydanticConverter(PydanticPayloadConverter):
    """Converts as the SDK's converter does. The SDK makes a converter for each run of a workflow,
    and each would work out the types anew."""

    def __init__(self) -> None:
        super().__init__()
        self.converters = {**self.converters, _JSON.encoding.encode(): _JSON}


DATA_CONVERTER = replace(pydantic_data_converter, payload_converter_class=SharedPydanticConverter)
"""What every client, worker and replay uses where nothing is encrypted."""


def converter_with(keys: Sequence[tuple[str, bytes]]) -> DataConverter:
    """The converter of an office with these keys; without any, nothing is encrypted. The messages
    of failures are encrypted too."""
    if not keys:
        return DATA_CONVERTER
    from temporal.encryption import Encryption  # an office without keys need not import it

    return replace(
        DATA_CONVERTER,
        payload_codec=Encryption(keys),
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )
