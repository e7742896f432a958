"""What the carrier calls: a call rings, its leg changes, its stream ends.

Every handler may be called again for the same thing, out of order, or for a call that is over.
None may fail towards the carrier: the caller would hear a machine's apology in English. What is
unknown is logged with a code, and the caller hears ours.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter, Depends, HTTPException, Request, Response, WebSocket
from fastapi.routing import APIRoute
from starlette.datastructures import FormData

from voicebot.carrier import twiml, urls
from voicebot.carrier.signature import SIGNATURE_HEADER, SignatureCheck
from voicebot.carrier.socket import raw_path, serve_stream
from voicebot.carrier.tokens import StreamTokens
from voicebot.carrier.twiml import Speech
from voicebot.carrier.urls import Urls
from voicebot.faults import place_of
from voicebot.ports import Admission, AfterStream, Calls

log = logging.getLogger("voicebot.carrier")

FORM = "application/x-www-form-urlencoded"
MOST_FORM_BYTES = 64_000
OVER = ("completed", "busy", "failed", "no-answer", "canceled")
LOCAL_HOSTS = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class House:
    """What the carrier's side of the house shares."""

    urls: Urls
    check: SignatureCheck | None
    """None only in development on this machine"""
    tokens: StreamTokens
    calls: Calls
    speech: Speech = field(default_factory=Speech)


class ForgivingRoute(APIRoute):
    """A fault of ours is told in the log; the caller hears a sentence instead of an error."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def forgiving(request: Request) -> Response:
            try:
                return await handle(request)
            except HTTPException:
                raise
            except Exception as error:
                log.error("E-WEBHOOK path=%s: %s at %s", self.path, type(error).__name__, place_of(error))
                return xml(twiml.say_and_hang_up(Speech(), ("zh", "en"), "sorry"))

        return forgiving


def signed_form(house: House) -> Callable[[Request], Coroutine[Any, Any, FormData]]:
    """A dependency: the posted form, after its signature has been found good. 403 otherwise."""

    async def read(request: Request) -> FormData:
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
            raise HTTPException(415, "a form is expected")
        length = request.headers.get("content-length", "")
        if not length.isascii() or not length.isdigit() or int(length) > MOST_FORM_BYTES:
            raise HTTPException(413, "too long, or of unknown length")
        form = await request.form()
        if house.check is None:
            if request.url.hostname not in LOCAL_HOSTS:  # a name in another's DNS that points here
                raise HTTPException(403, "this machine only")
            return form
        if not house.check.is_webhook_signed(raw_path(request), form, request.headers.get(SIGNATURE_HEADER)):
            log.warning("E-SIGNATURE: a request without the carrier's signature was refused.")
            raise HTTPException(403, "not signed")
        return form

    return read


def carrier_routes(house: House) -> APIRouter:
    """`/twilio/voice`, `/twilio/media`, `/twilio/status`, `/twilio/connect-ended`."""
    router = APIRouter(route_class=ForgivingRoute)
    signed = Depends(signed_form(house))

    @router.post(urls.VOICE)
    async def voice(form: FormData = signed) -> Response:
        """A call rings: join it with the bot, or say why not."""
        call_id, ani, dnis = text(form, "CallSid"), e164(text(form, "From")), e164(text(form, "To"))
        if not call_id:
            raise HTTPException(400, "CallSid is missing")
        admission = house.calls.admit(call_id, ani, dnis)
        if admission is Admission.WELCOME:
            return xml(twiml.connect_stream(house.urls, {"token": house.tokens.issue(call_id)}))
        sentence = "busy" if admission is Admission.BUSY else "sorry"
        return xml(twiml.say_and_hang_up(house.speech, house.calls.languages(dnis), sentence))

    @router.post(urls.STATUS)
    async def status(form: FormData = signed) -> Response:
        """The caller's leg has changed."""
        if text(form, "CallStatus") in OVER:
            house.calls.caller_gone(text(form, "CallSid"))
        return Response(status_code=204)

    @router.post(urls.CONNECT_ENDED)
    async def connect_ended(form: FormData = signed) -> Response:
        """The stream is over and the caller may still be there."""
        call_id, ani, dnis = text(form, "CallSid"), e164(text(form, "From")), e164(text(form, "To"))
        if text(form, "CallStatus") in OVER or not call_id:
            house.calls.caller_gone(call_id)
            return xml(twiml.nothing())
        match house.calls.after_stream(call_id, ani, dnis):
            case AfterStream.RESUME:
                log.warning("E-STREAM-LOST call=%s: the stream is opened again.", call_id)
                token = house.tokens.issue(call_id, "stream_lost")
                return xml(twiml.connect_stream(house.urls, {"token": token}))
            case AfterStream.WAIT:
                return xml(twiml.wait(house.urls))
            case AfterStream.HANG_UP:
                return xml(twiml.hang_up())
            case AfterStream.APOLOGISE:
                return xml(twiml.say_and_hang_up(house.speech, house.calls.languages(dnis), "sorry"))

    @router.websocket(urls.MEDIA)
    async def media(socket: WebSocket) -> None:
        """The caller's voice and the bot's."""
        await serve_stream(socket, check=house.check, tokens=house.tokens, calls=house.calls)

    return router


def xml(document: str) -> Response:
    return Response(document, media_type="text/xml")


def text(form: FormData, name: str) -> str:
    """One field as text; "" when it is missing or is no text."""
    value = form.get(name, "")
    return value if isinstance(value, str) else ""


def e164(number: str) -> str:
    """A phone number, or "" for what is none: withheld, a SIP address, a word.

    >>> e164("+85290000001"), e164("anonymous"), e164("sip:x@example.com"), e164("+1")
    ('+85290000001', '', '', '')
    """
    return number if re.fullmatch(r"\+[1-9][0-9]{4,14}", number, re.ASCII) else ""
