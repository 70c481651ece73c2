"""How arguments and results become what Temporal keeps: JSON as Pydantic says, and encrypted."""

from collections.abc import Sequence
from dataclasses import replace

from temporalio.api.common.v1 import Payload
from temporalio.contrib.pydantic import (
    PydanticJSONPlainPayloadConverter,
    PydanticPayloadConverter,
    pydantic_data_converter,
)
from temporalio.converter import (
    DataConverter,
    DefaultFailureConverterWithEncodedAttributes,
    PayloadCodec,
)

ENCRYPTED = b"binary/encrypted"
"""The encoding of an encrypted payload, as in Temporal's own examples."""

_JSON = PydanticJSONPlainPayloadConverter()
"""Keeps what Pydantic works out about each type: some milliseconds for an item's input."""


class CannotDecrypt(Exception):
    """A payload was encrypted with a key that is not among the settings, or was changed since."""


class SharedPydanticConverter(PydanticPayloadConverter):
    """Converts as the SDK's converter does. The SDK makes a converter for each run of a workflow,
    and each would work out the types anew."""

    def __init__(self) -> None:
        super().__init__()
        self.converters = {**self.converters, _JSON.encoding.encode(): _JSON}


DATA_CONVERTER = replace(pydantic_data_converter, payload_converter_class=SharedPydanticConverter)
"""What every client, worker and replay uses where nothing is encrypted."""


class Plain(PayloadCodec):
    """Encrypts nothing, and refuses what is encrypted. The SDK would drop a signal that it cannot
    read. A refused one waits until the worker has the keys."""

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """The same payloads."""
        return list(payloads)

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """The same payloads. Raises ``CannotDecrypt``."""
        if any(one.metadata.get("encoding") == ENCRYPTED for one in payloads):
            raise CannotDecrypt("This is encrypted. Set MILEPOST_PAYLOAD_KEYS, as elsewhere.")
        return list(payloads)


def converter_with(keys: Sequence[tuple[str, bytes]]) -> DataConverter:
    """The converter of an office with these keys; without any, nothing is encrypted. The messages
    of failures are encrypted too."""
    if not keys:
        return replace(DATA_CONVERTER, payload_codec=Plain())
    from temporal.encryption import Encryption  # an office without keys need not import it

    return replace(
        DATA_CONVERTER,
        payload_codec=Encryption(keys),
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )
