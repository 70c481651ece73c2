"""Calls the office's API as its users do, each with their own token."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

API = "/api/v1"
REQUEST_TIMEOUT_SECONDS = 30.0
PATIENCE_SECONDS = 30.0
"""How long a consequence may take, such as an item of the plan or a late record."""
ASK_EVERY_SECONDS = 0.15
BUSY = frozenset({httpx.codes.SERVICE_UNAVAILABLE, httpx.codes.CONFLICT})

T = TypeVar("T")


class Refused(Exception):
    """The office refused a command, with the status and its sentence."""

    def __init__(self, address: str, status: int, sentence: str) -> None:
        super().__init__(f"{address}: {status} {sentence}")
        self.status = status
        self.sentence = sentence


class NotInTime(Exception):
    """An expected email or record did not arrive in time."""


class OfficeClient:
    """One connection pool for all users. ``tokens`` maps a user to their token."""

    def __init__(self, base: str, tokens: Mapping[str, str]) -> None:
        # Never through a proxy: the office runs on this machine.
        self._http = httpx.AsyncClient(
            base_url=base, trust_env=False, timeout=REQUEST_TIMEOUT_SECONDS
        )
        self._tokens = tokens

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._http.aclose()

    async def get(self, who: str, address: str, **parameters: str | int) -> Any:
        """Read something. Raises Refused."""
        try:
            answer = await self._http.get(
                f"{API}{address}", params=parameters, headers=self._headers(who)
            )
        except httpx.TransportError:
            raise Refused(address, 0, "The API does not answer.") from None
        return self._body(address, answer)

    async def post(self, who: str, address: str, body: Mapping[str, Any] | None, key: str) -> Any:
        """Give a command. The key makes a repeated call harmless. Raises Refused.

        Waits where the office is busy, or where the record takes longer.
        """
        headers = self._headers(who) | {"Idempotency-Key": key}
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                answer = await self._http.post(f"{API}{address}", json=body, headers=headers)
            except httpx.TransportError:
                # The API is restarting. The key makes sure that nothing is done twice.
                if time.monotonic() > deadline:
                    raise Refused(address, 0, "The API does not answer.") from None
                await asyncio.sleep(1.0)
                continue
            if answer.status_code == httpx.codes.ACCEPTED:
                return await self._recorded(who, answer.headers["Location"])
            # 503: no worker yet. 409: an earlier run was interrupted during this call.
            busy = answer.status_code in BUSY and "Retry-After" in answer.headers
            if not busy or time.monotonic() > deadline:
                return self._body(address, answer)
            await asyncio.sleep(min(float(answer.headers["Retry-After"]), 2.0))

    async def _recorded(self, who: str, location: str) -> Any:
        async def read() -> Any:
            try:
                return await self.get(who, location.removeprefix(API))
            except Refused as refused:
                if refused.status != httpx.codes.NOT_FOUND:
                    raise
                return None

        return await until(read, location)

    def _headers(self, who: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._tokens[who]}"}

    def _body(self, address: str, answer: httpx.Response) -> Any:
        if answer.is_success:
            return answer.json()
        try:
            problem = answer.json()
            flaws = [f"{each['pointer']}: {each['what']}" for each in problem.get("errors") or []]
            sentence = " ".join([str(problem.get("detail", "")), *flaws])
        except ValueError:
            sentence = answer.text[:200]
        raise Refused(address, answer.status_code, sentence)


async def until(
    ask: Callable[[], Awaitable[T | None]], what: str, within: float = PATIENCE_SECONDS
) -> T:
    """Ask until there is an answer. Raises NotInTime with ``what``."""
    deadline = time.monotonic() + within
    while True:
        found = await ask()
        if found is not None:
            return found
        if time.monotonic() > deadline:
            raise NotInTime(what)
        await asyncio.sleep(ASK_EVERY_SECONDS)
