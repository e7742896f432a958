"""What can happen to a call, and what a call can ask for.

Events are past facts; commands are orders. Both are frozen and carry no
behaviour. An event does not carry its time: the driver passes `now_ms`, the
milliseconds since the call started, beside it. `Call.receive(event, now_ms)`
takes one event and returns the commands to carry out, in order.

Audio inside the heart is int16 mono at 8000 Hz; only `audio.py` and
`mediastream.py` know that the wire speaks mu-law.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int16]
"""int16, shape (n,), mono, 8000 Hz."""

Vector = NDArray[np.float32]
"""float32, shape (d,), unit length: the meaning of a sentence."""

Value = Any
"""What a slot, fact or argument may hold: str, int, bool, None, list or dict of these,
`datetime.date` and `datetime.datetime`. Money is int cents, digits and phones are str."""


# --- What the recogniser is told to expect, and what it answers -------------------------


@dataclass(frozen=True, slots=True)
class Candidate:
    """One thing the caller may say at this question."""

    value: str
    """what it stands for: a choice name, "yes"/"no", a record id, a digit string"""
    sayings: tuple[str, ...]
    """ways to say it, as a recogniser would write them; first is the plainest"""


@dataclass(frozen=True, slots=True)
class Expectation:
    """What the open question makes likely. Everything here is a hint: callers say other things too."""

    kind: str = "free"
    """free · yes_no · choice · record · digits · phone · account · money · date · number"""
    candidates: tuple[Candidate, ...] = ()
    """scored against the audio itself; empty when nothing is known"""
    min_digits: int = 0
    max_digits: int = 0
    """for digits, phone and account; 0 when there is no bound"""
    hints: tuple[str, ...] = ()
    """domain words such as product and brand names"""


@dataclass(frozen=True, slots=True)
class Alternative:
    """One reading of an utterance."""

    text: str
    log_prob: float
    """mean log probability per token; 0 is certain"""


@dataclass(frozen=True, slots=True)
class Ranked:
    """How well one candidate fits the audio."""

    value: str
    saying: str
    score: float
    """log probability per character of the saying, minus that of the free reading; about 0 when it is
    what was said, below about -1 when something else was said"""


@dataclass(frozen=True, slots=True)
class Hearing:
    """What the recogniser made of one utterance."""

    text: str
    """best free reading: simplified characters, no filler normalisation yet; "" when nothing was said"""
    language: str = "zh"
    alternatives: tuple[Alternative, ...] = ()
    """n-best, best first; includes `text`"""
    log_prob: float = 0.0
    """mean log probability per token of `text`"""
    no_speech_prob: float = 0.0
    ranked: tuple[Ranked, ...] = ()
    """expected candidates against the audio, best first; empty when none were expected"""
    best_expected: str | None = None
    """the candidate value decided by the audio, or None for "none of these" """
    confidence: float = 1.0
    """calibrated 0..1 that `best_expected` (or, without candidates, `text`) is right"""
    digits: tuple[Alternative, ...] = ()
    """digit strings for number questions, best first"""
    vector: Vector | None = None
    """meaning of `text`, from the embedder; None where no embedder runs"""
    took_ms: int = 0
    """time the engines needed"""


# --- Events ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CallStarted:
    """The stream is open and authenticated; at_ms 0 of the call."""

    call_id: str
    stream_id: str
    ani: str
    """E.164, or "" when withheld or not a number"""
    dnis: str
    started_at: datetime
    """local wall-clock time of the business, without zone; the heart's only idea of "today" """
    seed: int
    """chooses variants; written to the recording so a replay chooses the same"""
    resume: str = ""
    """why a stream was re-opened for a known call: "" · "transfer_failed" · "stream_lost" """
    language: str = ""
    """overrides the dialplan's first language"""


@dataclass(frozen=True, slots=True)
class FrameReceived:
    """20 ms of caller audio."""

    samples: Samples
    """shape (160,)"""
    is_speech: bool
    """the detector's opinion of this frame"""


@dataclass(frozen=True, slots=True)
class KeyPressed:
    key: str
    """one of 0-9 * #"""


@dataclass(frozen=True, slots=True)
class MarkReached:
    """The carrier echoed a mark: played, or cleared."""

    name: str


@dataclass(frozen=True, slots=True)
class StreamEnded:
    """The media connection is gone."""

    reason: str
    """"caller_hung_up" · "stream_lost" · "moved" (we bridged the caller away) · "server_stopping" """


@dataclass(frozen=True, slots=True)
class SpeechReady:
    """Audio for a `Synthesise` request; may come in several parts, in order."""

    request_id: int
    samples: Samples
    is_last: bool
    was_cached: bool = False


@dataclass(frozen=True, slots=True)
class SynthesisFailed:
    request_id: int
    code: str


@dataclass(frozen=True, slots=True)
class Heard:
    """The answer to `Recognise` with the same numbers."""

    turn: int
    attempt: int
    """counts recognitions within the turn; partial ones and the final one"""
    hearing: Hearing


@dataclass(frozen=True, slots=True)
class RecognitionFailed:
    turn: int
    attempt: int
    code: str


@dataclass(frozen=True, slots=True)
class RequestAnswered:
    """A business system answered."""

    request_id: int
    result: Value


