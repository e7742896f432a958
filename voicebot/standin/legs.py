"""One phone connection at the stand-in: its states, and the TwiML it runs.

A leg runs one document at a time; an update from REST replaces it, a hang-up ends it. What the
real provider only writes to its error log is kept in `Leg.warnings`, by the provider's code.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote, urljoin
from xml.etree import ElementTree

from voicebot.standin.people import Person, Pickup
from voicebot.standin.rooms import Participant
from voicebot.standin.webhooks import Reply

if TYPE_CHECKING:
    from voicebot.standin.twilio_rest import StandIn

LIVE = ("queued", "initiated", "ringing", "in-progress")
VERBS = {"Say", "Play", "Pause", "Gather", "Redirect", "Hangup", "Reject", "Dial", "Connect"}
VOICES = {
    "cmn-CN": ("Polly.Zhiyu", "Google.cmn-CN"),
    "en-US": ("Polly.Joanna", "Polly.Matthew", "Google.en-US"),
}
SAY_LIMIT_ENCODED = 4500
BODY_LIMIT = 64_000
TWIML_BY_REST_LIMIT = 4000


class StreamRunner(Protocol):
    """The far end of a media stream: the simulated phone's mouth and ear."""

    async def __call__(self, leg: Leg, url: str, parameters: Mapping[str, str]) -> None:
        """Run one stream; return when the server has closed it.

        Cancelled when the leg goes elsewhere or ends: send `stop`, close the socket, return.
        """
        ...


@dataclass(frozen=True, slots=True)
class Update:
    """An order from REST: a new document, or the end."""

    document: str | None
    url: str = ""
    """where the document is fetched, or came from"""

    @property
    def is_end(self) -> bool:
        return self.document is None and not self.url


