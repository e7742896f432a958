"""From frames to what was said: turn taking and recognition joined.

Theory of operation
-------------------
Every utterance gets a turn number when it begins, and every recognition of it an attempt number.
At each pause the utterance so far is recognised ahead; if nothing follows, that hearing is the
final one and the recogniser's time has cost the caller nothing. An answer with other numbers than
the ones awaited is late and is dropped; so is the answer to an older turn than the last one taken.

Each utterance that began ends in exactly one `Spoken`, also when the recogniser fails or stays
silent, unless it is abandoned because a key was pressed, or a later one has overtaken it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from voicebot.call_config import CallConfig
from voicebot.events import (
    Command,
    DiscardRecognition,
    Expectation,
    FrameReceived,
    Heard,
    Hearing,
    Recognise,
    RecognitionFailed,
    Samples,
)
from voicebot.turns import (
    BargeIn,
    NoInput,
    Paused,
    Resumed,
    SpeechStarted,
    TurnEvent,
    TurnTaker,
    UtteranceEnded,
)

POLITE_MS = 300
"""speech shorter than this does not make the bot wait with what it wants to say"""


@dataclass(frozen=True, slots=True)
class Began:
    """The caller has begun to speak."""

    turn: int


@dataclass(frozen=True, slots=True)
class WantsFloor:
    """The caller speaks over the bot, long and loud enough to mean it."""

    turn: int


@dataclass(frozen=True, slots=True)
class Partly:
    """What was heard so far, at a pause."""

    turn: int
    hearing: Hearing


@dataclass(frozen=True, slots=True)
class Spoken:
    """An utterance is over and has been recognised, or could not be."""

    turn: int
    hearing: Hearing
    utterance: UtteranceEnded
    ended_ms: int
    """when the utterance was taken to be over"""
    recognised_ms: int
    """when its text was known; not before `ended_ms` """
    problem: str = ""
    """code, when the recogniser failed; the hearing is empty then"""


@dataclass(frozen=True, slots=True)
class Silent:
    """The caller's time to answer has passed."""


EarEvent = Began | WantsFloor | Partly | Spoken | Silent


@dataclass(slots=True)
class _Awaited:
    """A recognition that was asked for."""

    turn: int
    attempt: int
    is_partial: bool
    hearing: Hearing | None = None
    utterance: UtteranceEnded | None = None
    """set when the utterance is over and only its text is missing"""
    ended_ms: int = 0
    deadline_ms: int = 0


