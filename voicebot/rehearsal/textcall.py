"""A real call in text: typed words in, said words out, in virtual time.

Theory of operation. Everything but sound is what serves callers on the telephone: the same
`Call`, the same dialogue, the same transfers and time-outs. Words are typed instead of
recognised, sentences are silent for as long as they would last, and the business systems are
a function. After each thing the caller does, the line runs until the bot waits for him again.
What happened is told as a list of entries, in order.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from voicebot.call import Call
from voicebot.call_config import CallConfig
from voicebot.dialogue.engine import Dialogue
from voicebot.dialogue.state import State
from voicebot.dialogue.understand import Meaning
from voicebot.dialplan.model import Dialplan
from voicebot.errors import BackOfficeError
from voicebot.events import (
    AgentLegChanged,
    BridgeCaller,
    CallStarted,
    HangUp,
    Hearing,
    Journal,
    LegEvent,
    Request,
    RequestAnswered,
    RequestFailed,
    RingAgent,
    StreamEnded,
    Value,
)
from voicebot.virtual import Latencies, VirtualLine, nobody_answers, takes_the_call

Perform = Callable[[Request], Value]
"""a business system; raises BackOfficeError"""

STREAM = "text"
SLOW_MS = 1500
"""longer than a breath: the filler is heard"""
LOST_MS = 600_000
"""longer than any time-out"""
LONGEST_PATIENCE_MS = 60_000
INTERRUPTS_AFTER_MS = 600
"""how much of a prompt is heard before the caller speaks over it"""
TRACED = frozenset(
    {"flow", "step", "intent", "slot", "correction", "mood", "no_input", "no_match", "knowledge", "problem"}
)
"""kinds of journal lines that tell why"""
_CHINESE = re.compile(r"[\u3400-\u9fff]")


def is_busy(_: RingAgent) -> Iterable[tuple[int, LegEvent]]:
    """An agent whose line is engaged."""
    return [(500, LegEvent.BUSY)]


def declines(_: RingAgent) -> Iterable[tuple[int, LegEvent]]:
    """An agent who hears the recap and presses 2."""
    return [(500, LegEvent.RINGING), (3000, LegEvent.ANSWERED), (9000, LegEvent.DECLINED)]


AGENTS: Mapping[str, Callable[[RingAgent], Iterable[tuple[int, LegEvent]]]] = {
    "accept": takes_the_call,
    "busy": is_busy,
    "decline": declines,
    "no_answer": nobody_answers,
}
"""what the agents of this rehearsal do when they are rung"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened."""

    at_ms: int
    who: str
    """caller · bot · system (a business system) · agent · call · why"""
    what: str
    """says, keys, silent, hangs_up · says · read, done, refused · rings, hears, or a leg event · ended ·
    for why: the kind of journal line"""
    text: str = ""
    data: Mapping[str, Value] = field(default_factory=dict)
    """says of the bot: prompt · system: operation, arguments, result, is_repetition · why: the journal's"""


