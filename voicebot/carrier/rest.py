"""Twilio's REST interface: three orders and one question, with time-outs and honest failures.

Requests go through the official SDK and its own HTTP client is replaced, for three reasons: the
SDK waits for ever by default, it cannot be pointed elsewhere, and it retries nothing that matters.

What may be repeated is repeated: 429 (never processed), a connection that was never made, and
faults on updates and questions, which do no harm when they come twice. Creating a call is
different: after a fault nobody knows whether the phone rings. That is told with the code UNSURE.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

import httpx
from twilio.base.exceptions import TwilioException, TwilioRestException  # type: ignore[import-untyped]
from twilio.http import HttpClient  # type: ignore[import-untyped]
from twilio.http.response import Response  # type: ignore[import-untyped]
from twilio.rest import Client  # type: ignore[import-untyped]

from voicebot.errors import CarrierError
from voicebot.ports import UNSURE

log = logging.getLogger("voicebot.carrier")

GONE = "E-CARRIER-GONE"
BUSY = "E-CARRIER-BUSY"
REFUSED = "E-CARRIER-REFUSED"
LOGIN = "E-CARRIER-LOGIN"

BACKOFF_S = (0.2, 0.6, 1.5)
"""waits before the repetitions; each is lengthened by chance by up to a half"""
THREADS = 8
_ENDED = {21220, 20404}
"""codes that say: this leg is over, or never was"""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class FoundCall:
    sid: str
    status: str


class PointedHttp(HttpClient):  # type: ignore[misc]
    """The SDK's way out: to a given base address, with a time-out, repeating what may be repeated."""

    def __init__(
        self,
        api_base: str,
        *,
        timeout_s: float,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        super().__init__(log, False, timeout_s)
        self._base = urlsplit(api_base)
        self._sleep = sleep
        is_here = self._base.hostname in ("127.0.0.1", "localhost", "::1")
        self._http = httpx.Client(timeout=timeout_s, transport=transport, trust_env=not is_here)

    def request(
        self,
        method: str,
        uri: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        """Send one request; raises httpx.HTTPError when the last try got no answer."""
        url = self._pointed(uri)
        may_repeat = _may_repeat(method, url)
        for wait_s in (*BACKOFF_S, None):
            try:
                answer = self._http.request(
                    method, url, params=_clean(params), data=_clean(data), headers=headers, auth=auth
                )
            except (httpx.ConnectError, httpx.ConnectTimeout):
                if wait_s is None:
                    raise
            except httpx.HTTPError:
                if wait_s is None or not may_repeat:
                    raise
            else:
                is_fault = answer.status_code == 429 or (answer.status_code >= 500 and may_repeat)
                if wait_s is None or not is_fault:
                    return Response(answer.status_code, answer.text, answer.headers)
            log.info("the carrier is asked again: %s", method)
            self._sleep(wait_s * (1 + random.random() / 2))
        raise AssertionError("unreachable")

    def close(self) -> None:
        self._http.close()

    def _pointed(self, uri: str) -> str:
        url = urlsplit(uri)
        path = self._base.path.rstrip("/") + url.path
        return urlunsplit((self._base.scheme, self._base.netloc, path, url.query, ""))


def _may_repeat(method: str, url: str) -> bool:
    """Does it do no harm twice? Everything but creating something new."""
    return method != "POST" or re.search(r"/CA[0-9a-f]{32}\.json$", url) is not None


def _clean(values: dict[str, object] | None) -> dict[str, Any] | None:
    """The SDK leaves things it was not given in; they must not become empty fields."""
    if not values:
        return None
    return {name: value for name, value in values.items() if value is not None}


class TwilioRest:
    """The account at the carrier. Blocking requests run in threads of their own."""

    def __init__(self, account_sid: str, auth_token: str, from_number: str, http: PointedHttp) -> None:
        self._client = Client(account_sid, auth_token, http_client=http)
        self._from_number = from_number
        self._http = http
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="carrier")

    async def create_call(self, to_number: str, *, url: str, status_callback: str, ring_s: int) -> str:
        """Ring somebody; returns the id of the new leg. Raises CarrierError, UNSURE when it may ring."""
        call = await self._ask(
            partial(
                self._client.calls.create,
                to=to_number,
                from_=self._from_number,
                url=url,
                method="POST",
                timeout=ring_s,
                status_callback=status_callback,
                status_callback_method="POST",
                status_callback_event=["initiated", "ringing", "answered", "completed"],
            )
        )
        return str(call.sid)

    async def redirect(self, sid: str, twiml: str) -> None:
        """Let a live leg run another document. Raises CarrierError, GONE when it is over."""
        await self._ask(partial(self._client.calls(sid).update, twiml=twiml))

    async def end(self, sid: str) -> None:
        """End a leg, whatever it does, ringing included. One that is over already is no error."""
        try:
            await self._ask(partial(self._client.calls(sid).update, status="completed"))
        except CarrierError as error:
            if error.code != GONE:
                raise

    async def find_calls(self, to_number: str, since: datetime) -> list[FoundCall]:
        """Legs rung at this number since then (UTC), newest first. Raises CarrierError."""
        calls = await self._ask(
            partial(self._client.calls.list, to=to_number, from_=self._from_number, limit=20)
        )
        return [
            FoundCall(str(call.sid), str(call.status))
            for call in calls
            if call.date_created is None or call.date_created >= since
        ]

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._http.close()

    async def _ask(self, work: Callable[[], T]) -> T:
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._threads, work)
        except TwilioRestException as error:
            raise _refusal(error) from None
        except (httpx.HTTPError, TwilioException, json.JSONDecodeError, KeyError) as error:
            raise CarrierError(
                f"no usable answer from the carrier ({type(error).__name__}).",
                code=UNSURE,
                remedy="If frequent: see the carrier's status page, or raise TWILIO_TIMEOUT_MS.",
            ) from None


def _refusal(error: TwilioRestException) -> CarrierError:
    """The carrier's answer in our terms. Its own message may hold numbers, so it is left out."""
    told = f"the carrier answered {error.status}, code {error.code}."
    help_url = f"See https://www.twilio.com/docs/api/errors/{error.code}."
    if error.code in _ENDED or error.status == 404:
        return CarrierError(told, code=GONE)
    if error.status == 401 or error.code == 20003:
        return CarrierError(told, code=LOGIN, remedy="Check TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN.")
    if error.status == 429:
        return CarrierError(told, code=BUSY, remedy="Too many requests at once for this account.")
    if error.status >= 500:
        return CarrierError(told, code=UNSURE, remedy="If frequent: see the carrier's status page.")
    return CarrierError(told, code=REFUSED, remedy=help_url)
