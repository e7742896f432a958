"""When the caller speaks, pauses, has finished, wants the floor, or says nothing.

Theory of operation
-------------------
The detector gives an opinion for every 20 ms frame. It is easily fooled by steady noise, so a
frame counts as *voiced* only if it is also louder than the line: 6 dB above the noise floor, the
level that the quietest tenth of the last five seconds stays below. Within an utterance a voiced
frame must also be no more than 14 dB softer than the caller has been so far: the television in
the next room does not keep an utterance open.

    quiet --120 ms voiced within 200 ms--> speaking --240 ms quiet--> pausing --silence_ms--> quiet
                                              ^                          |
                                              +------60 ms voiced--------+

*Start.* 120 ms of voice within 200 ms: a click is not speech, 「对」 is. The 300 ms before it
belong to the utterance, so that its first syllable is not lost.

*Pause.* After 240 ms of quiet the utterance so far is offered for recognition. If the caller goes
on, the answer is thrown away; if not, it is ready when the silence time is over, and the caller
does not wait for the recogniser. A single loud frame does not end a pause: 60 ms of voice do.

*End.* The silence time belongs to the open question: a yes needs less patience than an order
number read from a slip of paper. Whoever understands the partial hearing may end the utterance at
once (`complete`) or ask for patience (`hold_off`, up to 1.5 s more). 28 s is the most a recogniser
takes: there the utterance is cut. If frames stop coming, time itself ends the utterance.

*Floor.* Over a prompt, 280 ms of voice within 600 ms, 10 dB above the noise floor, is a caller who
wants the floor: `BargeIn`. Commercial systems use 250 to 500 ms. Shorter speech is still heard and
judged by what was said.

*Patience.* `expect_by` sets the instant at which silence becomes an answer. Speech suspends it.

Time is counted in frames, since audio may arrive in bursts; instants of the call are `now_ms` of
the frame. Nothing here reads a clock.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np

from voicebot.audio import FRAME_MS, QUIETEST_DB, join, level_db
from voicebot.events import Samples


@dataclass(frozen=True, slots=True)
class TurnSettings:
    """The numbers of turn taking; all can be tuned without touching the rules."""

    start_ms: int = 120
    """voice within `start_within_ms` that begins an utterance"""
    start_within_ms: int = 200
    pre_roll_ms: int = 300
    """audio kept from before the first voiced frame"""
    post_roll_ms: int = 300
    """quiet kept after the last voiced frame"""
    pause_ms: int = 240
    """quiet after which the utterance so far is offered for recognition"""
    resume_ms: int = 60
    """voice that ends a pause"""
    silence_ms: int = 700
    """quiet that ends an utterance while no question is open"""
    most_hold_off_ms: int = 1500
    """the most patience added for an unfinished sentence"""
    most_grace_ms: int = 2000
    """the most that noises put off the end of the caller's time to answer"""
    longest_ms: int = 28_000
    """an utterance is cut here: the recogniser takes 30 s"""
    floor_ms: int = 280
    """loud voice within `floor_within_ms` that takes the floor from the bot"""
    floor_within_ms: int = 600
    margin_db: float = 6.0
    """voice against the noise floor"""
    floor_margin_db: float = 10.0
    """voice against the noise floor, to interrupt the bot"""
    below_own_level_db: float = 14.0
    """voice may be this much softer than the caller's level in this utterance"""
    quietest_floor_db: float = -62.0
    """a line is never taken to be quieter than this"""
    floor_history_ms: int = 5000
    stall_ms: int = 400
    """frames are this late before time itself ends an utterance"""


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """An utterance has begun."""

    began_ms: int
    """instant of its first voiced frame"""


@dataclass(frozen=True, slots=True)
class Paused:
    """The caller may have finished: a good moment to recognise ahead."""

    samples: Samples


@dataclass(frozen=True, slots=True)
class Resumed:
    """The caller went on after `Paused`; what was recognised ahead is stale."""


@dataclass(frozen=True, slots=True)
class UtteranceEnded:
    samples: Samples
    """pre-roll, speech and a little quiet at the end"""
    speech_ms: int
    """voiced time"""
    level_db: float
    """mean level of the voiced frames"""
    began_ms: int
    last_sound_ms: int
    """instant of the last voiced frame"""
    is_as_paused: bool = False
    """nothing was said since the last `Paused`: its recognition holds"""
    is_cut: bool = False
    """ended by its length"""


@dataclass(frozen=True, slots=True)
class BargeIn:
    """The caller wants the floor while the bot is speaking."""

    at_ms: int


