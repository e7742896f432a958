"""What was sent to the caller, what the caller has heard, and what is still to come.

Theory of operation
-------------------
Prompts queue up; each receives its audio in parts. `pump` sends ahead of real time, but never
more than `lead_ms`: enough to ride out a hiccup, little enough that an interruption throws away
almost nothing. After every second of audio, and at the end of each prompt, a mark is sent; the
carrier echoes it when everything before it has been played.

Where the caller is, is known from two sides. *Time*: what is sent plays in real time, so the
position cannot be beyond what has been sent nor ahead of the clock. *Marks*: an echo proves that
the caller is at least there. A prompt counts as heard when its end mark is echoed; should the echo
never come, it counts as heard `mark_grace_ms` after it must have ended, and the code E-MEDIA-MARK
tells so.

An interruption (`clear`) makes the carrier forget what it has not played, and echo every
outstanding mark at once. Those echoes look like any other, so their names are remembered as *not
heard*. What was not heard stays here. It goes on (`resume`) when the caller turns out not to have
wanted the floor, from the last little silence before the cut, as a person would; or it is thrown
away (`drop`). Prompts that must be heard survive a `drop`.

Audio for a prompt that is no longer queued is ignored: nothing stale is ever played.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np

from voicebot.audio import FRAME_SAMPLES, SAMPLES_PER_MS, apply_gain, join
from voicebot.events import ClearPlayout, Command, Samples, SendAudio, SendMark

SEND_MS = 200
"""audio is sent in pieces of about this length"""
STEP_BACK_MS = 1500
"""a resumed prompt goes back at most this far to find a pause to begin at"""
REST_MS = 100
"""a prompt of which less is left counts as heard: it is not repeated for that"""
PAUSE_FRAMES = 3
PAUSE_LEVEL = 130
"""mean absolute sample below which a frame of a prompt is a pause, about -48 dB"""


@dataclass(slots=True, eq=False)
class _Prompt:
    id: int
    gain_db: float
    is_interruptible: bool
    parts: list[Samples] = field(default_factory=list)
    length: int = 0
    """samples received"""
    is_whole: bool = False
    """all parts have come"""
    sent: int = 0
    """samples sent and not cleared since"""
    heard: int = 0
    """samples the caller has heard for certain or very probably"""
    is_end_marked: bool = False

    def audio(self) -> Samples:
        if len(self.parts) > 1:
            self.parts = [join(self.parts)]
        return self.parts[0] if self.parts else np.zeros(0, dtype=np.int16)


@dataclass(frozen=True, slots=True)
class _Sent:
    """One piece that was sent: where it lies in its prompt and on the line."""

    prompt: _Prompt
    from_sample: int
    line_from: int
    line_to: int


@dataclass(frozen=True, slots=True)
class _Mark:
    prompt: _Prompt
    line_at: int
    is_end: bool
    overdue_ms: int
    """when its echo is given up"""


@dataclass(frozen=True, slots=True)
class Heard:
    """A prompt has been heard to its end."""

    prompt_id: int
    is_assumed: bool = False
    """its mark never came"""


class Playout:
    """The bot's voice on one line.

    The *line* is a count of samples: what has been sent since the call began, clears excluded.
    """

    def __init__(self, *, lead_ms: int = 1000, mark_every_ms: int = 1000, mark_grace_ms: int = 2000) -> None:
        self._lead = lead_ms * SAMPLES_PER_MS
        self._mark_every = mark_every_ms * SAMPLES_PER_MS
        self._mark_grace_ms = mark_grace_ms
        self._queue: deque[_Prompt] = deque()
        self._pieces: deque[_Sent] = deque()
        self._marks: dict[str, _Mark] = {}
        self._cleared_marks: set[str] = set()
        self._epoch = 0
        self._mark_number = 0
        self._since_mark = 0
        self._line_sent = 0
        self._anchor_line = 0
        self._anchor_ms = 0
        """at `_anchor_ms` the caller was at `_anchor_line`"""
        self._is_held = False
        self._last: _Prompt | None = None
        """the prompt queued last, kept for `heard_share` after it has ended"""

    # --- filling ---

    def begin(self, prompt_id: int, *, gain_db: float = 0.0, is_interruptible: bool = True) -> None:
        """Queue a prompt whose audio will come."""
        self._last = _Prompt(prompt_id, gain_db, is_interruptible)
        self._queue.append(self._last)

    def add(self, prompt_id: int, samples: Samples, *, is_last: bool) -> bool:
        """Take a part of a prompt's audio; False when the prompt is not wanted any more."""
        prompt = next((p for p in self._queue if p.id == prompt_id), None)
        if prompt is None or prompt.is_whole:
            return False
        if len(samples):
            prompt.parts.append(apply_gain(samples, prompt.gain_db))
            prompt.length += len(samples)
        prompt.is_whole = is_last
        return True

    def fail(self, prompt_id: int) -> bool:
        """No more audio will come for this prompt; what there is will be played."""
        return self.add(prompt_id, np.zeros(0, dtype=np.int16), is_last=True)

    # --- asking ---

    @property
    def is_held(self) -> bool:
        """Cleared, and waiting for `resume` or `drop`."""
        return self._is_held

    @property
    def is_idle(self) -> bool:
        """Everything queued has been heard."""
        return not self._queue

    @property
    def must_be_heard(self) -> bool:
        """A prompt that cannot be interrupted is queued or playing."""
        return any(not p.is_interruptible for p in self._queue)

    def is_sounding(self, now_ms: int) -> bool:
        """Is the caller hearing the bot at this moment, as far as time can tell?"""
        return self._position(now_ms) < self._line_sent

    def is_interruptible(self) -> bool:
        """May the caller stop what is playing now? True in silence."""
        return not self._queue or self._queue[0].is_interruptible

    def waiting_for(self) -> int | None:
        """Id of the prompt whose audio is missing while there is nothing else to play."""
        for prompt in self._queue:
            if prompt.sent < prompt.length:
                return None
            if not prompt.is_whole:
                return prompt.id
        return None

    def heard_share(self, now_ms: int) -> float:
        """How much of the prompt queued last the caller has heard, 0..1; 1 when there was none."""
        prompt = self._last
        if prompt is None:
            return 1.0
        self._settle_heard(now_ms)
        if not prompt.length:
            return 1.0 if prompt.is_whole else 0.0
        return min(1.0, prompt.heard / prompt.length)

    def due_ms(self, now_ms: int) -> int | None:
        """When `pump` or `tick` will have something to do, if nothing else happens."""
        if self._is_held or not self._queue:
            return None
        due: list[int] = []
        if self._has_more():
            ahead = self._line_sent - self._position(now_ms)
            room_at = max(0, ahead - self._lead + SEND_MS * SAMPLES_PER_MS)
            due.append(now_ms + -(-room_at // SAMPLES_PER_MS))
        if self._marks:
            due.append(min(m.overdue_ms for m in self._marks.values()))
        if (idle_at := self._sounding_until(now_ms)) is not None:
            due.append(idle_at)
        return max(now_ms, min(due)) if due else None

    # --- playing ---

    def pump(self, now_ms: int) -> list[Command]:
        """Send what should be on its way by now."""
        if self._is_held:
            return []
        commands: list[Command] = []
        position = self._position(now_ms)
        for prompt in list(self._queue):
            while prompt.sent < prompt.length:
                room = self._lead - (self._line_sent - position)
                left = prompt.length - prompt.sent
                size = min(left, max(room, 0), SEND_MS * SAMPLES_PER_MS)
                if size < min(left, SEND_MS * SAMPLES_PER_MS):
                    return commands
                if size < left:
                    size -= size % FRAME_SAMPLES
                self._send(prompt, size, commands, now_ms)
            if not prompt.is_whole:
                break
            if not prompt.is_end_marked:
                self._mark(prompt, commands, now_ms, is_end=True)
        return commands

    def mark_reached(self, name: str, now_ms: int) -> list[Heard]:
        """The carrier echoed a mark. Unknown, repeated and cleared ones change nothing."""
        if name in self._cleared_marks:
            self._cleared_marks.discard(name)
            return []
        mark = self._marks.get(name)
        if mark is None:
            return []
        self._anchor_line, self._anchor_ms = mark.line_at, now_ms
        self._settle_heard(now_ms)
        return self._pass(mark.line_at)

    def tick(self, now_ms: int) -> list[Heard]:
        """Let time pass: marks that are overdue count as reached."""
        late = [m.line_at for m in self._marks.values() if m.overdue_ms <= now_ms]
        return self._pass(max(late), is_assumed=True) if late else []

    def clear(self, now_ms: int) -> list[Command]:
        """Stop at once; keep what was not heard until `resume` or `drop` decides."""
        self._settle_heard(now_ms)
        self._is_held = True
        is_on_line = bool(self._pieces or self._marks)
        self._cleared_marks |= set(self._marks)
        self._marks.clear()
        self._pieces.clear()
        self._epoch += 1
        self._since_mark = 0
        self._line_sent = self._anchor_line = min(self._position(now_ms), self._line_sent)
        self._anchor_ms = now_ms
        for prompt in self._queue:
            prompt.sent = prompt.heard
            prompt.is_end_marked = False
        return [ClearPlayout()] if is_on_line else []

    def resume(self) -> None:
        """The caller did not want the floor: go on, from the last pause before the cut."""
        self._is_held = False
        for prompt in self._queue:
            if prompt.heard and prompt.length - prompt.heard > REST_MS * SAMPLES_PER_MS:
                prompt.sent = _pause_before(prompt.audio(), prompt.heard)
                prompt.heard = prompt.sent

    def drop(self, *, with_must_hear: bool = False, up_to: int | None = None) -> None:
        """Throw away what is queued, up to the first prompt that must be heard; go on with the rest.

        with_must_hear: throw that away too; somebody urgent is more important.
        up_to: keep prompts with a higher id.
        Call `clear` first when something is on the line.
        """
        while self._queue:
            first = self._queue[0]
            if not (with_must_hear or first.is_interruptible) or (up_to is not None and first.id > up_to):
                break
            self._queue.popleft()
        if self._is_held:
            self.resume()

    # --- inside ---

    def _has_more(self) -> bool:
        for prompt in self._queue:
            if prompt.sent < prompt.length:
                return True
            if not prompt.is_whole:
                return False
            if not prompt.is_end_marked:
                return True
        return False

    def _position(self, now_ms: int) -> int:
        played = self._anchor_line + max(0, now_ms - self._anchor_ms) * SAMPLES_PER_MS
        return min(self._line_sent, played)

    def _instant_of(self, line: int) -> int:
        return self._anchor_ms - (-(line - self._anchor_line) // SAMPLES_PER_MS)

    def _sounding_until(self, now_ms: int) -> int | None:
        at_ms = self._instant_of(self._line_sent)
        return at_ms if at_ms > now_ms else None

    def _send(self, prompt: _Prompt, size: int, commands: list[Command], now_ms: int) -> None:
        if self._position(now_ms) >= self._line_sent:
            self._anchor_line, self._anchor_ms = self._line_sent, now_ms
        piece = prompt.audio()[prompt.sent : prompt.sent + size]
        commands.append(SendAudio(piece))
        self._pieces.append(_Sent(prompt, prompt.sent, self._line_sent, self._line_sent + size))
        prompt.sent += size
        self._line_sent += size
        self._since_mark += size
        if self._since_mark >= self._mark_every:
            self._mark(prompt, commands, now_ms, is_end=False)

    def _mark(self, prompt: _Prompt, commands: list[Command], now_ms: int, *, is_end: bool) -> None:
        self._mark_number += 1
        name = f"{prompt.id}.{self._epoch}.{self._mark_number}"
        played_ms = max(now_ms, self._instant_of(self._line_sent))
        self._marks[name] = _Mark(prompt, self._line_sent, is_end, played_ms + self._mark_grace_ms)
        self._since_mark = 0
        prompt.is_end_marked = prompt.is_end_marked or is_end
        commands.append(SendMark(name))

    def _settle_heard(self, now_ms: int) -> None:
        position = self._position(now_ms)
        for piece in self._pieces:
            if piece.line_from >= position:
                break
            heard = piece.from_sample + min(position, piece.line_to) - piece.line_from
            piece.prompt.heard = max(piece.prompt.heard, heard)
        while self._pieces and self._pieces[0].line_to <= position:
            self._pieces.popleft()

    def _pass(self, line_at: int, *, is_assumed: bool = False) -> list[Heard]:
        """Everything up to this place of the line has been heard."""
        heard: list[Heard] = []
        for name in [n for n, m in self._marks.items() if m.line_at <= line_at]:
            mark = self._marks.pop(name)
            if mark.is_end and mark.prompt in self._queue:
                mark.prompt.heard = mark.prompt.length
                self._queue.remove(mark.prompt)
                heard.append(Heard(mark.prompt.id, is_assumed))
        return heard


def _pause_before(audio: Samples, position: int) -> int:
    """The end of the last little silence before a place, or a frame boundary a moment before it."""
    step_back = STEP_BACK_MS * SAMPLES_PER_MS
    first = max(0, position - step_back)
    window = audio[first:position]
    whole = len(window) // FRAME_SAMPLES
    if whole:
        framed = window[: whole * FRAME_SAMPLES].astype(np.float32).reshape(whole, FRAME_SAMPLES)
        is_quiet = np.abs(framed).mean(axis=1) < PAUSE_LEVEL
        for end in range(whole, PAUSE_FRAMES - 1, -1):
            if is_quiet[end - PAUSE_FRAMES : end].all():
                return first + (end - 1) * FRAME_SAMPLES
    if first == 0:
        return 0
    return max(0, position - 300 * SAMPLES_PER_MS)
