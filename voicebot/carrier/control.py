"""Carries out what a call asks of its carrier, on Twilio."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from typing import Protocol

from voicebot.carrier import twiml
from voicebot.carrier.rest import GONE, FoundCall
from voicebot.carrier.tokens import StreamTokens
from voicebot.carrier.transfers import Attempt, Transfers
from voicebot.carrier.urls import Urls
from voicebot.errors import CarrierError
from voicebot.events import BridgeCaller, CancelAgent, HangUp, RingAgent, TakeBackCaller
from voicebot.ports import UNSURE, CarrierCommand, Handoff, HandoffStore

log = logging.getLogger("voicebot.carrier")

NAMED_S = 3.0
"""after a lost answer: time for the ringing to announce itself"""
CLOCKS_DIFFER = timedelta(seconds=10)


class Rest(Protocol):
    """What is needed of the carrier's REST interface; `carrier.rest.TwilioRest` is it."""

    async def create_call(self, to_number: str, *, url: str, status_callback: str, ring_s: int) -> str: ...

    async def redirect(self, sid: str, twiml: str) -> None: ...

    async def end(self, sid: str) -> None: ...

    async def find_calls(self, to_number: str, since: datetime) -> list[FoundCall]: ...


class TwilioControl:
    """Rings agents, moves callers, hangs up. Shared by all calls."""

    def __init__(
        self, rest: Rest, urls: Urls, transfers: Transfers, tokens: StreamTokens, handoffs: HandoffStore
    ) -> None:
        self._rest = rest
        self._urls = urls
        self._transfers = transfers
        self._tokens = tokens
        self._handoffs = handoffs

    async def carry_out(self, call_id: str, command: CarrierCommand) -> None:
        match command:
            case RingAgent():
                await self._ring(call_id, command)
            case CancelAgent():
                await self._let_go(self._transfers.of_call(call_id, command.attempt))
            case BridgeCaller():
                await self._move(call_id, command.attempt)
            case TakeBackCaller():
                await self._take_back(call_id, command.attempt)
            case HangUp():
                await self._rest.end(call_id)

    async def end_leg(self, sid: str) -> None:
        """End an agent's leg that nobody wants any more; a failure is told in the log only."""
        try:
            await self._rest.end(sid)
        except CarrierError as error:
            log.warning("%s leg=%s could not be ended: %s", error.code, sid, error)

    async def _ring(self, call_id: str, order: RingAgent) -> None:
        attempt, is_new = self._transfers.open(call_id, order)
        if is_new:
            await self._save(attempt)
        where = attempt.transfer_id, attempt.number
        try:
            sid = await self._rest.create_call(
                order.phone,
                url=self._urls.transfer(*where, "recap"),
                status_callback=self._urls.transfer(*where, "agent-status"),
                ring_s=max(5, round(order.ring_ms / 1000)),
            )
        except CarrierError as error:
            sid = await self._look_for(attempt) if error.code == UNSURE else ""
            if not sid:
                attempt.is_closed = True
                raise
        attempt.name(sid)
        log.info("call=%s transfer=%s attempt=%s agent=%s rings", call_id, *where, order.agent)

    async def _save(self, attempt: Attempt) -> None:
        """The page comes second to the ringing: without a store the agent still hears the recap."""
        order = attempt.order
        created_at = datetime.now(UTC).isoformat(timespec="seconds")
        try:
            await self._handoffs.save(
                Handoff(attempt.transfer_id, attempt.call_id, created_at, order.queue, order.recap)
            )
        except Exception as error:
            log.error(
                "E-HANDOFF-STORE call=%s transfer=%s: %s; the agent's page will be missing.",
                attempt.call_id,
                attempt.transfer_id,
                type(error).__name__,
            )

    async def _look_for(self, attempt: Attempt) -> str:
        """The order to ring may have been carried out. Wait for word of it, then ask for it."""
        try:
            async with asyncio.timeout(NAMED_S):
                await attempt.named.wait()
            return attempt.agent_sid
        except TimeoutError:
            found = await self._rest.find_calls(attempt.order.phone, attempt.ordered_at - CLOCKS_DIFFER)
        live = ("queued", "initiated", "ringing", "in-progress")
        mine = [c.sid for c in found if c.status in live and not self._transfers.is_known_leg(c.sid)]
        return mine[0] if mine else ""

    async def _let_go(self, attempt: Attempt | None) -> None:
        if attempt is None:
            return
        attempt.is_closed, attempt.farewell = True, "gone"
        if attempt.agent_sid:
            await self._rest.end(attempt.agent_sid)

    async def _move(self, call_id: str, number: int) -> None:
        attempt = self._transfers.of_call(call_id, number)
        if attempt is None:
            raise CarrierError("an agent is to get the caller who was never rung.", code="E-CARRIER-ATTEMPT")
        attempt.was_moved = True
        try:
            await self._rest.redirect(
                call_id, twiml.caller_into_room(self._urls, attempt.transfer_id, number)
            )
        except CarrierError as error:
            attempt.was_moved = error.code == UNSURE
            raise

    async def _take_back(self, call_id: str, number: int) -> None:
        attempt = self._transfers.of_call(call_id, number)
        if attempt is None or not attempt.was_moved:
            return
        attempt.was_moved = False
        try:
            await self._rest.redirect(call_id, resumed_stream(self._urls, self._tokens, call_id))
        except CarrierError as error:
            if error.code != GONE:
                raise


def resumed_stream(urls: Urls, tokens: StreamTokens, call_id: str) -> str:
    """The document that brings a caller back from an agent's room."""
    return twiml.connect_stream(urls, {"token": tokens.issue(call_id, "transfer_failed")})


class NoControl:
    """For development without an account: nobody can be rung, and closing the stream hangs up."""

    async def carry_out(self, call_id: str, command: CarrierCommand) -> None:
        if isinstance(command, RingAgent | BridgeCaller):
            raise CarrierError(
                "no account at the carrier is configured, so no agent can be rung.",
                code="E-CARRIER-NONE",
                remedy="Set TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and TWILIO_FROM.",
            )
