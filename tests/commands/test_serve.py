"""The real server on a real port: handshakes, frames on the wire, and an orderly stop."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
import typer
import websockets
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]
from typer.testing import CliRunner

from tests.carrier.stand_in import CALLER, LINE, TOKEN, start
from tests.carrier.test_routes import parameters, verbs
from tests.test_app import SETTINGS, Shop, dialplans
from tests.test_driver import Log
from voicebot.app import AppParts, build_app
from voicebot.carrier.handoff import MemoryHandoffs
from voicebot.commands import serve
from voicebot.commands.serve import Server
from voicebot.engine_pool import Engines
from voicebot.engines.scripted import EnergyDetector, ScriptedRecogniser, SilentSynthesiser
from voicebot.errors import ConfigError
from voicebot.settings import read_settings

BASE = "https://voice.example.com"


class Site:
    """A running server, spoken to as the carrier speaks: signed for the public address."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.http = httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", trust_env=False)

    async def ring(self, call_id: str) -> httpx.Response:
        form = {"CallSid": call_id, "From": CALLER, "To": LINE, "CallStatus": "ringing"}
        return await self.post("/twilio/voice", form)

    async def post(self, path: str, form: dict[str, str]) -> httpx.Response:
        signature = RequestValidator(TOKEN).compute_signature(BASE + path, form)
        return await self.http.post(path, data=form, headers={"X-Twilio-Signature": signature})

    def stream(self, signature: str = "") -> websockets.connect:
        url = "wss://voice.example.com/twilio/media"
        signature = signature or RequestValidator(TOKEN).compute_signature(url, {})
        return websockets.connect(
            f"ws://127.0.0.1:{self.server.port}/twilio/media",
            additional_headers={"X-Twilio-Signature": signature},
            proxy=None,
        )


@asynccontextmanager
async def site(**settings: str) -> AsyncIterator[Site]:
    chosen = read_settings({**SETTINGS, "PORT": "0", **settings})
    parts = AppParts(
        dialplans=dialplans(),
        engines=Engines(ScriptedRecogniser([]), SilentSynthesiser(ms_per_character=20)),
        new_detector=EnergyDetector,
        back_office=Shop(),
        call_log=Log(),
        handoffs=MemoryHandoffs(),
    )
    server = Server(await asyncio.to_thread(build_app, chosen, parts), chosen)
    serving = asyncio.create_task(server.serve())
    await asyncio.wait_for(server.ready.wait(), 10)
    here = Site(server)
    try:
        yield here
    finally:
        await here.http.aclose()
        server.should_exit = True
        await asyncio.wait_for(serving, 20)


async def closes(stream: websockets.ClientConnection) -> int | None:
    """Listen until the server closes; with which code."""
    async with asyncio.timeout(10):
        async for _ in stream:
            pass
    return stream.close_code


def run(story: Callable[[Site], Awaitable[None]], **settings: str) -> None:
    async def test() -> None:
        async with site(**settings) as here:
            await asyncio.wait_for(story(here), 20)

    asyncio.run(test())


@pytest.mark.slow
def test_a_call_over_real_sockets() -> None:
    async def story(here: Site) -> None:
        answer = await here.ring("CA1")
        assert verbs(answer) == ["Connect"]
        async with here.stream() as stream:
            for message in start("CA1", "MZ1", parameters(answer)):
                await stream.send(json.dumps(message))
            heard = [json.loads(await asyncio.wait_for(stream.recv(), 5)) for _ in range(2)]
            assert heard[0]["event"] == "media"
            assert set(heard[0]) == {"event", "streamSid", "media"}
            assert (await here.http.get("/healthz")).json()["calls"] == 1
            await stream.send(json.dumps({"event": "stop", "streamSid": "MZ1"}))
            assert await closes(stream) == 1000

    run(story)


@pytest.mark.slow
def test_a_stranger_gets_403_before_the_socket_opens() -> None:
    async def story(here: Site) -> None:
        with pytest.raises(websockets.InvalidStatus) as caught:
            async with here.stream(signature="bm90IHNpZ25lZA=="):
                pass
        assert caught.value.response.status_code == 403

    run(story)


@pytest.mark.slow
def test_no_compression_is_agreed_on() -> None:
    async def story(here: Site) -> None:
        async with here.stream() as stream:
            assert stream.response is not None
            assert "Sec-WebSocket-Extensions" not in stream.response.headers

    run(story)


@pytest.mark.slow
def test_stopping_waits_for_a_call_and_turns_new_ones_away() -> None:
    async def story(here: Site) -> None:
        answer = await here.ring("CA1")
        async with here.stream() as stream:
            for message in start("CA1", "MZ1", parameters(answer)):
                await stream.send(json.dumps(message))
            await stream.recv()
            here.server.should_exit = True
            while (await here.http.get("/healthz")).status_code != 503:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
            assert verbs(await here.ring("CA2")) == ["Say", "Say", "Hangup"]
            await stream.send(json.dumps({"event": "stop", "streamSid": "MZ1"}))

    run(story, SHUTDOWN_MS="10000")


@pytest.mark.slow
def test_a_call_that_does_not_end_is_ended_when_the_server_stops() -> None:
    async def story(here: Site) -> None:
        answer = await here.ring("CA1")
        async with here.stream() as stream:
            for message in start("CA1", "MZ1", parameters(answer)):
                await stream.send(json.dumps(message))
            await stream.recv()
            here.server.should_exit = True
            assert await closes(stream) == 1000

    run(story, SHUTDOWN_MS="100", TWILIO_API_BASE="http://127.0.0.1:9")


@pytest.mark.parametrize("missing", ["PUBLIC_URL", "TWILIO_AUTH_TOKEN"])
def test_serve_refuses_to_start_unsafely(
    missing: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in SETTINGS.items():
        monkeypatch.setenv(name, "" if name == missing else text)
    app = typer.Typer()
    app.callback()(lambda: None)
    serve.register(app)
    result = CliRunner().invoke(app, ["serve"])
    assert isinstance(result.exception, ConfigError)
    assert missing in str(result.exception)
