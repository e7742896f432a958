"""The media stream: nobody gets in unasked, and nothing malformed gets further than a log line."""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import Awaitable, Callable

import pytest
from fastapi import FastAPI, WebSocket
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from tests.carrier.stand_in import PUBLIC, TOKEN, Socket, start
from voicebot.carrier import socket as carrier_socket
from voicebot.carrier.signature import SignatureCheck
from voicebot.carrier.socket import serve_stream
from voicebot.carrier.tokens import StreamTokens
from voicebot.mediastream import Parsed, StreamStart
from voicebot.ports import Admission, AfterStream, Line

PATH = "/twilio/media"
AUDIO = base64.b64encode(b"\xff" * 160).decode()


class Desk:
    """Live calls that note what reaches them, and answer with one message."""

    def __init__(self) -> None:
        self.served: list[tuple[StreamStart, str]] = []
        self.parsed: list[Parsed] = []

    async def serve(self, start: StreamStart, resume: str, line: Line) -> None:
        self.served.append((start, resume))
        await line.send('{"event":"clear","streamSid":"MZ1"}')
        while (parsed := await line.receive()) is not None:
            self.parsed.append(parsed)
            if parsed.stopped:
                return

    def admit(self, call_id: str, ani: str, dnis: str) -> Admission:
        return Admission.WELCOME

    def languages(self, dnis: str) -> tuple[str, ...]:
        return ("zh",)

    def after_stream(self, call_id: str, ani: str, dnis: str) -> AfterStream:
        return AfterStream.HANG_UP

    def is_live(self, call_id: str) -> bool:
        return True

    def post(self, call_id: str, event: object) -> bool:
        return True

    def caller_gone(self, call_id: str) -> None: ...

    def status(self) -> dict[str, object]:
        return {}


class Server:
    def __init__(self, *, checks: bool = True) -> None:
        self.desk = Desk()
        self.tokens = StreamTokens()
        self.app = FastAPI()
        check = SignatureCheck(PUBLIC, TOKEN) if checks else None

        @self.app.websocket(PATH)
        async def media(websocket: WebSocket) -> None:
            await serve_stream(websocket, check=check, tokens=self.tokens, calls=self.desk)

    def open(self, url: str = f"wss://voice.example.com{PATH}", token: str = TOKEN) -> Socket:
        signature = RequestValidator(token).compute_signature(url, {})
        return Socket(self.app, PATH, {"X-Twilio-Signature": signature})

    async def opened(self, call_id: str = "CA1") -> Socket:
        """A stream whose call has begun."""
        socket = self.open()
        assert (await socket.next())["type"] == "websocket.accept"
        for message in start(call_id, "MZ1", {"token": self.tokens.issue(call_id)}):
            socket.say(message)
        assert (await socket.next())["type"] == "websocket.send"
        return socket


def run(story: Callable[[Server], Awaitable[None]], *, checks: bool = True) -> Server:
    async def test() -> Server:
        server = Server(checks=checks)
        before = len(asyncio.all_tasks())
        await asyncio.wait_for(story(server), 10)
        assert len(asyncio.all_tasks()) == before
        return server

    return asyncio.run(test())


@pytest.mark.parametrize("url", [f"wss://voice.example.com{PATH}", f"https://voice.example.com{PATH}/"])
def test_the_carriers_stream_is_served(url: str) -> None:
    async def story(server: Server) -> None:
        socket = server.open(url)
        assert (await socket.next())["type"] == "websocket.accept"
        for message in start("CA1", "MZ1", {"token": server.tokens.issue("CA1", "stream_lost")}):
            socket.say(message)
        assert (await socket.next())["text"] == '{"event":"clear","streamSid":"MZ1"}'
        socket.say({"event": "stop", "streamSid": "MZ1", "stop": {"callSid": "CA1"}})
        assert await socket.next() == {"type": "websocket.close", "code": 1000, "reason": ""}
        await socket.done()

    (served,) = run(story).desk.served
    assert (served[0].call_id, served[0].stream_id, served[1]) == ("CA1", "MZ1", "stream_lost")


