"""What the dialogue remembers between two turns. A value: copied before it is changed.

Theory of operation. The call is a stack of frames, each a position in a flow. The top
frame is where we are; below it lies what we will come back to. At most one question is
open. A digression pushes a frame and, when its flow is done, the question below is put
again in a short form. Slots and facts belong to the call, not to a frame, so that what
was said once need not be said again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from voicebot.events import Value


@dataclass(slots=True)
class Filled:
    """A slot's value and how sure we are of it."""

    value: Value
    confidence: float = 1.0
    is_confirmed: bool = False
    is_stale: bool = False
    """left over from a finished task: offered again, never silently reused"""


@dataclass(slots=True)
class Open:
    """The open question."""

    kind: str
    """slot · confirm_slot · offer · confirm · listen · which_intent"""
    name: str
    """slot name, or step id"""
    value: Value = None
    """confirm_slot: the value in doubt"""
    confidence: float = 0.0
    options: tuple[Value, ...] = ()
    """offer: records to choose from; which_intent: two intent names"""
    is_guess: bool = False
    patience_ms: int = 0
    """set by a wait: how long to be quiet before the reminder"""
    reminder: str = ""
    reminders: int = 0


@dataclass(slots=True)
class Frame:
    """A position in the script."""

    flow: str
    step: str
    """id of the step to run, or being run; "" when the flow is done"""
    attempts: int = 0
    """tries at the present question that were not understood"""
    silences: int = 0
    heard: str = ""
    """what the caller said when this flow began and since: later questions look here first"""
    tried_needs: list[str] = field(default_factory=list)
    refused_guesses: list[str] = field(default_factory=list)
    """slots whose proposed value the caller turned down"""
    opened: Open | None = None
    """the question that was open when something else was begun on top"""
    returning: str = ""
    """how that question is put again: "side" short · "task" short, with a bridge · "quiet" without words"""
    patience_ms: int = 0
    """asked for by "one moment": how long to be quiet before the reminder"""
    reminder: str = ""


@dataclass(slots=True)
class Pending:
    """A business system is being asked."""

    request_id: int
    step: str
    filler: str
    was_late: bool = False


@dataclass(slots=True)
class Said:
    """One sentence of the bot, kept for "say that again"."""

    prompt: str
    text: str
    spoken: str
    is_interruptible: bool = True
    is_secret: bool = False


@dataclass(slots=True)
class State:
    """Everything one call has come to."""

    call: dict[str, Value] = field(default_factory=dict)
    """id ani dnis language started_at today hour turns failures"""
    seed: int = 0
    language: str = ""
    pace: float = 1.0
    gain_db: float = 0.0
    mood: str = "calm"
    is_urgent: bool = False
    has_shown_empathy: bool = False
    slots: dict[str, Filled] = field(default_factory=dict)
    facts: dict[str, Value] = field(default_factory=dict)
    stack: list[Frame] = field(default_factory=list)
    open: Open | None = None
    pending: Pending | None = None
    waiting_intents: list[str] = field(default_factory=list)
    """requests heard and not yet begun, first come first served"""
    interrupted: list[str] = field(default_factory=list)
    requests: int = 0
    failures: int = 0
    """silences and misunderstandings of the whole call"""
    failures_in_a_row: int = 0
    breakdowns: int = 0
    variants: dict[str, list[int]] = field(default_factory=dict)
    """prompt -> wordings used, newest last"""
    last_said: list[Said] = field(default_factory=list)
    saying: list[Said] = field(default_factory=list)
    """sentences of the turn being made"""
    repeats: int = 0
    transcript: list[tuple[str, str]] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    """operations that changed something, for the recap"""
    wants: str = ""
    """flow the caller is in, for the recap"""
    is_handing_over: bool = False
    is_over: bool = False
    knowledge_asked: dict[str, int] = field(default_factory=dict)

    def values(self) -> Mapping[str, Value]:
        """All names a script may read."""
        caller = {
            "mood": self.mood,
            "is_urgent": self.is_urgent,
            "identity": self.identity(),
        }
        return {
            **self.facts,
            **{name: filled.value for name, filled in self.slots.items()},
            "call": {
                **self.call,
                "language": self.language,
                "failures": self.failures,
            },
            "caller": caller,
        }

    def identity(self) -> str:
        """ "verified" · "number_known" · "unknown" """
        if self.facts.get("verified"):
            return "verified"
        return "number_known" if self.facts.get("customer") else "unknown"