@dataclass(frozen=True, slots=True)
class NoInput:
    """The caller's time to answer has passed in silence."""


TurnEvent = SpeechStarted | Paused | Resumed | UtteranceEnded | BargeIn | NoInput


@dataclass(slots=True)
class _Utterance:
    """The utterance in progress."""

    began_ms: int
    last_sound_ms: int
    frames: list[Samples] = field(default_factory=list)
    voiced: int = 0
    """frames"""
    power: float = 0.0
    """sum over voiced frames; 1.0 is full scale"""
    quiet: int = 0
    """frames since the last voiced one"""
    run: int = 0
    """voiced frames in a row, within a pause"""
    is_paused: bool = False
    has_barged_in: bool = False
    hold_off_ms: int = 0

    def level_db(self) -> float:
        if not self.voiced or self.power <= 0:
            return QUIETEST_DB
        return float(10 * np.log10(self.power / self.voiced))


def _frames(for_ms: int) -> int:
    return for_ms // FRAME_MS


class TurnTaker:
    """The caller's side of turn taking, for one call."""

    def __init__(self, settings: TurnSettings | None = None) -> None:
        self.settings = settings or TurnSettings()
        s = self.settings
        self._silence_ms = s.silence_ms
        self._answer_by_ms: int | None = None
        self._longest_wait_ms = 0
        self._utterance: _Utterance | None = None
        self._levels: deque[float] = deque(maxlen=_frames(s.floor_history_ms))
        self._recent: deque[tuple[Samples, bool, float]] = deque(
            maxlen=_frames(s.pre_roll_ms + s.start_within_ms)
        )
        """frames of no utterance yet: samples, is_voiced, level"""
        self._loud: deque[bool] = deque(maxlen=_frames(s.floor_within_ms))
        self._last_frame_ms = 0

    # --- what the call tells ---

    def patience(self, silence_ms: int) -> None:
        """The open question's silence time; holds for an utterance in progress too."""
        self._silence_ms = silence_ms

    def expect_by(self, at_ms: int | None) -> None:
        """The caller should have begun to answer by then; None: nobody is waiting."""
        self._answer_by_ms = at_ms
        self._longest_wait_ms = (at_ms or 0) + self.settings.most_grace_ms

    def expect_again(self, at_ms: int) -> None:
        """What was heard was nothing: the wait goes on, a little longer if need be.

        Noise again and again does not put off the end of the wait for ever.
        """
        if self._answer_by_ms is not None:
            self._answer_by_ms = max(self._answer_by_ms, min(at_ms, self._longest_wait_ms))

    def hold_off(self, for_ms: int) -> None:
        """The sentence plainly goes on: wait longer for the rest of it, this pause only."""
        if self._utterance is not None:
            most_ms = self.settings.most_hold_off_ms
            self._utterance.hold_off_ms = min(most_ms, self._utterance.hold_off_ms + max(0, for_ms))

    def complete(self) -> UtteranceEnded | None:
        """What was heard up to the last pause answers everything: end the utterance now.

        None when the caller has gone on speaking, or is not speaking.
        """
        utterance = self._utterance
        if utterance is None or not utterance.is_paused:
            return None
        return self._end(utterance)

    def abandon(self) -> None:
        """Drop the utterance in progress: a key was pressed, and keys win."""
        self._utterance = None
        self._loud.clear()
        self._recent.clear()

    # --- what the call asks ---

    @property
    def is_speaking(self) -> bool:
        """An utterance is in progress, pauses included."""
        return self._utterance is not None

    @property
    def is_expecting(self) -> bool:
        return self._answer_by_ms is not None

    def noise_floor_db(self) -> float:
        """The level the quietest tenth of the last seconds stays below."""
        quietest_db = self.settings.quietest_floor_db
        if len(self._levels) < 10:
            return quietest_db
        levels = np.fromiter(self._levels, dtype=np.float32)
        return max(quietest_db, float(np.partition(levels, len(levels) // 10)[len(levels) // 10]))

    def due_ms(self) -> int | None:
        """When time alone will change something."""
        if self._utterance is not None:
            return self._last_frame_ms + self._needed_ms(self._utterance) + self.settings.stall_ms
        return self._answer_by_ms

    # --- what happens ---

    def frame(
        self, samples: Samples, is_speech: bool, now_ms: int, *, is_bot_speaking: bool = False
    ) -> list[TurnEvent]:
        """Take 20 ms of caller audio with the detector's opinion."""
        s = self.settings
        level = level_db(samples)
        self._levels.append(level)
        above_db = level - self.noise_floor_db() if is_speech else 0.0
        self._loud.append(is_speech and above_db >= s.floor_margin_db)
        self._last_frame_ms = now_ms
        is_voiced = is_speech and above_db >= s.margin_db
        events: list[TurnEvent] = []
        if self._utterance is None:
            self._recent.append((samples, is_voiced, level))
            if is_voiced:
                self._maybe_start(now_ms, events)
        else:
            self._go_on(self._utterance, samples, is_voiced, level, now_ms, events)
        utterance = self._utterance
        if (
            utterance is not None
            and is_bot_speaking
            and not utterance.has_barged_in
            and sum(self._loud) >= _frames(s.floor_ms)
        ):
            utterance.has_barged_in = True
            events.append(BargeIn(now_ms))
        return events

    def tick(self, now_ms: int) -> list[TurnEvent]:
        """Let time pass without audio."""
        due_ms = self.due_ms()
        if due_ms is None or now_ms < due_ms:
            return []
        if self._utterance is not None:
            return [self._end(self._utterance)]
        self._answer_by_ms = None
        return [NoInput()]

    # --- rules ---

    def _maybe_start(self, now_ms: int, events: list[TurnEvent]) -> None:
        s = self.settings
        recent = list(self._recent)
        window = recent[-_frames(s.start_within_ms) :]
        if sum(voiced for _, voiced, _ in window) < _frames(s.start_ms):
            return
        first = len(recent) - len(window) + next(i for i, (_, voiced, _) in enumerate(window) if voiced)
        began_ms = now_ms - (len(recent) - 1 - first) * FRAME_MS
        utterance = _Utterance(began_ms, now_ms)
        utterance.frames = [f for f, _, _ in recent[max(0, first - _frames(s.pre_roll_ms)) :]]
        for _, voiced, level in window:
            if voiced:
                utterance.voiced += 1
                utterance.power += 10 ** (level / 10)
        self._utterance = utterance
        self._recent.clear()
        events.append(SpeechStarted(began_ms))

    def _go_on(
        self,
        utterance: _Utterance,
        samples: Samples,
        is_voiced: bool,
        level: float,
        now_ms: int,
        events: list[TurnEvent],
    ) -> None:
        s = self.settings
        utterance.frames.append(samples)
        if is_voiced and level >= utterance.level_db() - s.below_own_level_db:
            utterance.run += 1
            if utterance.quiet == 0 or utterance.run >= _frames(s.resume_ms):
                self._sound(utterance, level, now_ms, events)
            else:
                utterance.quiet += 1
        else:
            utterance.run = 0
            utterance.quiet += 1
        quiet_ms = utterance.quiet * FRAME_MS
        if len(utterance.frames) * FRAME_MS >= s.longest_ms:
            events.append(self._end(utterance, is_cut=True))
        elif quiet_ms >= self._needed_ms(utterance):
            events.append(self._end(utterance))
        elif quiet_ms >= s.pause_ms and not utterance.is_paused:
            utterance.is_paused = True
            events.append(Paused(self._audio(utterance)))

    def _sound(self, utterance: _Utterance, level: float, now_ms: int, events: list[TurnEvent]) -> None:
        utterance.voiced += 1 if utterance.quiet == 0 else utterance.run
        utterance.power += 10 ** (level / 10) * (1 if utterance.quiet == 0 else utterance.run)
        utterance.quiet = 0
        utterance.last_sound_ms = now_ms
        if utterance.is_paused:
            utterance.is_paused = False
            utterance.hold_off_ms = 0
            events.append(Resumed())

    def _needed_ms(self, utterance: _Utterance) -> int:
        return self._silence_ms + utterance.hold_off_ms

    def _audio(self, utterance: _Utterance) -> Samples:
        extra = max(0, utterance.quiet - _frames(self.settings.post_roll_ms))
        return join(utterance.frames[: len(utterance.frames) - extra])

    def _end(self, utterance: _Utterance, *, is_cut: bool = False) -> UtteranceEnded:
        self._utterance = None
        self._loud.clear()
        return UtteranceEnded(
            samples=self._audio(utterance),
            speech_ms=utterance.voiced * FRAME_MS,
            level_db=utterance.level_db(),
            began_ms=utterance.began_ms,
            last_sound_ms=utterance.last_sound_ms,
            is_as_paused=utterance.is_paused,
            is_cut=is_cut,
        )
