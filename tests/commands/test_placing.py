"""A whole call through the stand-in: webhook, stream, transfer, status; against a small honest server."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from voicebot.audio import encode_mulaw
from voicebot.commands.placing import TEST_ACCOUNT, Where, exchange, save
from voicebot.demo import free_ports
from voicebot.errors import CarrierError, ConfigError
from voicebot.phone.script import Say, Script, read_script
from voicebot.wav import decode_wav

pytestmark = [pytest.mark.slow, pytest.mark.anyio]

PUBLIC = "https://voice.example.com"
TOKEN = "secret-token"
TONE = (np.sin(np.arange(3200) / 3) * 8000).astype(np.int16)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Server:
    """Answers webhooks, greets on the stream, and remembers what it was told."""

    def __init__(self, api_base: str = "", *, transfers: bool = False) -> None:
        self.told: list[tuple[str, dict[str, str]]] = []
        self.unsigned: list[str] = []
        self._api_base = api_base
        self._transfers = transfers
        routes = [Route("/{path:path}", self.webhook, methods=["POST"])]
        self.app = Starlette(routes=[WebSocketRoute("/media", self.media), *routes])

    async def webhook(self, request: Request) -> Response:
        form = {name: str(value) for name, value in (await request.form()).items()}
        url = PUBLIC + request.url.path
        if not RequestValidator(TOKEN).validate(url, form, request.headers.get("X-Twilio-Signature", "")):
            self.unsigned.append(url)
        self.told.append((request.url.path, form))
        media = PUBLIC.replace("https", "wss") + "/media"
        document = {
            "/twilio/voice": f"<Connect><Stream url='{media}'/></Connect><Hangup/>",
            "/recap": f"<Gather numDigits='1' action='{PUBLIC}/accept'><Say>王先生想退款</Say></Gather>",
            "/accept": "<Dial><Conference endConferenceOnExit='true'>room</Conference></Dial>",
        }.get(request.url.path, "")
        return Response(f"<Response>{document}</Response>", media_type="text/xml")

    async def media(self, socket: WebSocket) -> None:
        if not RequestValidator(TOKEN).validate(
            PUBLIC.replace("https", "wss") + "/media", {}, socket.headers.get("X-Twilio-Signature", "")
        ):
            self.unsigned.append("handshake")
        await socket.accept()
        call_id = ""
        try:
            while True:
                message = json.loads(await socket.receive_text())
                if message["event"] == "start":
                    call_id = message["start"]["callSid"]
                    payload = base64.b64encode(encode_mulaw(TONE)).decode()
                    stream = {"streamSid": message["streamSid"]}
                    await socket.send_text(
                        json.dumps({"event": "media", "media": {"payload": payload}} | stream)
                    )
                    await socket.send_text(json.dumps({"event": "mark", "mark": {"name": "m"}} | stream))
                elif message["event"] == "mark":
                    if not self._transfers:
                        await asyncio.sleep(1)
                        await socket.close()
                        return
                    await self.order(
                        "Calls.json", To="+85230010001", From="+85258081000", Url=f"{PUBLIC}/recap"
                    )
                    await asyncio.sleep(4)
                    room = "<Response><Dial><Conference>room</Conference></Dial></Response>"
                    await self.order(f"Calls/{call_id}.json", Twiml=room)
        except WebSocketDisconnect:
            return

    async def order(self, what: str, **form: str) -> None:
        async with httpx.AsyncClient(trust_env=False, auth=(TEST_ACCOUNT, TOKEN)) as http:
            answer = await http.post(
                f"{self._api_base}/2010-04-01/Accounts/{TEST_ACCOUNT}/{what}", data=dict(form)
            )
            assert answer.is_success, answer.text


@asynccontextmanager
async def running(server: Server, port: int) -> AsyncIterator[None]:
    program = uvicorn.Server(uvicorn.Config(server.app, port=port, log_level="error", lifespan="off"))
    serving = asyncio.create_task(program.serve())
    try:
        while not program.started:  # noqa: ASYNC110 -- uvicorn has nothing to wait for
            await asyncio.sleep(0.02)
        yield
    finally:
        program.should_exit = True
        await serving


def where(port: int, rest_port: int) -> Where:
    return Where(f"http://127.0.0.1:{port}", PUBLIC, TEST_ACCOUNT, TOKEN, f"http://127.0.0.1:{rest_port}")


def script(moves: str) -> tuple[Script, dict[Any, Any]]:
    made = read_script(f"caller: '+8613800001234'\npatience_ms: 200\nmoves:\n{moves}", "x.yaml")
    return made, {move.place: TONE for move in made.moves if isinstance(move, Say)}


async def test_a_call_the_bot_ends(tmp_path: Path) -> None:
    port, rest_port = free_ports(2)
    server = Server()
    async with running(server, port), exchange(where(port, rest_port)) as lines:
        placed = await lines.place(*script("  - say: 喂"))
    assert placed.problems == []
    assert not placed.hung_up_first
    assert server.unsigned == []
    assert [path for path, _ in server.told] == ["/twilio/voice", "/twilio/status"]
    assert server.told[0][1]["From"] == "+8613800001234"
    assert server.told[1][1]["CallStatus"] == "completed"
    save(placed, tmp_path)
    sound, _ = decode_wav((tmp_path / "call.wav").read_bytes())
    assert sound[:, 0].any()
    assert sound[:, 1].any()
    assert json.loads((tmp_path / "timeline.json").read_text())["version"] == 1


async def test_a_transfer_rings_the_agent_who_hears_the_recap_and_talks_to_the_caller() -> None:
    port, rest_port = free_ports(2)
    server = Server(f"http://127.0.0.1:{rest_port}", transfers=True)
    async with running(server, port), exchange(where(port, rest_port)) as lines:
        placed = await lines.place(*script("  - wait_for: agent"))
    assert placed.problems == []
    assert placed.was_with_agent
    assert placed.agents_heard == ["王先生想退款"]
    assert ("/accept", "1") in [(path, form.get("Digits")) for path, form in server.told]


async def test_a_script_that_waits_in_vain_is_told() -> None:
    port, rest_port = free_ports(2)
    async with running(Server(), port), exchange(where(port, rest_port)) as lines:
        placed = await lines.place(*script("  - wait_for: agent\n    within_ms: 300"))
    assert placed.hung_up_first
    assert "waited" in placed.problems[0]


async def test_nobody_answers() -> None:
    port, rest_port = free_ports(2)
    async with exchange(where(port, rest_port)) as lines:
        with pytest.raises(CarrierError, match="did not answer"):
            await lines.place(*script("  - hang_up"))


async def test_a_port_that_is_taken_is_named() -> None:
    port, rest_port = free_ports(2)
    async with exchange(where(port, rest_port)):
        with pytest.raises(ConfigError, match="cannot listen"):
            async with exchange(where(port, rest_port)):
                pass
