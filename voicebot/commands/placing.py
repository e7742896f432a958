"""Puts a telephone call together: the phone, the stand-in for the carrier, the server's journal.

The stand-in plays the carrier for both sides: it asks the server's webhook, opens the stream through
the phone, answers the server's REST requests, rings agents who behave as the script says, and brings
both into one room.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import uvicorn

from voicebot.dialplan.model import Place
from voicebot.errors import CarrierError, ConfigError
from voicebot.events import Samples
from voicebot.phone.caller import Caller
from voicebot.phone.handset import Handset
from voicebot.phone.journal import JournalFeed
from voicebot.phone.script import Script
from voicebot.phone.tape import Background, Entry, Tape
from voicebot.standin.legs import Leg
from voicebot.standin.people import PEOPLE, Person
from voicebot.standin.twilio_rest import Moment, StandIn
from voicebot.wav import encode_wav

TEST_ACCOUNT = "AC" + "0" * 32
ANONYMOUS = "anonymous"
JOURNAL_S = 0.1
JOURNAL_END_S = 1.5
"""after the call: time for the last rows of the recording to be written"""
LONGEST_CALL_S = 1800


@dataclass(frozen=True, slots=True)
class Where:
    """Which server is rung, and as which carrier account."""

    server: str
    """where it listens: http://127.0.0.1:8080"""
    public_url: str
    """what it believes its address to be: this is what is signed"""
    account_sid: str
    auth_token: str
    api_base: str
    """where it sends its REST requests; the stand-in listens there when that is this machine"""
    recordings: Path | None = None
    """where it records calls, when we can read it: the only source of the bot's words"""


@dataclass
class Placed:
    """A call that is over."""

    call_id: str
    tape: Tape
    agents_heard: list[str] = field(default_factory=list)
    """what was said to agents, recaps included"""
    recording: Path | None = None
    """the server's recording of it"""
    problems: list[str] = field(default_factory=list)
    """anything that must not be: warnings of the carrier, a script that could not be played"""
    hung_up_first: bool = False
    """the caller ended the call"""
    was_with_agent: bool = False
    journal: list[Mapping[str, object]] = field(default_factory=list)
    """rows of the server's recording as they were seen"""


class _InOrder(dict[str, Person]):
    """Agents who behave as the script says, in the order in which they are rung."""

    def __init__(self, behaviours: tuple[str, ...]) -> None:
        super().__init__()
        self._left = list(behaviours)

    def get(self, number: str, default: Person | None = None) -> Person:  # type: ignore[override]
        """The next behaviour; the last one stays."""
        name = self._left.pop(0) if len(self._left) > 1 else self._left[0]
        return PEOPLE[name]


class _Redirected(httpx.AsyncBaseTransport):
    """Delivers to the machine next door what is addressed to the public URL."""

    def __init__(self, server: str) -> None:
        self._server = httpx.URL(server)
        self._inner = httpx.AsyncHTTPTransport(proxy=None)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request.url = request.url.copy_with(
            scheme=self._server.scheme, host=self._server.host, port=self._server.port
        )
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


