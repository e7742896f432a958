"""Joins the bot's app and the stand-in for the carrier without a single socket.

Webhooks go straight into the app, REST requests straight into the stand-in, and media streams
over a WebSocket made of two queues. Every REST request is held against the carrier's own
description of its interface, where that file is present.
"""

from __future__ import annotations

import asyncio
import functools
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.types import ASGIApp, Message

from voicebot.carrier.rest import PointedHttp, TwilioRest
from voicebot.standin.people import Person
from voicebot.standin.twilio_rest import Sent, StandIn

ACCOUNT, TOKEN = "AC" + "1" * 32, "s3cret-auth-token"
PUBLIC = "https://voice.example.com"
CALLER, LINE, LI, MA = "+8613800001234", "+85258081000", "+85290000001", "+85290000002"
DESCRIPTION = Path(__file__).parents[3] / "shared" / "reference" / "twilio_api_v2010.json"


# --- REST -------------------------------------------------------------------------------


def rest_into(standin: StandIn) -> TwilioRest:
    """The real REST client, whose requests end in the stand-in. Call inside the event loop."""
    loop = asyncio.get_running_loop()

    def send(request: httpx.Request) -> httpx.Response:
        timeout_s = request.extensions["timeout"]["read"]
        answer = asyncio.run_coroutine_threadsafe(
            standin.handle(
                request.method,
                request.url.path,
                request.url.query.decode(),
                request.content,
                dict(request.headers),
            ),
            loop,
        )
        try:
            got = answer.result(timeout_s)
        except TimeoutError:
            answer.cancel()
            raise httpx.ReadTimeout("no answer", request=request) from None
        return httpx.Response(got.status, json=dict(got.body))

    http = PointedHttp(
        "https://api.twilio.com", timeout_s=0.3, transport=httpx.MockTransport(send), sleep=lambda s: None
    )
    return TwilioRest(ACCOUNT, TOKEN, LINE, http)


@functools.cache
def _description() -> dict[str, Any]:
    description: dict[str, Any] = json.loads(DESCRIPTION.read_text(encoding="utf-8"))
    return description


def check_requests(sent: list[Sent]) -> int:
    """Hold every request against the carrier's description: path, method, fields, types, no unknown field.

    Answers how many were checked; skips the test where the description is absent.
    """
    if not DESCRIPTION.is_file():
        pytest.skip("the carrier's OpenAPI description is not on this machine")
    openapi = pytest.importorskip("openapi_core")
    checker = _checker()
    for each in sent:
        request = _AsOpenApi(each)
        checker.validate_request(request)
        operation = _description()["paths"][_template(each.path)][each.method.lower()]
        if each.method == "POST":
            schema = operation["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]
            unknown = {name for name, _ in each.form} - set(schema["properties"])
            assert not unknown, f"fields the carrier does not know: {unknown}"
        else:
            known = {parameter["name"] for parameter in operation["parameters"]}
            assert {name for name, _ in each.query} <= known
    assert openapi is not None
    return len(sent)


@functools.cache
def _checker() -> Any:
    from openapi_core import Config, OpenAPI

    return OpenAPI.from_dict(_description(), config=Config(spec_validator_cls=None))


def _template(path: str) -> str:
    base = "/2010-04-01/Accounts/{AccountSid}"
    return f"{base}/Calls.json" if path.endswith("/Calls.json") else f"{base}/Calls/{{Sid}}.json"


class _AsOpenApi:
    """A request the way openapi-core wants to see it."""

    def __init__(self, sent: Sent) -> None:
        from openapi_core.datatypes import RequestParameters
        from werkzeug.datastructures import Headers, ImmutableMultiDict

        self.host_url = "https://api.twilio.com"
        self.path = sent.path
        self.method = sent.method.lower()
        self.body = sent.body
        self.content_type = "application/x-www-form-urlencoded"
        self.parameters = RequestParameters(
            query=ImmutableMultiDict(list(sent.query)), header=Headers(dict(sent.headers)), path={}
        )


# --- media streams ----------------------------------------------------------------------


class Socket:
    """One WebSocket into an app, from the carrier's side."""

    def __init__(self, app: ASGIApp, path: str, headers: Mapping[str, str]) -> None:
        self._to_app: asyncio.Queue[Message] = asyncio.Queue()
        self._from_app: asyncio.Queue[Message] = asyncio.Queue()
        scope = {
            "type": "websocket",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "scheme": "ws",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
            "subprotocols": [],
        }
        self._to_app.put_nowait({"type": "websocket.connect"})
        self._task = asyncio.ensure_future(app(scope, self._to_app.get, self._send))

    async def _send(self, message: Message) -> None:
        self._from_app.put_nowait(message)

    async def next(self) -> Message:
        """What the app does next."""
        return await asyncio.wait_for(self._from_app.get(), 5)

    def say(self, content: object) -> None:
        """Send one message; text and bytes as they are, anything else as JSON."""
        if isinstance(content, bytes):
            self._to_app.put_nowait({"type": "websocket.receive", "bytes": content})
        else:
            text = content if isinstance(content, str) else json.dumps(content)
            self._to_app.put_nowait({"type": "websocket.receive", "text": text})

    def break_off(self) -> None:
        """The connection is gone."""
        self._to_app.put_nowait({"type": "websocket.disconnect", "code": 1006})

    async def done(self) -> None:
        """Wait until the app has finished with it."""
        await asyncio.wait_for(self._task, 5)


def start(call_id: str, stream_id: str, parameters: Mapping[str, str]) -> list[dict[str, Any]]:
    """The first two messages of a stream."""
    return [
        {"event": "connected", "protocol": "Call", "version": "1.0.0"},
        {
            "event": "start",
            "sequenceNumber": "1",
            "streamSid": stream_id,
            "start": {
                "accountSid": ACCOUNT,
                "streamSid": stream_id,
                "callSid": call_id,
                "tracks": ["inbound"],
                "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
                "customParameters": dict(parameters),
            },
        },
    ]


# --- the stand-in around an app -----------------------------------------------------------


@asynccontextmanager
async def standing_in(
    app: ASGIApp, people: Mapping[str, Person] | None = None, *, repeats_webhooks: bool = False
) -> AsyncIterator[StandIn]:
    """The carrier's whole side, a hundred times faster than life; webhooks reach `app` directly."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=True)
    async with httpx.AsyncClient(transport=transport, base_url=PUBLIC) as http:
        standin = StandIn(
            ACCOUNT, TOKEN, http=http, people=people, time_scale=0.01, repeats_webhooks=repeats_webhooks
        )
        try:
            yield standin
        finally:
            await standin.close()