@dataclass(eq=False)
class Leg:
    """One phone connection."""

    standin: StandIn
    from_number: str
    to_number: str
    direction: str
    """"inbound" · "outbound-api" """
    person: Person
    url: str
    """where its first document comes from"""
    status_callback: str = ""
    callback_events: frozenset[str] = frozenset({"completed"})
    ring_limit_s: float = 60.0
    stream: StreamRunner | None = None
    sid: str = field(default_factory=lambda: "CA" + uuid.uuid4().hex)
    status: str = "queued"
    created: str = field(default_factory=lambda: format_datetime(datetime.now(UTC)))
    warnings: list[str] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    """what was said to this person"""
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    _updates: asyncio.Queue[Update] = field(default_factory=asyncio.Queue)
    _sequence: int = 0
    _callbacks: asyncio.Task[None] | None = None

    # --- from outside ---

    @property
    def is_live(self) -> bool:
        return self.status in LIVE

    def update(self, update: Update) -> None:
        """Replace the running document, or end the leg."""
        self._updates.put_nowait(update)

    def hang_up(self) -> None:
        """This person puts the phone down."""
        self._updates.put_nowait(Update(None))

    def fields(self) -> dict[str, str]:
        """What every webhook about this leg carries."""
        return {
            "CallSid": self.sid,
            "CallStatus": self.status,
            "Direction": self.direction,
            "From": self.from_number,
            "Caller": self.from_number,
            "To": self.to_number,
            "Called": self.to_number,
        }

    # --- life ---

    async def live(self) -> None:
        """From the first ring to the end."""
        try:
            update = await self._ring()
            while update is not None and not update.is_end:
                update = await self._or_update(self._run(update))
            if self.is_live:
                self._become("completed")
        finally:
            if self.is_live:
                self._become("failed")
            self.ended.set()
            if self._callbacks is not None:
                await self._callbacks

    async def _ring(self) -> Update | None:
        """Answers the first document to run, or None when nobody picked up."""
        if self.direction == "inbound":
            self._become("ringing")
            fetching = asyncio.ensure_future(self._fetch(self.url, {}))
            ordered = await self._or_update(fetching)
            if ordered is None:
                self._become("in-progress")
            return ordered or fetching.result()
        await self.standin.sleep(0.05)
        self._become("initiated")
        self._become("ringing")
        pickup = self.person.pickup
        rings_s = (
            self.ring_limit_s if pickup is Pickup.NO_ANSWER else min(self.person.rings_s, self.ring_limit_s)
        )
        ordered = await self._or_update(self.standin.sleep(rings_s))
        if ordered is not None:
            self._become("canceled")
            return None
        if pickup is Pickup.BUSY or pickup is Pickup.FAILS:
            self._become("busy" if pickup is Pickup.BUSY else "failed")
            return None
        if pickup is Pickup.NO_ANSWER or self.person.rings_s >= self.ring_limit_s:
            self._become("no-answer")
            return None
        self._become("in-progress")
        if self.person.hangs_up_after_s is not None:
            self.standin.spawn(self._hang_up_later(self.person.hangs_up_after_s))
        return Update(None, url=self.url)

    async def _hang_up_later(self, after_s: float) -> None:
        await self.standin.sleep(after_s)
        self.hang_up()

    async def _or_update(self, work: Awaitable[object]) -> Update | None:
        """Work until done, or until REST or the person orders something else: then that order."""
        task = asyncio.ensure_future(work)
        order = asyncio.ensure_future(self._updates.get())
        try:
            await asyncio.wait((task, order), return_when=asyncio.FIRST_COMPLETED)
            if order.done():
                return order.result()
            await task
            return None
        finally:
            for each in (task, order):
                each.cancel()
            await asyncio.gather(task, order, return_exceptions=True)

    async def _run(self, update: Update) -> None:
        document = update.document
        url = update.url
        if document is None:
            fetched = await self._fetch(url, {})
            document, url = fetched.document, fetched.url
        while document is not None:
            following = await Document(self, url).run(document)
            document, url = (following.document, following.url) if following is not None else (None, "")

    async def _fetch(self, url: str, more: Mapping[str, str]) -> Update:
        reply = await self.standin.webhooks.post(url, {**self.fields(), **more})
        return self._document(reply, url)

    def _document(self, reply: Reply, url: str) -> Update:
        if not 200 <= reply.status < 300 or len(reply.text.encode()) > BODY_LIMIT:
            self.warn("11200")
            return Update(None)
        return Update(reply.text or "<Response/>", url)

    async def request(self, url: str, more: Mapping[str, str]) -> Update:
        """Ask the bot what to do next."""
        return await self._fetch(url, more)

    def warn(self, code: str) -> None:
        self.warnings.append(code)
        self.standin.note(self, "warning", code)

    def _become(self, status: str) -> None:
        self.status = status
        self.standin.note(self, "status", status)
        names = {"in-progress": "answered", "initiated": "initiated", "ringing": "ringing"}
        event = names.get(status, "completed")
        if not self.status_callback or event not in self.callback_events:
            return
        fields = {
            **self.fields(),
            "CallbackSource": "call-progress-events",
            "SequenceNumber": str(self._sequence),
            "Timestamp": format_datetime(datetime.now(UTC)),
        }
        self._sequence += 1
        if event == "completed":
            fields |= {"CallDuration": "0", "Duration": "0"}
        self._callbacks = asyncio.ensure_future(self._tell(self._callbacks, fields))

    async def _tell(self, before: asyncio.Task[None] | None, fields: Mapping[str, str]) -> None:
        if before is not None:
            await before
        await self.standin.webhooks.post(self.status_callback, fields)