class TextCall:
    """One call. Not shared, not used twice."""

    def __init__(
        self,
        dialplan: Dialplan,
        perform: Perform,
        *,
        started_at: datetime,
        meaning: Meaning | None = None,
        caller: str = "",
        language: str = "",
        seed: int = 1,
        call_id: str = "TEXT",
        agents: str = "accept",
        systems: Mapping[str, str] | None = None,
    ) -> None:
        """caller: number that calls, E.164; "" when withheld. language: "" for the line's first.

        agents: one of AGENTS. systems: what goes wrong, by operation: "slow", "timeout", or the
        code with which it refuses.
        """
        self.dialplan = dialplan
        self.meaning = meaning
        self._perform = perform
        self._systems = dict(systems or {})
        self._seen = 0
        self._requests: dict[int, Request] = {}
        self._keys_done: set[str] = set()
        first = dialplan.languages[0]
        config = CallConfig(
            queues=dialplan.queues,
            language=language or first,
            voice=dialplan.voices[first],
            longest_call_ms=dialplan.limits.call_ms,
        )
        self._call = Call(Dialogue(dialplan, meaning), config)
        waits = {"slow": SLOW_MS, "timeout": LOST_MS}
        self._line = VirtualLine(
            self._call,
            perform=self._ask,
            agent=AGENTS[agents],
            latencies=Latencies(
                operations_ms={name: waits[code] for name, code in self._systems.items() if code in waits}
            ),
            has_audio=False,
        )
        dnis = dialplan.numbers[0] if dialplan.numbers else ""
        self._line.start(CallStarted(call_id, STREAM, caller, dnis, started_at, seed, "", language))

    # --- what the caller does ---

    def says(self, text: str) -> None:
        """Waits for the bot to finish, then says this."""
        self.settle()
        self._line.type_text(self.hearing(text))

    def interrupts(self, text: str) -> None:
        """Says this over the bot's words."""
        self._line.run_for(INTERRUPTS_AFTER_MS)
        self._line.type_text(self.hearing(text))

    def presses(self, keys: str) -> None:
        """Waits for the bot to finish, then presses these keys, five a second."""
        self.settle()
        for key in keys:
            self._line.press(key)
            self._line.run_for(200)

    def is_silent(self) -> None:
        """Says nothing until the bot's patience is at an end, once."""
        self.settle()
        before = len(self._line.journal("no_input"))
        end_ms = self._line.now_ms + LONGEST_PATIENCE_MS
        while not self.is_over and self._line.now_ms < end_ms:
            self._line.run_for(500)
            if len(self._line.journal("no_input")) > before:
                return

    def hangs_up(self) -> None:
        if not self.is_over:
            self._line.hang_up()

    def settle(self) -> None:
        """Let the bot have its say: afterwards it waits for the caller, or the call is over."""
        self._line.run_until_quiet()

    # --- what can be looked at ---

    @property
    def is_over(self) -> bool:
        return self._call.is_over

    @property
    def state(self) -> State:
        """The dialogue's memory; not to be changed."""
        state = self._call.state
        assert isinstance(state, State)
        return state

    @property
    def queues_rung(self) -> tuple[str, ...]:
        """Queues of the agents that were rung, in order."""
        return tuple(ring.queue for _, ring in self._line.commands(RingAgent))

    def hearing(self, text: str) -> Hearing:
        """What a recogniser would hand over, had it heard exactly this."""
        language = "zh" if _CHINESE.search(text) else self.state.language
        return Hearing(text, language=language)

    def news(self) -> list[Entry]:
        """What has happened since the last time this was asked."""
        new, self._seen = self._line.log[self._seen :], len(self._line.log)
        return [entry for at_ms, item in new for entry in self._told(at_ms, item)]

    # --- inside ---

    def _ask(self, request: Request) -> Value:
        code = self._systems.get(request.operation)
        if code is not None and code != "slow":
            raise BackOfficeError(f"{request.operation} fails in this rehearsal", code=code)
        return self._perform(request)

    def _told(self, at_ms: int, item: object) -> list[Entry]:
        match item:
            case Journal(kind="bot_says", data=data):
                return [Entry(at_ms, "bot", "says", str(data["text"]), {"prompt": data["prompt"]})]
            case Journal(kind="caller_says", data=data) if "keys" in data:
                return [Entry(at_ms, "caller", "keys", str(data["keys"]))]
            case Journal(kind="caller_says", data=data):
                return [Entry(at_ms, "caller", "says", str(data["text"]), {"taken": data["taken"]})]
            case Journal(kind="no_input"):
                return [Entry(at_ms, "caller", "silent"), Entry(at_ms, "why", "no_input", "", item.data)]
            case Journal(kind=kind, data=data) if kind in TRACED:
                return [Entry(at_ms, "why", kind, "", data)]
            case Request():
                self._requests[item.request_id] = item
            case RequestAnswered():
                return self._answered(at_ms, item)
            case RequestFailed():
                request = self._requests.get(item.request_id)
                return [] if request is None else [_system(at_ms, "refused", request, item.code)]
            case RingAgent():
                rung = {"agent": item.agent, "queue": item.queue}
                return [
                    Entry(at_ms, "agent", "rings", item.agent, rung),
                    Entry(at_ms, "agent", "hears", item.recap.spoken, rung),
                ]
            case AgentLegChanged():
                return [Entry(at_ms, "agent", item.what.value)]
            case BridgeCaller():
                return [Entry(at_ms, "agent", "connected")]
            case StreamEnded(reason="caller_hung_up"):
                return [Entry(at_ms, "caller", "hangs_up")]
            case HangUp():
                return [Entry(at_ms, "call", "ended", item.reason)]
        return []

    def _answered(self, at_ms: int, answer: RequestAnswered) -> list[Entry]:
        request = self._requests.get(answer.request_id)
        if request is None:
            return []
        key = request.idempotency_key
        if key is None:
            return [_system(at_ms, "read", request, answer.result)]
        entry = _system(at_ms, "done", request, answer.result)
        repeated = replace(entry, data={**entry.data, "is_repetition": key in self._keys_done})
        self._keys_done.add(key)
        return [repeated]


def _system(at_ms: int, what: str, request: Request, result: Value) -> Entry:
    data = {"operation": request.operation, "arguments": dict(request.arguments), "result": result}
    return Entry(at_ms, "system", what, request.operation, data)