class Exchange:
    """The carrier's side, ready to place calls one after another or at once."""

    def __init__(self, where: Where, standin: StandIn) -> None:
        self._where = where
        self._standin = standin
        self._phones: dict[str, tuple[Handset, Placed]] = {}
        self._rooms: dict[str, set[str]] = {}
        standin.observer = self._observe

    async def place(
        self,
        script: Script,
        sounds: Mapping[Place, Samples],
        *,
        background: Background | None = None,
        on_entry: Callable[[Entry], None] = lambda entry: None,
    ) -> Placed:
        """Ring, talk, hang up. Raises CarrierError when the server cannot be reached at all."""
        self._standin.people = _InOrder(script.agents)
        tape = Tape(on_entry)
        legs: list[Leg] = []
        handset = Handset(
            Caller(script, sounds), tape, hang_up=lambda: legs[0].hang_up(), background=background
        )

        async def stream(leg: Leg, url: str, parameters: Mapping[str, str]) -> None:
            await handset.stream(
                self._nearby(url),
                parameters,
                call_id=leg.sid,
                stream_id="MZ" + uuid.uuid4().hex,
                account_id=self._where.account_sid,
                signature=self._standin.webhooks.sign(url),
            )

        base = self._where.public_url
        feed: JournalFeed | None = None
        leg = self._standin.dial_in(
            script.caller or ANONYMOUS,
            script.dialed or "+10000000000",
            f"{base}/twilio/voice",
            stream=stream,
            status_callback=f"{base}/twilio/status",
        )
        legs.append(leg)
        placed = Placed(leg.sid, tape)
        self._phones[leg.sid] = (handset, placed)
        if self._where.recordings is not None:
            feed = JournalFeed(self._where.recordings, leg.sid)
        living = asyncio.create_task(handset.live())
        reading = asyncio.create_task(self._read_along(feed, handset, placed))
        try:
            async with asyncio.timeout(LONGEST_CALL_S):
                await leg.ended.wait()
        finally:
            handset.put_down()
            await living
            if feed is not None:
                await asyncio.sleep(JOURNAL_END_S)
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
            del self._phones[leg.sid]
        self._conclude(leg, handset, placed, feed)
        return placed

    # --- inside ---

    def _nearby(self, url: str) -> str:
        """The stream's address, at the server that is really there."""
        parts, server = urlsplit(url), urlsplit(self._where.server)
        scheme = "wss" if server.scheme == "https" else "ws"
        return f"{scheme}://{server.netloc}{parts.path}"

    async def _read_along(self, feed: JournalFeed | None, handset: Handset, placed: Placed) -> None:
        while feed is not None:
            rows = await asyncio.to_thread(feed.poll)
            placed.journal.extend(rows)
            said: list[str] = []
            for row in rows:
                data = row.get("data")
                if not isinstance(data, dict):
                    continue
                at_ms = int(row.get("at_ms", 0))
                if row.get("journal") == "bot_says":
                    said.append(str(data.get("text", "")))
                    placed.tape.note("bot", "says", said[-1], at_ms=at_ms)
                elif row.get("journal") == "caller_says" and data.get("text"):
                    placed.tape.note("bot", "heard_as", str(data["text"]), at_ms=at_ms)
            handset.told(said)
            await asyncio.sleep(JOURNAL_S)

    def _observe(self, moment: Moment) -> None:
        """The carrier's side of what happens, as it happens."""
        if moment.kind == "joins":
            self._rooms.setdefault(moment.text, set()).add(moment.leg.sid)
        elif moment.kind == "leaves":
            self._rooms.get(moment.text, set()).discard(moment.leg.sid)
        is_caller = moment.leg.direction == "inbound"
        for call_id, (handset, placed) in self._phones.items():
            if is_caller and call_id != moment.leg.sid:
                continue
            together = any(call_id in legs and len(legs) > 1 for legs in self._rooms.values())
            handset.is_with_agent = together
            placed.was_with_agent = placed.was_with_agent or together
            who = "carrier" if is_caller else "agent"
            if moment.kind == "stream":
                continue
            if moment.kind == "hears" and not is_caller:
                placed.agents_heard.append(moment.text)
            placed.tape.note(who, moment.kind, moment.text)

    def _conclude(self, leg: Leg, handset: Handset, placed: Placed, feed: JournalFeed | None) -> None:
        placed.recording = feed.folder if feed is not None else None
        placed.hung_up_first = handset.hung_up_first
        if handset.gave_up:
            placed.problems.append(handset.gave_up)
        placed.problems += [
            f"carrier warning {entry.text}" for entry in placed.tape.entries if entry.what == "warning"
        ]
        if placed.tape.length_ms == 0:
            raise CarrierError(
                f"the server at {self._where.server} did not answer the call",
                code="E-PHONE-NO-ANSWER",
                remedy="Is it running (`voicebot serve`), and do PUBLIC_URL and TWILIO_AUTH_TOKEN agree?",
            )


@asynccontextmanager
async def exchange(where: Where) -> AsyncIterator[Exchange]:
    """Open the carrier's side; closes everything again. Raises ConfigError when its port is taken."""
    async with httpx.AsyncClient(transport=_Redirected(where.server)) as http:
        standin = StandIn(where.account_sid, where.auth_token, http=http)
        async with _listening(standin, where.api_base):
            try:
                yield Exchange(where, standin)
            finally:
                await standin.close()


class _QuietServer(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Ctrl-C belongs to the program, not to this server."""
        yield


@asynccontextmanager
async def _listening(standin: StandIn, api_base: str) -> AsyncIterator[None]:
    """Answer REST requests at this address; does nothing when it is not on this machine."""
    address = urlsplit(api_base)
    if address.hostname not in ("127.0.0.1", "localhost", "::1"):
        yield
        return
    with socket.socket(socket.AF_INET6 if address.hostname == "::1" else socket.AF_INET) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((address.hostname, address.port or 80))
        except OSError as error:
            raise ConfigError(
                f"the carrier's stand-in cannot listen at {api_base}: {error.strerror}",
                code="E-PHONE-PORT",
                remedy="Another `voicebot call` may be running; or set TWILIO_API_BASE to a free port.",
            ) from error
        server = _QuietServer(uvicorn.Config(standin.app, log_level="error", lifespan="off"))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            await server.ready.wait()
            yield
        finally:
            server.should_exit = True
            await serving


def save(placed: Placed, folder: Path) -> None:
    """Write call.wav (caller left, bot right) and timeline.json."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "call.wav").write_bytes(encode_wav(placed.tape.stereo()))
    (folder / "timeline.json").write_text(placed.tape.timeline_json(), encoding="utf-8")
