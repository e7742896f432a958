"""What the carrier calls about an agent who is rung: answer, key, status, room, end.

Each address names the transfer and the attempt, so a handler always knows whom it is about. An
attempt that was let go answers everything with a word of thanks and the end of the leg.
"""

from __future__ import annotations

import logging

from fastapi import APIRouter, Depends, Response
from starlette.datastructures import FormData

from voicebot.carrier import twiml, urls
from voicebot.carrier.control import TwilioControl, resumed_stream
from voicebot.carrier.routes import OVER, ForgivingRoute, House, signed_form, text, xml
from voicebot.carrier.transfers import Attempt, Transfers
from voicebot.events import AgentLegChanged, BridgeFailed, CallerBridged, ConversationEnded, LegEvent

log = logging.getLogger("voicebot.carrier")

STATUSES = {
    "ringing": LegEvent.RINGING,
    "in-progress": LegEvent.ANSWERED,
    "answered": LegEvent.ANSWERED,
    "busy": LegEvent.BUSY,
    "no-answer": LegEvent.NO_ANSWER,
    "canceled": LegEvent.NO_ANSWER,
    "failed": LegEvent.FAILED,
    "completed": LegEvent.LEFT,
}


def transfer_routes(house: House, transfers: Transfers, control: TwilioControl | None) -> APIRouter:
    """`/twilio/transfer/{transfer_id}/{attempt}/...`; control None: nobody can be rung."""
    router = APIRouter(prefix=urls.TRANSFER, route_class=ForgivingRoute)
    signed = Depends(signed_form(house))

    def tell(attempt: Attempt, what: LegEvent) -> None:
        house.calls.post(attempt.call_id, AgentLegChanged(attempt.number, what))

    def sent_away(attempt: Attempt | None) -> Response | None:
        """The answer for an agent who is not wanted, or no longer; None for one who is."""
        if attempt is None:
            return xml(twiml.say_and_hang_up(house.speech, ("zh",), "taken"))
        if not attempt.is_closed and not attempt.is_accepted and not house.calls.is_live(attempt.call_id):
            attempt.is_closed, attempt.farewell = True, "gone"
        if attempt.is_closed:
            language = attempt.order.recap.language
            return xml(twiml.say_and_hang_up(house.speech, (language,), attempt.farewell))
        return None

    @router.post("/recap")
    async def recap(transfer_id: str, attempt: int, form: FormData = signed) -> Response:
        """The agent has picked up: tell what the call is about and ask for a key."""
        ring = transfers.find(transfer_id, attempt)
        if ring is not None:
            ring.name(text(form, "CallSid"))
        if (refusal := sent_away(ring)) is not None or ring is None:
            return refusal or xml(twiml.hang_up())
        tell(ring, LegEvent.ANSWERED)
        told = ring.order.recap
        spoken = told.spoken or told.wants or told.reason
        return xml(twiml.recap(house.urls, transfer_id, attempt, spoken, told.language, house.speech))

    @router.post("/accept")
    async def accept(transfer_id: str, attempt: int, form: FormData = signed) -> Response:
        """The agent has pressed a key, or none."""
        ring = transfers.find(transfer_id, attempt)
        if (refusal := sent_away(ring)) is not None or ring is None:
            return refusal or xml(twiml.hang_up())
        key = text(form, "Digits")
        if key == "1" or ring.is_accepted:
            ring.is_accepted = True
            tell(ring, LegEvent.ACCEPTED)
            return xml(twiml.agent_into_room(house.urls, transfer_id, attempt))
        ring.is_closed, ring.farewell = True, "thanks"
        tell(ring, LegEvent.DECLINED if key == "2" else LegEvent.NO_KEY)
        return sent_away(ring) or xml(twiml.hang_up())

    @router.post("/agent-status")
    async def agent_status(transfer_id: str, attempt: int, form: FormData = signed) -> Response:
        """The agent's leg has changed. Words may come late and in any order."""
        ring = transfers.find(transfer_id, attempt)
        status = text(form, "CallStatus")
        if ring is None:
            return Response(status_code=204)
        ring.name(text(form, "CallSid"))
        if ring.is_closed:
            if status not in OVER and control is not None:
                await control.end_leg(text(form, "CallSid"))
            return Response(status_code=204)
        if status in OVER:
            ring.is_closed = True
        if (what := STATUSES.get(status)) is not None:
            tell(ring, what)
        return Response(status_code=204)

    @router.post("/room")
    async def room(transfer_id: str, attempt: int, form: FormData = signed) -> Response:
        """Somebody came into the room or left it."""
        ring = transfers.find(transfer_id, attempt)
        if ring is None:
            return Response(status_code=204)
        what, label = text(form, "StatusCallbackEvent"), text(form, "ParticipantLabel")
        if what == "participant-join":
            ring.in_room.add(label)
        elif what == "participant-leave":
            ring.in_room.discard(label)
        if ring.in_room >= {"agent", "caller"} and not ring.was_bridged:
            ring.was_bridged = True
            log.info("call=%s transfer=%s attempt=%s bridged", ring.call_id, transfer_id, attempt)
            house.calls.post(ring.call_id, CallerBridged())
        return Response(status_code=204)

    @router.post("/caller-left")
    async def caller_left(transfer_id: str, attempt: int, form: FormData = signed) -> Response:
        """The caller is out of the room: the conversation is over, or it never was."""
        ring = transfers.find(transfer_id, attempt)
        is_over = text(form, "CallStatus") in OVER
        if ring is not None and not ring.was_bridged and not is_over:
            log.warning("E-TRANSFER-ROOM call=%s: the room closed before anybody met.", ring.call_id)
            house.calls.post(ring.call_id, BridgeFailed("E-TRANSFER-ROOM"))
            ring.was_moved = False
            return xml(resumed_stream(house.urls, house.tokens, ring.call_id))
        if ring is not None:
            house.calls.post(ring.call_id, ConversationEnded("caller_left" if is_over else "agent_left"))
            house.calls.caller_gone(ring.call_id)
        return xml(twiml.nothing() if is_over else twiml.hang_up())

    return router
