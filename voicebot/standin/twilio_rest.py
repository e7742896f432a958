"""The provider's REST interface, as far as the bot uses it, and the world behind it.

    standin = StandIn("AC...", "token", people={"+85290000001": PEOPLE["accepts"]}, http=client)
    serve(standin.app)                       # TWILIO_API_BASE points here
    leg = standin.dial_in("+8613800001234", "+85258081000", voice_url, stream=my_stream)
    await leg.ended.wait()

A caller's leg runs whole in here: the voice webhook, `<Connect><Stream>` by the given runner,
REST updates, the conference with an agent, `<Connect action>`, status callbacks. The simulated
phone only supplies the runner: it opens the socket (`standin.webhooks.sign(url)` signs its
handshake), talks, and returns when the stream is over.
"""

from __future__ import annotations

import asyncio
import base64
import re
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import parse_qsl, unquote

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from voicebot.standin.legs import LIVE, TWIML_BY_REST_LIMIT, Leg, StreamRunner, Update
from voicebot.standin.people import Person, Pickup
from voicebot.standin.rooms import Room
from voicebot.standin.webhooks import Webhooks

SAY_S_PER_CHARACTER = 0.2
"""reading speed of the default speaker; about that of a Mandarin voice"""


class Speaker(Protocol):
    """Plays what a leg hears of the provider's own voice; lasts as long as the sound."""

    async def __call__(self, leg: Leg, text: str, language: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened, for reports and tests."""

    at_s: float
    leg: Leg
    kind: str
    """"status" · "hears" · "presses" · "stream" · "joins" · "leaves" · "warning" """
    text: str


@dataclass(frozen=True, slots=True)
class Sent:
    """One REST request as it came in."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    form: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class Fault:
    """The next requests that fit go wrong."""

    method: str
    path: str
    """regular expression, searched in the path"""
    status: int
    """0: no answer at all, the connection hangs"""
    times: int = 1
    is_carried_out: bool = False
    """done all the same; only the answer is lost"""
    delay_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: Mapping[str, Any] = field(default_factory=dict)


class StandIn:
    """One account at the provider."""

    def __init__(
        self,
        account_sid: str,
        auth_token: str,
        *,
        http: httpx.AsyncClient,
        people: Mapping[str, Person] | None = None,
        time_scale: float = 1.0,
        repeats_webhooks: bool = False,
    ) -> None:
        """people: by phone number; unknown numbers cannot be rung. time_scale: 0.01 is a hundred
        times faster than life; media streams are not concerned. repeats_webhooks: all come twice."""
        self.account_sid = account_sid
        self.auth_token = auth_token
        self.people = dict(people or {})
        self.webhooks = Webhooks(http, account_sid, auth_token, repeats=repeats_webhooks)
        self.legs: dict[str, Leg] = {}
        self.rooms: dict[str, Room] = {}
        self.moments: list[Moment] = []
        self.sent: list[Sent] = []
        self.faults: list[Fault] = []
        self.observer: Callable[[Moment], None] | None = None
        self.speaker: Speaker | None = None
        self._time_scale = time_scale
        self._began = time.monotonic()
        self._tasks: set[asyncio.Task[Any]] = set()
        self.app = Starlette(routes=[Route("/{path:path}", self._serve, methods=["GET", "POST", "DELETE"])])

    # --- the world ---

    def dial_in(
        self,
        from_number: str,
        to_number: str,
        voice_url: str,
        *,
        stream: StreamRunner,
        status_callback: str = "",
    ) -> Leg:
        """A caller rings a number of this account. Runs in the background; see `Leg.ended`."""
        leg = Leg(
            self, from_number, to_number, "inbound", Person(), voice_url, status_callback, stream=stream
        )
        return self._start(leg)

    def live_legs(self) -> list[Leg]:
        return [leg for leg in self.legs.values() if leg.is_live]

    async def close(self) -> None:
        """Everybody puts the phone down; waits until everything has been told."""
        for leg in self.live_legs():
            leg.hang_up()
        deadline = time.monotonic() + 5.0
        while self._tasks and time.monotonic() < deadline:
            await asyncio.wait(set(self._tasks), timeout=0.2)
            for leg in self.live_legs():
                leg.hang_up()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for room in self.rooms.values():
            await room.settle()

    async def sleep(self, for_s: float) -> None:
        await asyncio.sleep(for_s * self._time_scale)

    async def speak(self, leg: Leg, text: str, language: str) -> None:
        """Say something to a leg; takes as long as the sound."""
        if self.speaker is not None:
            await self.speaker(leg, text, language)
        else:
            await self.sleep(len(text) * SAY_S_PER_CHARACTER)

    def room(self, name: str) -> Room:
        if name not in self.rooms or not self.rooms[name].participants:
            self.rooms[name] = Room(name, self.webhooks)
        return self.rooms[name]

    def note(self, leg: Leg, kind: str, text: str) -> None:
        moment = Moment(time.monotonic() - self._began, leg, kind, text)
        self.moments.append(moment)
        if self.observer is not None:
            self.observer(moment)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run beside; ends with the stand-in at the latest."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _start(self, leg: Leg) -> Leg:
        self.legs[leg.sid] = leg
        self.spawn(leg.live())
        return leg

    # --- REST ---

    async def _serve(self, request: Request) -> JSONResponse:
        body = await request.body()
        answer = await self.handle(
            request.method, request.url.path, request.url.query, body, dict(request.headers)
        )
        return JSONResponse(dict(answer.body), status_code=answer.status)

    async def handle(
        self, method: str, path: str, query: str, body: bytes, headers: Mapping[str, str]
    ) -> Answer:
        """Answer one request; the way in for tests without a socket."""
        form = tuple(parse_qsl(body.decode(), keep_blank_values=True))
        sent = Sent(method, path, tuple(parse_qsl(query, keep_blank_values=True)), form, dict(headers), body)
        self.sent.append(sent)
        fault = self._fault(sent)
        if fault is None:
            return self._answer(sent)
        await self.sleep(fault.delay_s)
        answer = self._answer(sent) if fault.is_carried_out else None
        if fault.status == 0:
            await self.sleep(60.0)
        if fault.status == 200 and answer is not None:
            return answer
        codes = {429: (20429, "Too Many Requests"), 500: (20500, "Internal"), 503: (20503, "Unavailable")}
        return _error(fault.status or 500, *codes.get(fault.status, (20500, "Internal")))

    def _fault(self, sent: Sent) -> Fault | None:
        for fault in self.faults:
            if fault.times > 0 and fault.method == sent.method and re.search(fault.path, sent.path):
                fault.times -= 1
                return fault
        return None

    def _answer(self, sent: Sent) -> Answer:
        authorization = {name.lower(): value for name, value in sent.headers.items()}.get("authorization", "")
        expected = base64.b64encode(f"{self.account_sid}:{self.auth_token}".encode()).decode()
        if authorization != f"Basic {expected}":
            return _error(401, 20003, "Authenticate")
        base = f"/2010-04-01/Accounts/{self.account_sid}"
        path = unquote(sent.path)
        if path == f"{base}/Calls.json":
            return self._create(sent) if sent.method == "POST" else self._list(sent)
        match = re.fullmatch(re.escape(base) + r"/Calls/(CA[0-9a-f]{32})\.json", path)
        leg = self.legs.get(match.group(1)) if match else None
        if leg is None:
            return _error(404, 20404, f"The requested resource {path} was not found")
        if sent.method == "GET":
            return Answer(200, self._shown(leg))
        return self._update(leg, dict(sent.form)) if sent.method == "POST" else _error(405, 20004, "Method")

    def _create(self, sent: Sent) -> Answer:
        form = dict(sent.form)
        to_number, from_number = form.get("To", ""), form.get("From", "")
        if not re.fullmatch(r"\+[1-9][0-9]{4,14}", to_number):
            return _error(400, 21211, "Invalid 'To' Phone Number")
        if not re.fullmatch(r"\+[1-9][0-9]{4,14}", from_number):
            return _error(400, 21212, "Invalid 'From' Phone Number")
        if not form.get("Url"):
            return _error(400, 21205, "Url is missing")
        events = frozenset(value for name, value in sent.form if name == "StatusCallbackEvent")
        leg = Leg(
            self,
            from_number,
            to_number,
            "outbound-api",
            self.people.get(to_number, Person(pickup=Pickup.FAILS, rings_s=0.2)),
            form["Url"],
            form.get("StatusCallback", ""),
            events or frozenset({"completed"}),
            float(form.get("Timeout", "60")),
        )
        self._start(leg)
        return Answer(201, self._shown(leg))

    def _list(self, sent: Sent) -> Answer:
        wanted = dict(sent.query)
        found = [
            self._shown(leg)
            for leg in reversed(self.legs.values())
            if wanted.get("To", leg.to_number) == leg.to_number
            and wanted.get("From", leg.from_number) == leg.from_number
            and wanted.get("Status", leg.status) == leg.status
        ]
        return Answer(200, {"calls": found, "page": 0, "page_size": 50, "next_page_uri": None})

    def _update(self, leg: Leg, form: Mapping[str, str]) -> Answer:
        if not leg.is_live:
            return _error(400, 21220, "Call is not in-progress. Cannot redirect.")
        status = form.get("Status")
        if status == "canceled" and leg.status == "in-progress":
            return Answer(200, self._shown(leg))
        if status in ("completed", "canceled"):
            leg.hang_up()
        elif form.get("Twiml"):
            if leg.status != "in-progress":
                return _error(400, 21220, "Call is not in-progress. Cannot redirect.")
            if len(form["Twiml"]) > TWIML_BY_REST_LIMIT:
                return _error(400, 21201, "Twiml is too long")
            leg.update(Update(form["Twiml"]))
        elif form.get("Url"):
            leg.update(Update(None, form["Url"]))
        else:
            return _error(400, 21218, "Nothing to update")
        return Answer(200, self._shown(leg))

    def _shown(self, leg: Leg) -> dict[str, Any]:
        return {
            "sid": leg.sid,
            "account_sid": self.account_sid,
            "status": leg.status,
            "to": leg.to_number,
            "from": leg.from_number,
            "direction": leg.direction,
            "api_version": "2010-04-01",
            "date_created": leg.created,
            "start_time": None,
            "end_time": None,
            "duration": None if leg.status in LIVE else "0",
            "uri": f"/2010-04-01/Accounts/{self.account_sid}/Calls/{leg.sid}.json",
        }


def _error(status: int, code: int, message: str) -> Answer:
    more = f"https://www.twilio.com/docs/errors/{code}"
    return Answer(status, {"status": status, "code": code, "message": message, "more_info": more})
