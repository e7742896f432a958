"""A real call over a real socket, against a bot of twenty lines."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

from voicebot.audio import encode_mulaw
from voicebot.events import Samples
from voicebot.phone.caller import Caller
from voicebot.phone.handset import Handset
from voicebot.phone.script import Say, read_script
from voicebot.phone.tape import Tape

pytestmark = [pytest.mark.slow, pytest.mark.anyio]

Bot = Callable[[ServerConnection], Awaitable[None]]


def tone(for_ms: int) -> Samples:
    return (np.sin(np.arange(for_ms * 8) / 3) * 8000).astype(np.int16)


def media(samples: Samples) -> str:
    payload = base64.b64encode(encode_mulaw(samples)).decode()
    return json.dumps({"event": "media", "streamSid": "MZ1", "media": {"payload": payload}})


def mark(name: str) -> str:
    return json.dumps({"event": "mark", "streamSid": "MZ1", "mark": {"name": name}})


@asynccontextmanager
async def a_bot(behaviour: Bot, *, refuse: bool = False) -> AsyncIterator[str]:
    def check(connection: ServerConnection, request: Request) -> Response | None:
        wrong = refuse or request.headers.get("X-Twilio-Signature") != "signed"
        return connection.respond(403, "no") if wrong else None

    server: Server
    async with serve(behaviour, "127.0.0.1", 0, process_request=check, compression=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        yield f"ws://127.0.0.1:{port}/media"


def phone(moves: str, tape: Tape) -> Handset:
    script = read_script(f"patience_ms: 200\nmoves:\n{moves}", "x.yaml")
    sounds = {move.place: tone(400) for move in script.moves if isinstance(move, Say)}
    return Handset(Caller(script, sounds), tape, hang_up=lambda: None)


async def call(handset: Handset, url: str, *, for_s: float | None = None) -> None:
    """The carrier's part: one stream, ended by the bot or after a while."""
    living = asyncio.create_task(handset.live())
    stream = handset.stream(
        url, {"token": "t"}, call_id="CA1", stream_id="MZ1", account_id="AC1", signature="signed"
    )
    try:
        await asyncio.wait_for(stream, for_s if for_s is not None else 20)
    except TimeoutError:
        assert for_s is not None
    finally:
        handset.put_down()
        await living


async def test_a_conversation(tape: Tape) -> None:
    seen: list[dict[str, Any]] = []

    async def bot(socket: ServerConnection) -> None:
        """Greets for half a second, waits for the caller's voice, answers, and hangs up when heard."""
        loud = 0
        async for text in socket:
            message = json.loads(text)
            seen.append(message)
            if message["event"] == "start":
                await socket.send(media(tone(500)))
            if message["event"] == "media":
                loud += any(base64.b64decode(message["media"]["payload"])[i] < 0x7F for i in range(160))
                if loud == 10:
                    loud = 100
                    await asyncio.sleep(0.5)
                    await socket.send(media(tone(400)))
                    await socket.send(mark("heard"))
            if message["event"] == "mark":
                return

    async with a_bot(bot) as url:
        await call(phone("  - say: 喂", tape), url)
    assert [message["event"] for message in seen[:2]] == ["connected", "start"]
    assert seen[1]["start"]["customParameters"] == {"token": "t"}
    assert [entry.text for entry in tape.entries if entry.who == "caller"] == ["喂"]
    (turn,) = tape.answers()
    assert 200 <= turn.waited_ms <= 500
    assert not [entry for entry in tape.entries if entry.what == "warning"]


async def test_time_keeps_its_pace_and_frames_are_not_lost(tape: Tape) -> None:
    timestamps: list[int] = []

    async def bot(socket: ServerConnection) -> None:
        async for text in socket:
            message = json.loads(text)
            if message["event"] == "media":
                timestamps.append(int(message["media"]["timestamp"]))

    began = asyncio.get_running_loop().time()
    async with a_bot(bot) as url:
        await call(phone("  - silence_ms: 60000", tape), url, for_s=2.0)
    elapsed_ms = (asyncio.get_running_loop().time() - began) * 1000
    assert timestamps == list(range(0, len(timestamps) * 20, 20))
    assert len(timestamps) * 20 == pytest.approx(min(elapsed_ms, 2000), abs=250)


async def test_keys_reach_the_bot_and_a_stop_ends_the_stream(tape: Tape) -> None:
    seen: list[str] = []

    async def bot(socket: ServerConnection) -> None:
        async for text in socket:
            message = json.loads(text)
            if message["event"] == "dtmf":
                seen.append(message["dtmf"]["digit"])
            elif message["event"] == "stop":
                seen.append("stop")

    async with a_bot(bot) as url:
        await call(phone('  - silence_ms: 100\n  - keys: "7#"', tape), url, for_s=1.5)
    assert seen == ["7", "#", "stop"]
    assert [entry.text for entry in tape.entries if entry.what == "keys"] == ["7", "#"]


async def test_a_refused_stream_is_told_with_the_carriers_number(tape: Tape) -> None:
    async def bot(socket: ServerConnection) -> None:
        raise AssertionError("never reached")

    async with a_bot(bot, refuse=True) as url:
        await call(phone("  - hang_up", tape), url)
    (warning,) = [entry for entry in tape.entries if entry.what == "warning"]
    assert "31920" in warning.text
    assert tape.length_ms == 0


async def test_a_bot_that_breaks_the_protocol_is_told_so_and_the_call_goes_on(tape: Tape) -> None:
    async def bot(socket: ServerConnection) -> None:
        await socket.send("hello")
        await socket.send(media(tone(100)))
        await asyncio.sleep(0.5)
        await socket.close(1011)

    async with a_bot(bot) as url:
        await call(phone("  - silence_ms: 60000", tape), url)
    warnings = [entry.text[:5] for entry in tape.entries if entry.what == "warning"]
    assert warnings == ["31951", "31921"]
    assert tape.stereo()[:, 1].any()


@pytest.fixture
def tape() -> Tape:
    return Tape()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
