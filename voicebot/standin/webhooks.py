"""Calls the bot back as the provider does: form fields, signature, one retry."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

import httpx
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

log = logging.getLogger("voicebot.standin")

TIMEOUT_S = 15.0
BLANK_FIELDS = (
    "FromCity",
    "FromState",
    "FromZip",
    "FromCountry",
    "ToCity",
    "ToState",
    "ToZip",
    "CallerCity",
    "CalledCity",
)
"""sent empty more often than not, and signed all the same"""


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    text: str


class Webhooks:
    """Delivers signed requests."""

    def __init__(
        self, http: httpx.AsyncClient, account_sid: str, auth_token: str, *, repeats: bool = False
    ) -> None:
        """repeats: deliver everything twice, as a provider whose first attempt seemed lost."""
        self._http = http
        self._account_sid = account_sid
        self._validator = RequestValidator(auth_token)
        self._repeats = repeats

    def sign(self, url: str, fields: Mapping[str, str] | None = None) -> str:
        """The signature of a request; without fields, of a WebSocket handshake."""
        return str(self._validator.compute_signature(url, dict(fields or {})))

    async def post(self, url: str, fields: Mapping[str, str]) -> Reply:
        """Deliver once, or twice when connecting fails. Answers status 0 when nobody is there."""
        url = url.partition("#")[0]
        form = {
            "AccountSid": self._account_sid,
            "ApiVersion": "2010-04-01",
            **dict.fromkeys(BLANK_FIELDS, ""),
            **fields,
        }
        headers = {
            "X-Twilio-Signature": self.sign(url, form),
            "I-Twilio-Idempotency-Token": str(uuid.uuid4()),
            "User-Agent": "TwilioProxy/1.1",
        }
        reply = await self._try(url, form, headers)
        if reply.status == 0 or self._repeats:
            reply = await self._try(url, form, headers)
        return reply

    async def _try(self, url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> Reply:
        try:
            async with asyncio.timeout(TIMEOUT_S):
                answer = await self._http.post(url, data=dict(form), headers=dict(headers))
        except (httpx.HTTPError, TimeoutError) as error:
            log.warning("the webhook could not be delivered: %s", type(error).__name__)
            return Reply(0, "")
        return Reply(answer.status_code, answer.text)
