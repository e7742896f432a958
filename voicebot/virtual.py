"""A telephone line in virtual time: the engine under replay, chat and tests.

Theory of operation
-------------------
Everything that will happen stands in one heap, ordered by time: the caller's frames, answers of
recogniser, synthesiser and business systems, echoes of marks, agents' doings, and the call's own
wake-up. `run_*` takes the earliest, tells the call, and carries out its commands, until the time
asked for. Nothing waits for real time, so a ten-minute call takes a second, and the same inputs
always give the same call.

The carrier's side is honest: audio plays at real speed behind what was sent before, a mark is
echoed when the audio before it has been played, a clear throws the rest away and echoes its marks.

The engines are plain functions, called when their command comes; what they answer arrives after
the latency given. Real ones can be used as well as scripted ones.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

import numpy as np

from voicebot.audio import FRAME_MS, SAMPLES_PER_MS, FrameCutter, level_db, silence
from voicebot.errors import BackOfficeError, EngineError
from voicebot.events import (
    AgentLegChanged,
    BridgeCaller,
    CallerBridged,
    CallStarted,
    CancelAgent,
    ClearPlayout,
    Command,
    DiscardRecognition,
    Event,
    FrameReceived,
    HangUp,
    Heard,
    Hearing,
    Journal,
    KeyPressed,
    LegEvent,
    MarkReached,
    Recognise,
    RecognitionFailed,
    Request,
    RequestAnswered,
    RequestFailed,
    RingAgent,
    Samples,
    SendAudio,
    SendMark,
    SpeechReady,
    StreamEnded,
    Synthesise,
    SynthesisFailed,
    TextTyped,
    Value,
    Woken,
)

Asked = TypeVar("Asked")

MS_PER_CHARACTER = 180
"""how long a character takes to say, about"""
MOST_EVENTS = 2_000_000
"""more than this between two instants means that somebody goes round in circles"""


class CallLike(Protocol):
    """What the line needs of a call; `call.Call` is one."""

    @property
    def is_over(self) -> bool: ...

    @property
    def is_waiting(self) -> bool: ...

    def receive(self, event: Event, now_ms: int) -> list[Command]: ...

    def wake_at(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Latencies:
    """How long the world takes to answer."""

    recognise_ms: int = 300
    synthesise_ms: int = 0
    request_ms: int = 50
    operations_ms: Mapping[str, int] = field(default_factory=dict)
    """business operations that take another time than `request_ms`, by name"""
    mark_ms: int = 0
    bridge_ms: int = 500


@dataclass(frozen=True, slots=True)
class Played:
    """A stretch of the bot's voice that the caller heard."""

    at_ms: int
    samples: Samples


def speak_silence(command: Synthesise) -> Samples:
    """A voice that says nothing, for as long as the text would take."""
    return silence(max(1, len(command.text)) * MS_PER_CHARACTER)


def no_business(command: Request) -> Value:
    raise BackOfficeError("no business system is connected", code="unavailable")


def hear_nothing(command: Recognise) -> Hearing:
    return Hearing("")


def nobody_answers(ring: RingAgent) -> Iterable[tuple[int, LegEvent]]:
    """(ms after the ring, what happens): rings, and nobody picks up."""
    return [(500, LegEvent.RINGING), (ring.ring_ms, LegEvent.NO_ANSWER)]


def takes_the_call(ring: RingAgent) -> Iterable[tuple[int, LegEvent]]:
    """Picks up after three seconds, hears the recap, presses 1."""
    return [(500, LegEvent.RINGING), (3000, LegEvent.ANSWERED), (9000, LegEvent.ACCEPTED)]


def is_loud(frame: Samples) -> bool:
    """A detector for lines without noise."""
    return level_db(frame) > -55


@dataclass(order=True, slots=True)
class _Due:
    at_ms: int
    order: int
    event: Event = field(compare=False)
    tag: tuple[str, int, int] | None = field(compare=False, default=None)


