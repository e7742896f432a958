"""What a live call needs from the world outside: one small protocol each.

The driver carries out what the heart orders through these. Every edge fits itself to its own
protocol here and knows nothing of the other edges; the programs join them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from voicebot.events import (
    BridgeCaller,
    CallStarted,
    CancelAgent,
    Command,
    Event,
    HangUp,
    Journal,
    Recap,
    RingAgent,
    TakeBackCaller,
)
from voicebot.mediastream import Parsed, StreamStart

CarrierCommand = RingAgent | CancelAgent | BridgeCaller | TakeBackCaller | HangUp


class Line(Protocol):
    """One media connection."""

    async def receive(self) -> Parsed | None:
        """What came next; None when the connection is gone. Never raises for what the carrier sends."""
        ...

    async def send(self, message: str) -> None:
        """Send one message, as `mediastream.message` writes it. A connection that is gone is no error."""
        ...

    async def close(self) -> None:
        """End the connection in good order; a second time does nothing."""
        ...


class CarrierControl(Protocol):
    """Moves legs about. Another carrier needs this one method."""

    async def carry_out(self, call_id: str, command: CarrierCommand) -> None:
        """Do it. Returns when the carrier has taken the order; what comes of it arrives as events.

        Called for one call after the other's return. Raises CarrierError; its code says whether
        the order may have been carried out all the same (UNSURE).
        """
        ...


UNSURE = "E-CARRIER-UNSURE"
"""no answer, or a fault on the carrier's side: nobody knows whether it was done"""


class Recorder(Protocol):
    """Writes one call down. Returns at once; must be closed."""

    def write_event(self, at_ms: int, event: Event) -> None: ...

    def write_commands(self, at_ms: int, commands: Sequence[Command]) -> None: ...

    def close(self) -> None:
        """Write what is left; may wait for a disk."""
        ...


@dataclass(frozen=True, slots=True)
class JournalEntry:
    at_ms: int
    journal: Journal


class CallLog(Protocol):
    """Keeps calls and what happened in them, for reports."""

    async def begin(self, started: CallStarted, line: str) -> None:
        """A call has begun; line: its dialplan. Again with `resume` when its stream was re-opened."""
        ...

    async def write(self, call_id: str, entries: Sequence[JournalEntry]) -> None:
        """Append; entries of one call come in order, never two writes of one call at once."""
        ...


@dataclass(frozen=True, slots=True)
class Handoff:
    """What an agent is told about a call. Who may read it is decided by a token made from its id."""

    id: str
    """random"""
    call_id: str
    created_at: str
    """ISO 8601, UTC"""
    queue: str
    recap: Recap


class HandoffStore(Protocol):
    """Keeps handoffs for the page the agent opens."""

    async def save(self, handoff: Handoff) -> None: ...

    async def load(self, handoff_id: str) -> Handoff | None: ...


class Admission(Enum):
    """May this call come in?"""

    WELCOME = "welcome"
    BUSY = "busy"
    """all lines are taken, or the server is stopping"""
    NO_LINE = "no_line"
    """no dialplan answers the number dialled"""


class AfterStream(Enum):
    """What becomes of a caller whose stream has ended and who is still on the phone."""

    RESUME = "resume"
    WAIT = "wait"
    """the caller is on the way to an agent, or back: another order is about to arrive"""
    HANG_UP = "hang_up"
    APOLOGISE = "apologise"
    """the stream was lost more often than is reasonable"""


class Calls(Protocol):
    """The live calls, as the carrier's side of the house sees them. One thread: the event loop's."""

    def admit(self, call_id: str, ani: str, dnis: str) -> Admission:
        """A call rings. Asked twice for the same call, it answers the same."""
        ...

    def languages(self, dnis: str) -> tuple[str, ...]:
        """What callers of this number may be spoken to in, before a dialplan speaks; never empty."""
        ...

    async def serve(self, start: StreamStart, resume: str, line: Line) -> None:
        """Serve an authenticated stream to its end. resume: as in `CallStarted`."""
        ...

    def after_stream(self, call_id: str, ani: str, dnis: str) -> AfterStream:
        """The stream ended and the carrier asks what next. Calls unknown after a restart are resumed."""
        ...

    def is_live(self, call_id: str) -> bool:
        """Is the bot still looking after this caller?"""
        ...

    def post(self, call_id: str, event: Event) -> bool:
        """Tell a live call that something happened; False when there is no such call."""
        ...

    def caller_gone(self, call_id: str) -> None:
        """The caller's leg is over, whatever the stream says."""
        ...

    def status(self) -> dict[str, object]:
        """Health for operators: counts only."""
        ...