@dataclass(frozen=True, slots=True)
class RequestFailed:
    request_id: int
    code: str
    """"timeout" · "unavailable" · "invalid" · a refusal the operation declares"""


class LegEvent(Enum):
    """What can happen to the agent's leg during a warm transfer."""

    RINGING = "ringing"
    ANSWERED = "answered"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    NO_KEY = "no_key"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    FAILED = "failed"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class AgentLegChanged:
    attempt: int
    what: LegEvent


@dataclass(frozen=True, slots=True)
class CallerBridged:
    """Caller and agent hear each other."""


@dataclass(frozen=True, slots=True)
class BridgeFailed:
    code: str


@dataclass(frozen=True, slots=True)
class ConversationEnded:
    """Caller and agent have finished; the room is closed."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class Woken:
    """The instant asked for by `wake_at()` has come. Early or repeated wakes do no harm."""


@dataclass(frozen=True, slots=True)
class TextTyped:
    """A whole utterance as text: the text chat's way to speak. Carries its own hearing."""

    hearing: Hearing


Event = (
    CallStarted
    | FrameReceived
    | KeyPressed
    | MarkReached
    | StreamEnded
    | SpeechReady
    | SynthesisFailed
    | Heard
    | RecognitionFailed
    | RequestAnswered
    | RequestFailed
    | AgentLegChanged
    | CallerBridged
    | BridgeFailed
    | ConversationEnded
    | Woken
    | TextTyped
)


# --- Commands --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SendAudio:
    """Play this after everything sent before it."""

    samples: Samples


@dataclass(frozen=True, slots=True)
class SendMark:
    name: str


@dataclass(frozen=True, slots=True)
class ClearPlayout:
    """Throw away what was sent and not yet played."""


@dataclass(frozen=True, slots=True)
class Synthesise:
    """Make audio for one sentence; answered by `SpeechReady` or `SynthesisFailed`."""

    request_id: int
    text: str
    """as it is to be spoken: numbers already in words"""
    voice: str
    """name of a file in voices/"""
    pace: float = 1.0
    """1.0 is the persona's own pace; above is faster"""


@dataclass(frozen=True, slots=True)
class Prepare:
    """Make audio ahead into the cache, at low priority; not answered."""

    text: str
    voice: str
    pace: float = 1.0


@dataclass(frozen=True, slots=True)
class Recognise:
    """Turn speech to text; answered by `Heard` or `RecognitionFailed`."""

    turn: int
    attempt: int
    samples: Samples
    language: str
    expectation: Expectation
    is_partial: bool = False
    """the caller may still be speaking; drop it when something final is waiting"""


@dataclass(frozen=True, slots=True)
class DiscardRecognition:
    """The answer to this attempt is no longer wanted; stop if it has not begun."""

    turn: int
    attempt: int


@dataclass(frozen=True, slots=True)
class Request:
    """Ask a business system; answered by `RequestAnswered` or `RequestFailed`."""

    request_id: int
    operation: str
    arguments: Mapping[str, Value]
    timeout_ms: int
    idempotency_key: str | None = None
    """set for every write: the same key books at most once, ever"""


@dataclass(frozen=True, slots=True)
class Recap:
    """What the agent hears and sees: who, what, what was tried, mood."""

    caller: str
    """how to address the caller, "" when unknown"""
    identity: str
    """"unknown" · "number_known" · "verified" """
    wants: str
    done: tuple[str, ...]
    mood: str
    language: str
    reason: str
    facts: Mapping[str, Value] = field(default_factory=dict)
    transcript: tuple[tuple[str, str], ...] = ()
    """(who, text) pairs; who is "bot" or "caller" """
    spoken: str = ""
    """the recap as one short paragraph to be read to the agent"""


@dataclass(frozen=True, slots=True)
class RingAgent:
    attempt: int
    agent: str
    """id of an agent of the queue"""
    phone: str
    queue: str
    ring_ms: int
    recap: Recap


@dataclass(frozen=True, slots=True)
class CancelAgent:
    attempt: int


@dataclass(frozen=True, slots=True)
class BridgeCaller:
    """Move the caller to the agent who accepted."""

    attempt: int


@dataclass(frozen=True, slots=True)
class TakeBackCaller:
    """Bring the caller back from an agent's room to the bot: a new stream opens, and `CallStarted`
    comes with resume "transfer_failed". Does nothing when the caller is still on the stream."""

    attempt: int


@dataclass(frozen=True, slots=True)
class HangUp:
    reason: str
    """"goodbye" · "transferred" · "trouble" · "no_input" """


@dataclass(frozen=True, slots=True)
class Journal:
    """One line for the recording, the store and the report; never secret values.

    kind: "turn" · "bot_says" · "caller_says" · "key" · "step" · "slot" · "request" · "transfer"
          · "barge_in" · "no_input" · "no_match" · "problem" · "outcome"
          · "question" (data: name, is_secret), each time another question opens: the recorder
          masks what is keyed and said while a secret one is open
    """

    kind: str
    data: Mapping[str, Value] = field(default_factory=dict)


Command = (
    SendAudio
    | SendMark
    | ClearPlayout
    | Synthesise
    | Prepare
    | Recognise
    | DiscardRecognition
    | Request
    | RingAgent
    | CancelAgent
    | BridgeCaller
    | TakeBackCaller
    | HangUp
    | Journal
)