class VirtualLine:
    """One call on one line, in virtual time. Not shared, not re-used."""

    def __init__(
        self,
        call: CallLike,
        *,
        recognise: Callable[[Recognise], Hearing] = hear_nothing,
        perform: Callable[[Request], Value] = no_business,
        synthesise: Callable[[Synthesise], Samples] = speak_silence,
        agent: Callable[[RingAgent], Iterable[tuple[int, LegEvent]]] = nobody_answers,
        is_speech: Callable[[Samples], bool] = is_loud,
        latencies: Latencies | None = None,
        has_audio: bool = True,
    ) -> None:
        """has_audio: frames arrive all the time, silent ones too; False for a text chat.

        `recognise` may raise EngineError, `synthesise` too, `perform` BackOfficeError.
        """
        self.call = call
        self.now_ms = 0
        self.log: list[tuple[int, Event | Command]] = []
        """all that happened and was asked for, frames left out, with its time"""
        self.latencies = latencies or Latencies()
        self._recognise = recognise
        self._perform = perform
        self._synthesise = synthesise
        self._agent = agent
        self._is_speech = is_speech
        self._has_audio = has_audio
        self._heap: list[_Due] = []
        self._order = 0
        self._microphone: deque[Samples] = deque()
        self._next_frame_ms = 0
        self._played: list[Played] = []
        self._line_end = 0
        """sample of the call at which everything sent will have been played"""
        self._is_open = False
        self._is_cancelled: set[tuple[str, int, int]] = set()

    # --- what the caller does ---

    def start(self, event: CallStarted) -> None:
        self._is_open = True
        self._next_frame_ms = self.now_ms + FRAME_MS
        self.tell(event)

    def speak(self, samples: Samples) -> int:
        """The caller's microphone picks this up from now on, after what it is picking up already.

        Returns how long that will take, in ms.
        """
        cutter = FrameCutter()
        frames = [*cutter.push(samples), *cutter.flush()]
        self._microphone.extend(frames)
        return len(self._microphone) * FRAME_MS

    def press(self, key: str) -> None:
        self.tell(KeyPressed(key))

    def type_text(self, hearing: Hearing) -> None:
        self.tell(TextTyped(hearing))

    def hang_up(self, reason: str = "caller_hung_up") -> None:
        self._is_open = False
        self.tell(StreamEnded(reason))

    def tell(self, event: Event) -> None:
        """Any event, now."""
        if not isinstance(event, FrameReceived):
            self.log.append((self.now_ms, event))
        for command in self.call.receive(event, self.now_ms):
            self._carry_out(command)

    # --- time ---

    def run_for(self, for_ms: int) -> None:
        self.run_until(self.now_ms + for_ms)

    def run_until(self, at_ms: int) -> None:
        """Let everything happen that happens up to and at this instant."""
        for _ in range(MOST_EVENTS):
            due_ms = self._next_ms()
            if due_ms is None or due_ms > at_ms:
                self.now_ms = max(self.now_ms, at_ms)
                return
            self._step(due_ms)
        raise RuntimeError(f"the line goes round in circles at {self.now_ms} ms")

    def run_until_quiet(self, *, at_most_ms: int = 120_000) -> None:
        """Until the call is over, or only the caller's patience is running: the bot has said its say."""
        end_ms = self.now_ms + at_most_ms
        for _ in range(MOST_EVENTS):
            due_ms = self._next_ms()
            if due_ms is None or due_ms > end_ms or self.call.is_over or self._is_quiet():
                return
            self._step(due_ms)
        raise RuntimeError(f"the line goes round in circles at {self.now_ms} ms")

    def run_to_the_end(self, *, at_most_ms: int = 60 * 60_000) -> None:
        """Until the call is over."""
        end_ms = self.now_ms + at_most_ms
        while not self.call.is_over and self.now_ms < end_ms:
            due_ms = self._next_ms()
            if due_ms is None:
                return
            self._step(due_ms)

    # --- what can be looked at ---

    @property
    def is_bot_sounding(self) -> bool:
        return self._line_end > self.now_ms * SAMPLES_PER_MS

    @property
    def played(self) -> list[Played]:
        """The bot's voice as the caller heard it up to now; cleared audio is not in it."""
        now = self.now_ms * SAMPLES_PER_MS
        heard = []
        for piece in self._played:
            length = min(len(piece.samples), now - piece.at_ms * SAMPLES_PER_MS)
            if length > 0:
                heard.append(Played(piece.at_ms, piece.samples[:length]))
        return heard

    def bot_audio(self) -> Samples:
        """The bot's side of the call as one recording, silence included."""
        audio = silence(self.now_ms)
        for piece in self.played:
            start = piece.at_ms * SAMPLES_PER_MS
            room = audio[start : start + len(piece.samples)]
            room[:] = piece.samples[: len(room)]
        return audio

    def commands(self, kind: type[Asked]) -> list[tuple[int, Asked]]:
        """All commands of one kind, with their times."""
        return [(at, item) for at, item in self.log if isinstance(item, kind)]

    def journal(self, kind: str) -> list[Journal]:
        return [item for _, item in self.log if isinstance(item, Journal) and item.kind == kind]

    # --- inside ---

    def _next_ms(self) -> int | None:
        self._forget_cancelled()
        due = [self._heap[0].at_ms] if self._heap else []
        if self._is_open and not self.call.is_over:
            if self._has_audio:
                due.append(self._next_frame_ms)
            if (wake_ms := self.call.wake_at()) is not None:
                due.append(max(wake_ms, self.now_ms))
        return max(min(due), self.now_ms) if due else None

    def _step(self, due_ms: int) -> None:
        self.now_ms = due_ms
        self._forget_cancelled()
        if self._heap and self._heap[0].at_ms <= due_ms:
            event = heapq.heappop(self._heap).event
            if isinstance(event, StreamEnded):
                self._is_open = False
            self.tell(event)
        elif self._has_audio and self._is_open and self._next_frame_ms <= due_ms:
            self._next_frame_ms += FRAME_MS
            frame = self._microphone.popleft() if self._microphone else silence(FRAME_MS)
            self.tell(FrameReceived(frame, self._is_speech(frame)))
        else:
            self.tell(Woken())

    def _forget_cancelled(self) -> None:
        while self._heap and self._heap[0].tag in self._is_cancelled:
            heapq.heappop(self._heap)

    def _is_quiet(self) -> bool:
        """Nothing is under way on either side of the line."""
        is_still = not self._heap and not self._microphone and not self.is_bot_sounding
        return is_still and self.call.is_waiting

    def _later(self, after_ms: int, event: Event, tag: tuple[str, int, int] | None = None) -> None:
        self._order += 1
        heapq.heappush(self._heap, _Due(self.now_ms + max(0, after_ms), self._order, event, tag))

    def _carry_out(self, command: Command) -> None:
        self.log.append((self.now_ms, command))
        match command:
            case SendAudio():
                self._play(command.samples)
            case SendMark():
                self._mark(command.name)
            case ClearPlayout():
                self._clear()
            case Synthesise():
                self._make_speech(command)
            case Recognise():
                self._make_text(command)
            case DiscardRecognition():
                self._is_cancelled.add(("recognise", command.turn, command.attempt))
            case Request():
                self._ask_business(command)
            case RingAgent():
                for after_ms, what in self._agent(command):
                    self._later(
                        after_ms, AgentLegChanged(command.attempt, what), ("agent", command.attempt, 0)
                    )
            case CancelAgent():
                self._is_cancelled.add(("agent", command.attempt, 0))
            case BridgeCaller():
                self._later(self.latencies.bridge_ms, CallerBridged())
                self._later(self.latencies.bridge_ms + 10, StreamEnded("moved"))
            case HangUp():
                self._is_open = False
            case _:
                pass

    def _play(self, samples: Samples) -> None:
        now = self.now_ms * SAMPLES_PER_MS
        start = max(now, self._line_end)
        # Pieces are kept by the millisecond; one that follows another keeps its exact place.
        last = self._played[-1] if self._played else None
        if last is not None and start == last.at_ms * SAMPLES_PER_MS + len(last.samples):
            self._played[-1] = Played(last.at_ms, np.concatenate([last.samples, samples]))
        else:
            self._played.append(Played(start // SAMPLES_PER_MS, samples))
        self._line_end = start + len(samples)

    def _mark(self, name: str) -> None:
        played_ms = max(0, -(-self._line_end // SAMPLES_PER_MS) - self.now_ms)
        self._later(played_ms + self.latencies.mark_ms, MarkReached(name))

    def _clear(self) -> None:
        self._played = self.played
        self._line_end = min(self._line_end, self.now_ms * SAMPLES_PER_MS)
        for due in self._heap:
            if isinstance(due.event, MarkReached):
                due.at_ms = min(due.at_ms, self.now_ms + self.latencies.mark_ms)
        heapq.heapify(self._heap)

    def _make_speech(self, command: Synthesise) -> None:
        try:
            samples = self._synthesise(command)
        except EngineError as error:
            self._later(self.latencies.synthesise_ms, SynthesisFailed(command.request_id, error.code))
            return
        self._later(self.latencies.synthesise_ms, SpeechReady(command.request_id, samples, is_last=True))

    def _make_text(self, command: Recognise) -> None:
        tag = ("recognise", command.turn, command.attempt)
        try:
            hearing = self._recognise(command)
        except EngineError as error:
            failed = RecognitionFailed(command.turn, command.attempt, error.code)
            self._later(self.latencies.recognise_ms, failed, tag)
            return
        self._later(self.latencies.recognise_ms, Heard(command.turn, command.attempt, hearing), tag)

    def _ask_business(self, command: Request) -> None:
        answer_ms = self.latencies.operations_ms.get(command.operation, self.latencies.request_ms)
        if answer_ms > command.timeout_ms:
            self._later(command.timeout_ms, RequestFailed(command.request_id, "timeout"))
            return
        try:
            result = self._perform(command)
        except BackOfficeError as error:
            self._later(answer_ms, RequestFailed(command.request_id, error.code))
            return
        self._later(answer_ms, RequestAnswered(command.request_id, result))