@pytest.mark.parametrize("headers", [{}, {"X-Twilio-Signature": ""}, {"X-Twilio-Signature": "abc="}])
def test_a_stranger_is_refused_before_the_socket_is_accepted(headers: dict[str, str]) -> None:
    async def story(server: Server) -> None:
        socket = Socket(server.app, PATH, headers)
        assert (await socket.next())["type"] == "websocket.close"  # the server makes it a 403
        await socket.done()

    assert run(story).desk.served == []


@pytest.mark.parametrize("checks", [True, False])
def test_a_stream_without_its_token_is_closed(checks: bool) -> None:
    async def story(server: Server) -> None:
        other_calls = server.tokens.issue("CA2")
        for parameters in ({}, {"token": "guess"}, {"token": other_calls}):
            socket = server.open()
            await socket.next()
            for message in start("CA1", "MZ1", parameters):
                socket.say(message)
            assert (await socket.next())["type"] == "websocket.close"
            await socket.done()

    assert run(story, checks=checks).desk.served == []


def test_a_stream_that_says_nothing_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(carrier_socket, "START_S", 0.02)

    async def story(server: Server) -> None:
        socket = server.open()
        await socket.next()
        assert (await socket.next())["type"] == "websocket.close"
        await socket.done()

    assert run(story).desk.served == []


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("not json", "E-MEDIA-JSON"),
        ("[1, 2]", "E-MEDIA-JSON"),
        ('{"event":', "E-MEDIA-JSON"),
        (b"\x00\x01", "E-MEDIA-BINARY"),
        ({"event": "media", "streamSid": "MZ1", "media": {"payload": "?*?"}}, "E-MEDIA-BASE64"),
        ({"event": "media", "streamSid": "MZ1"}, "E-MEDIA-FIELD"),
        ({"event": "dtmf", "streamSid": "MZ1", "dtmf": {"digit": "x"}}, "E-MEDIA-KEY"),
        ({"event": "media", "streamSid": "MZ9", "media": {"payload": AUDIO}}, "E-MEDIA-STREAM"),
        (start("CA1", "MZ1", {})[1], "E-MEDIA-SECOND-START"),
        ("{" * 100_000, "E-MEDIA-JSON"),
    ],
)
def test_malformed_messages_are_logged_and_the_call_goes_on(
    message: object, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(server: Server) -> None:
        socket = await server.opened()
        socket.say(message)
        socket.say({"event": "dtmf", "streamSid": "MZ1", "dtmf": {"digit": "5"}})
        socket.say({"event": "stop", "streamSid": "MZ1"})
        await socket.done()

    with caplog.at_level(logging.WARNING):
        server = run(story)
    assert code in caplog.text
    assert "call=CA1" in caplog.text
    keys = [event for parsed in server.desk.parsed for event in parsed.events]
    assert len(keys) == 1


def test_events_nobody_has_heard_of_are_ignored(caplog: pytest.LogCaptureFixture) -> None:
    async def story(server: Server) -> None:
        socket = await server.opened()
        socket.say({"event": "weather", "streamSid": "MZ1", "weather": {}})
        socket.say({"event": "stop", "streamSid": "MZ1", "more": 1})
        await socket.done()

    run(story)
    assert caplog.records == []


def test_a_connection_that_breaks_ends_the_call_cleanly(caplog: pytest.LogCaptureFixture) -> None:
    async def story(server: Server) -> None:
        socket = await server.opened()
        socket.say({"event": "media", "streamSid": "MZ1", "media": {"payload": AUDIO, "timestamp": "0"}})
        socket.break_off()
        await socket.done()

    server = run(story)
    assert not any(parsed.stopped for parsed in server.desk.parsed)
    assert "E-MEDIA-NO-STOP" in caplog.text


def test_one_broken_stream_does_not_touch_another() -> None:
    async def story(server: Server) -> None:
        broken, healthy = await server.opened("CA1"), await server.opened("CA2")
        broken.say("not json")
        broken.break_off()
        await broken.done()
        healthy.say({"event": "dtmf", "streamSid": "MZ1", "dtmf": {"digit": "5"}})
        healthy.say({"event": "stop", "streamSid": "MZ1"})
        await healthy.done()

    server = run(story)
    assert sum(len(parsed.events) for parsed in server.desk.parsed) == 1