class Ear:
    """The caller's voice on one call."""

    def __init__(self, config: CallConfig, emit: Callable[[Command], None]) -> None:
        self._config = config
        self._emit = emit
        self.turns = TurnTaker(config.turns)
        self.language = config.language
        self._expectation = Expectation()
        self._turn = 0
        self._attempt = 0
        self._taken = 0
        """highest turn given out"""
        self._ahead: _Awaited | None = None
        self._final: list[_Awaited] = []
        self._speech_began_ms = 0

    # --- what the call tells ---

    def next_turn(self) -> int:
        """A number for a turn that was not spoken: an entry, a typed text."""
        self._turn += 1
        self._taken = self._turn
        return self._turn

    def ask(self, expectation: Expectation, silence_ms: int, language: str) -> None:
        """Another question is open."""
        self._expectation = expectation
        self.turns.patience(silence_ms)
        if language:
            self.language = language

    def complete(self, now_ms: int) -> list[EarEvent]:
        """What was heard so far is all that is needed."""
        ended = self.turns.complete()
        return self._ended(ended, now_ms) if ended is not None else []

    def hold_off(self) -> None:
        self.turns.hold_off(self._config.hold_off_ms)

    def abandon(self) -> None:
        """Forget what is being said and recognised: keys beat half-heard speech."""
        self.turns.abandon()
        for awaited in [*self._final, *([self._ahead] if self._ahead else [])]:
            self._discard(awaited)
        self._final.clear()
        self._ahead = None
        self._taken = self._turn

    # --- what the call asks ---

    @property
    def is_busy(self) -> bool:
        """The caller is speaking, or something said is not understood yet."""
        return self.turns.is_speaking or bool(self._final)

    def is_holding_forth(self, now_ms: int) -> bool:
        """Busy with more than a noise."""
        return bool(self._final) or (self.turns.is_speaking and now_ms - self._speech_began_ms >= POLITE_MS)

    def due_ms(self) -> int | None:
        due = [a.deadline_ms for a in self._final]
        if (turns_due := self.turns.due_ms()) is not None:
            due.append(turns_due)
        return min(due, default=None)

    # --- what happens ---

    def frame(self, event: FrameReceived, now_ms: int, *, is_bot_speaking: bool) -> list[EarEvent]:
        return self._follow(
            self.turns.frame(event.samples, event.is_speech, now_ms, is_bot_speaking=is_bot_speaking), now_ms
        )

    def heard(self, event: Heard, now_ms: int) -> list[EarEvent]:
        """The recogniser answered. Answers nobody waits for any more are dropped."""
        ahead = self._ahead
        if ahead is not None and (event.turn, event.attempt) == (ahead.turn, ahead.attempt):
            ahead.hearing = event.hearing
            return [Partly(ahead.turn, event.hearing)]
        awaited = self._find(event.turn, event.attempt)
        return self._speak(awaited, event.hearing, now_ms) if awaited is not None else []

    def failed(self, event: RecognitionFailed, now_ms: int) -> list[EarEvent]:
        """The recogniser gave up. What it was asked ahead of time is asked again when it matters."""
        ahead = self._ahead
        if ahead is not None and (event.turn, event.attempt) == (ahead.turn, ahead.attempt):
            self._ahead = None
            return []
        awaited = self._find(event.turn, event.attempt)
        if awaited is None:
            return []
        if awaited.is_partial and awaited.utterance is not None:
            self._final.remove(awaited)
            again = self._recognise(awaited.turn, awaited.utterance.samples, is_partial=False)
            again.utterance, again.ended_ms, again.deadline_ms = (
                awaited.utterance,
                awaited.ended_ms,
                awaited.deadline_ms,
            )
            self._final.append(again)
            return []
        return self._speak(awaited, Hearing(""), now_ms, problem=event.code or "E-ASR")

    def tick(self, now_ms: int) -> list[EarEvent]:
        events: list[EarEvent] = []
        for awaited in [a for a in self._final if a.deadline_ms <= now_ms]:
            self._discard(awaited)
            events += self._speak(awaited, Hearing(""), now_ms, problem="E-ASR-LATE")
        return events + self._follow(self.turns.tick(now_ms), now_ms)

    # --- inside ---

    def _follow(self, happened: list[TurnEvent], now_ms: int) -> list[EarEvent]:
        events: list[EarEvent] = []
        for event in happened:
            match event:
                case SpeechStarted():
                    self._turn += 1
                    self._attempt = 0
                    self._speech_began_ms = event.began_ms
                    events.append(Began(self._turn))
                case BargeIn():
                    events.append(WantsFloor(self._turn))
                case Paused() if self._config.recognises_ahead:
                    self._ahead = self._recognise(self._turn, event.samples, is_partial=True)
                case Resumed():
                    self._drop_ahead()
                case UtteranceEnded():
                    events += self._ended(event, now_ms)
                case NoInput():
                    events.append(Silent())
        return events

    def _ended(self, utterance: UtteranceEnded, now_ms: int) -> list[EarEvent]:
        ahead = self._ahead
        if ahead is not None and utterance.is_as_paused:
            self._ahead = None
        else:
            self._drop_ahead()
            ahead = self._recognise(self._turn, utterance.samples, is_partial=False)
        ahead.utterance, ahead.ended_ms = utterance, now_ms
        ahead.deadline_ms = now_ms + self._config.recognition_timeout_ms
        self._final.append(ahead)
        return self._speak(ahead, ahead.hearing, now_ms) if ahead.hearing is not None else []

    def _speak(
        self, awaited: _Awaited, hearing: Hearing, now_ms: int, *, problem: str = ""
    ) -> list[EarEvent]:
        self._final.remove(awaited)
        if awaited.turn <= self._taken or awaited.utterance is None:
            return []
        self._taken = awaited.turn
        return [Spoken(awaited.turn, hearing, awaited.utterance, awaited.ended_ms, now_ms, problem)]

    def _find(self, turn: int, attempt: int) -> _Awaited | None:
        return next((a for a in self._final if (a.turn, a.attempt) == (turn, attempt)), None)

    def _recognise(self, turn: int, samples: Samples, *, is_partial: bool) -> _Awaited:
        self._attempt += 1
        self._emit(Recognise(turn, self._attempt, samples, self.language, self._expectation, is_partial))
        return _Awaited(turn, self._attempt, is_partial)

    def _drop_ahead(self) -> None:
        if self._ahead is not None:
            self._discard(self._ahead)
            self._ahead = None

    def _discard(self, awaited: _Awaited) -> None:
        if awaited.hearing is None:
            self._emit(DiscardRecognition(awaited.turn, awaited.attempt))