class Document:
    """Runs one TwiML document on a leg."""

    def __init__(self, leg: Leg, url: str) -> None:
        self.leg = leg
        self.standin = leg.standin
        self.url = url

    async def run(self, text: str) -> Update | None:
        """Run all verbs. Answers the document to go on with, or None: the leg is hung up."""
        try:
            root = ElementTree.fromstring(text)
        except ElementTree.ParseError:
            self.leg.warn("12100")
            return None
        if root.tag != "Response":
            self.leg.warn("12100")
            return None
        for verb in root:
            if verb.tag not in VERBS:
                self.leg.warn("12200")
                continue
            if verb.tag in ("Hangup", "Reject"):
                return None
            runner: Callable[[ElementTree.Element], Awaitable[Update | None]] = getattr(
                self, f"_{verb.tag.lower()}"
            )
            following = await runner(verb)
            if following is not None:
                return following
        return None

    async def _say(self, verb: ElementTree.Element) -> None:
        text, language, voice = verb.text or "", verb.get("language", "en-US"), verb.get("voice", "")
        if len(quote(text)) > SAY_LIMIT_ENCODED:
            self.leg.warn("13521")
            return
        if voice and not voice.startswith(VOICES.get(language, ())):
            self.leg.warn("13520")
            return
        self.leg.heard.append(text)
        self.standin.note(self.leg, "hears", text)
        await self.standin.speak(self.leg, text, language)

    async def _play(self, verb: ElementTree.Element) -> None:
        await self.standin.sleep(1.0)

    async def _pause(self, verb: ElementTree.Element) -> None:
        await self.standin.sleep(float(verb.get("length", "1")))

    async def _redirect(self, verb: ElementTree.Element) -> Update:
        return await self.leg.request(urljoin(self.url, (verb.text or "").strip()), {})

    async def _gather(self, verb: ElementTree.Element) -> Update | None:
        speaking = asyncio.ensure_future(self._say_all(verb))
        try:
            key = await self._key(speaking, float(verb.get("timeout", "5")))
        finally:
            speaking.cancel()
            await asyncio.gather(speaking, return_exceptions=True)
        if not key and verb.get("actionOnEmptyResult") != "true":
            return None
        if key:
            self.standin.note(self.leg, "presses", key)
        return await self.leg.request(urljoin(self.url, verb.get("action", self.url)), {"Digits": key})

    async def _say_all(self, verb: ElementTree.Element) -> None:
        for inner in verb:
            if inner.tag == "Say":
                await self._say(inner)
            elif inner.tag == "Pause":
                await self._pause(inner)

    async def _key(self, speaking: asyncio.Future[None], timeout_s: float) -> str:
        person = self.leg.person
        if person.key and person.key_after_s is not None:
            await self.standin.sleep(person.key_after_s)
            return person.key
        await speaking
        if person.key:
            await self.standin.sleep(0.3)
            return person.key
        await self.standin.sleep(timeout_s)
        return ""

    async def _connect(self, verb: ElementTree.Element) -> Update | None:
        stream = verb.find("Stream")
        if stream is None:
            self.leg.warn("12200")
            return None
        url = stream.get("url", "")
        if "?" in url:
            self.leg.warn("31920")
        elif set(stream.attrib) - {"url", "name", "statusCallback", "statusCallbackMethod", "track"}:
            self.leg.warn("12200")
        elif self.leg.stream is None:
            self.leg.warn("31902")
        else:
            parameters = {each.get("name", ""): each.get("value", "") for each in stream.findall("Parameter")}
            self.standin.note(self.leg, "stream", "opens")
            try:
                await self.leg.stream(self.leg, url, parameters)
            finally:
                self.standin.note(self.leg, "stream", "ends")
        action = verb.get("action")
        if action is None:
            return None
        return await self.leg.request(urljoin(self.url, action), {})

    async def _dial(self, verb: ElementTree.Element) -> Update | None:
        noun = verb.find("Conference")
        if noun is None:
            self.leg.warn("12200")
            return None
        await self._meet(noun)
        action = verb.get("action")
        if action is None:
            return None
        return await self.leg.request(urljoin(self.url, action), {"DialCallStatus": "answered"})

    async def _meet(self, noun: ElementTree.Element) -> None:
        room = self.standin.room((noun.text or "").strip())
        me = Participant(
            self.leg.sid,
            noun.get("participantLabel", ""),
            starts=noun.get("startConferenceOnEnter", "true") == "true",
            ends=noun.get("endConferenceOnExit", "false") == "true",
        )
        if me.label and any(other.label == me.label for other in room.participants):
            self.leg.warn("16025")
            return
        self.standin.note(self.leg, "joins", room.name)
        room.join(me, noun.attrib)
        try:
            is_agent = self.leg.direction != "inbound"
            if is_agent:
                self.standin.spawn(self._talk(me))
            await me.left.wait()
        finally:
            self.standin.note(self.leg, "leaves", room.name)
            room.leave(me)

    async def _talk(self, me: Participant) -> None:
        """The agent ends the conversation when everything has been said."""
        await me.together.wait()
        await self.standin.sleep(self.leg.person.talks_s)
        if not me.left.is_set():
            self.leg.hang_up()
