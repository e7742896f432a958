"""The dialogue's side of the call: what it is told, what it wants done.

`advance(dialplan, state, input) -> (state, actions)` knows text, slots and steps, and
nothing of audio, time or the wire. `Call` turns events into inputs and actions into
commands. The state is a value: it can be stored, compared and put back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from voicebot.dialplan.model import Keys
from voicebot.events import Expectation, Hearing, Recap, Value

# --- Inputs ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Begin:
    """The call is open: run the opening, or continue what `resume` names."""

    call_id: str
    ani: str
    dnis: str
    started_at: datetime
    seed: int
    language: str = ""
    resume: str = ""


@dataclass(frozen=True, slots=True)
class Manner:
    """How something was said, beside what was said. Zero where unknown."""

    speech_ms: int = 0
    loudness_db: float = 0.0
    """against this caller's own first utterance"""
    interrupted: bool = False
    """began while the bot was speaking"""
    heard_share: float = 1.0
    """how much of the bot's last prompt the caller had heard, 0..1"""


@dataclass(frozen=True, slots=True)
class CallerSaid:
    hearing: Hearing
    manner: Manner = Manner()


@dataclass(frozen=True, slots=True)
class CallerKeyed:
    """A finished entry; the end key is not part of it."""

    keys: str


@dataclass(frozen=True, slots=True)
class CallerSilent:
    """Nothing came within the question's patience."""


@dataclass(frozen=True, slots=True)
class Answered:
    request_id: int
    result: Value


@dataclass(frozen=True, slots=True)
class Refused:
    request_id: int
    code: str


@dataclass(frozen=True, slots=True)
class Late:
    """A request is taking longer than a breath: say its filler, if it has one."""

    request_id: int


@dataclass(frozen=True, slots=True)
class HandOverEnded:
    """The transfer is over. "connected" ends the bot's part; "failed" brings the bot back."""

    outcome: str
    """"connected" · "failed" · "caller_left" """
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Broken:
    """An unknown error ended the turn. The second one in a call goes to an agent."""

    code: str


Input = Begin | CallerSaid | CallerKeyed | CallerSilent | Answered | Refused | Late | HandOverEnded | Broken


# --- Actions ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SayAction:
    """Speak one prompt. Prompts queue up in order."""

    prompt: str
    """name in the dialplan, for journal and coverage"""
    text: str
    """display form, numbers in digits where people write digits"""
    spoken: str
    """as it is to be spoken"""
    voice: str
    pace: float = 1.0
    gain_db: float = 0.0
    is_interruptible: bool = True
    is_secret: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """What is open from now on. Replaces the question before it."""

    expectation: Expectation
    silence_ms: int
    no_input_ms: int
    keys: Keys | None = None
    name: str = ""
    """slot or step asked, for journal and report"""
    is_secret: bool = False
    prepare: tuple[str, ...] = ()
    """spoken texts that will probably be needed next, to be made ahead"""
    language: str = ""
    """what the caller will answer in; "" leaves it as it was"""


@dataclass(frozen=True, slots=True)
class Fetch:
    """Ask a business system; exactly one of Answered or Refused comes back."""

    request_id: int
    operation: str
    arguments: Mapping[str, Value]
    timeout_ms: int
    idempotency_key: str | None
    is_write: bool
    late_after_ms: int = 700


@dataclass(frozen=True, slots=True)
class HandOver:
    """Start a warm transfer to this queue; ends with HandOverEnded."""

    queue: str
    reason: str
    recap: Recap


@dataclass(frozen=True, slots=True)
class Finish:
    """Hang up once everything said has been heard."""

    reason: str


@dataclass(frozen=True, slots=True)
class Note:
    """A line for the journal; becomes `Journal`."""

    kind: str
    data: Mapping[str, Value] = field(default_factory=dict)


Action = SayAction | Question | Fetch | HandOver | Finish | Note


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a partial hearing tells about the turn, before the turn is over."""

    is_backchannel: bool = False
    """mhm, or nothing at all: the caller does not want the floor"""
    is_complete: bool = False
    """answers the open question in full: no need to wait for more"""
    is_unfinished: bool = False
    """the sentence plainly goes on"""
    is_urgent: bool = False
    """asks for an agent or another urgent flow: gets through over anything"""
