"""Writes one call to disk as it happens: events.jsonl, caller.wav, bot.wav.

Theory of operation
-------------------
`write_event` and `write_commands` only put their arguments into a queue: the call never waits for
a disk. One thread per recording takes them out in order, makes rows (format: `eventlog.py`) and
writes audio at the place in the file that belongs to its time, so that a gap is silence. Four times
a second everything is handed to the operating system and the WAV sizes are mended: killed at any
moment, a recording is readable and lacks at most that quarter of a second. The queue is bounded; a
disk that falls behind loses rows, which is counted and written down, never the call.

*caller.wav* holds frames at the time they arrived. Frames come a little early or late; they are laid
end to end, and only a lack of more than 100 ms counts as a gap. The rows of kind `frames` keep the
exact times.

*bot.wav* holds what the caller heard: audio sent early waits, as it does at the carrier, and what
was cleared is not in it.

*Secrets.* From the moment a secret question opens until the next question opens, the caller's audio
is silence, keys and hearings are dots, and what was keyed or heard meanwhile is masked wherever it
appears later: in requests, in slots, in prompts that read it back, whose audio is silence too.

One recorder belongs to one call. Its methods may be called from one thread only, the driver's.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from voicebot import eventlog
from voicebot.audio import SAMPLES_PER_MS
from voicebot.errors import ConfigError
from voicebot.events import (
    ClearPlayout,
    Command,
    Event,
    FrameReceived,
    Heard,
    Hearing,
    Journal,
    KeyPressed,
    Samples,
    SendAudio,
    SpeechReady,
    Synthesise,
    SynthesisFailed,
    TextTyped,
)
from voicebot.masking import DOT, Masker
from voicebot.wav import HEADER_BYTES, wav_header

log = logging.getLogger("voicebot.recorder")

EVENTS_FILE, CALLER_FILE, BOT_FILE = "events.jsonl", "caller.wav", "bot.wav"
FLUSH_S = 0.25
QUEUE_ITEMS = 20_000
"""about six minutes of a stuck disk"""
GAP_SAMPLES = 100 * SAMPLES_PER_MS
FRAMES_A_ROW = 50
CLOSE_S = 5.0


@dataclass(frozen=True, slots=True)
class RecordingHeader:
    """What must be known to understand and repeat a call."""

    line: str
    """dialplan"""
    checksum: str
    """of the dialplan: names its version"""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """those that change what happens in a call; never secrets"""
    engines: Mapping[str, str] = field(default_factory=dict)
    """part -> name and version, such as recogniser: whisper-base 1.2.1"""

    def row(self) -> eventlog.Row:
        return {
            "format": eventlog.FORMAT,
            "version": eventlog.VERSION,
            "line": self.line,
            "checksum": self.checksum,
            "settings": eventlog.plain(self.settings),
            "engines": dict(self.engines),
        }


@dataclass(frozen=True, slots=True)
class _Happened:
    at_ms: int
    event: Event


@dataclass(frozen=True, slots=True)
class _Ordered:
    at_ms: int
    commands: Sequence[Command]


class Recorder:
    """The recording of one call, in a folder of its own."""

    def __init__(self, folder: Path, header: RecordingHeader) -> None:
        """Start recording; the folder is made. Raises ConfigError when it cannot be."""
        self.folder = folder
        self._queue: queue.Queue[_Happened | _Ordered | None] = queue.Queue(QUEUE_ITEMS)
        self._lost = 0
        self._is_closed = False
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._scribe = _Scribe(folder, header)
        except OSError as error:
            raise ConfigError(
                f"recordings cannot be written: {error.strerror}",
                code="E-REC-OPEN",
                remedy="Make the recordings folder writable, or switch recording off.",
            ) from error
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    def write_event(self, at_ms: int, event: Event) -> None:
        """Note that this happened; at_ms: ms since the call began. Returns at once."""
        self._put(_Happened(at_ms, event))

    def write_commands(self, at_ms: int, commands: Sequence[Command]) -> None:
        """Note what the call ordered, in order. Returns at once."""
        if commands:
            self._put(_Ordered(at_ms, tuple(commands)))

    def close(self) -> None:
        """Write what is left and free thread and files; a second time does nothing.

        Waits for the disk: milliseconds as a rule, at most five seconds.
        """
        if self._is_closed:
            return
        self._is_closed = True
        try:
            self._queue.put(None, timeout=CLOSE_S)
        except queue.Full:
            log.error("E-REC-DISK the disk does not take the recording; its end is missing.")
            return
        self._thread.join(CLOSE_S)

    def _put(self, item: _Happened | _Ordered) -> None:
        if self._is_closed:
            return
        try:
            self._queue.put_nowait(item)
        except queue.Full:
            self._lost += 1

    def _run(self) -> None:
        try:
            self._write_all()
        except OSError as error:
            log.error("E-REC-DISK recording stopped: %s. Free space on the recordings disk.", error.strerror)
            while self._queue.get() is not None:
                pass
        finally:
            self._scribe.close()

    def _write_all(self) -> None:
        flushed_s = time.monotonic()
        while True:
            try:
                item = self._queue.get(timeout=FLUSH_S)
            except queue.Empty:
                self._scribe.flush()
                continue
            if item is None:
                self._scribe.finish()
                return
            if self._lost:
                lost, self._lost = self._lost, 0
                self._scribe.lost(item.at_ms, lost)
            if isinstance(item, _Happened):
                self._scribe.happened(item.at_ms, item.event)
            else:
                self._scribe.ordered(item.at_ms, item.commands)
            if time.monotonic() - flushed_s > FLUSH_S:
                self._scribe.flush()
                flushed_s = time.monotonic()


class _Scribe:
    """Turns what happened into rows and sound. Lives in the recording's own thread."""

    def __init__(self, folder: Path, header: RecordingHeader) -> None:
        self._rows = (folder / EVENTS_FILE).open("w", encoding="utf-8")
        self._caller = _WavFile(folder / CALLER_FILE)
        self._bot = _WavFile(folder / BOT_FILE)
        self._heard = HeardAudio()
        self._masker = Masker()
        self._secret_prompts: set[int] = set()
        self._is_secret_playing = False
        self._next_sample = 0
        self._frames: list[int] = []
        self._speech: list[str] = []
        self._first_sample = 0
        self._last_ms = 0
        self._rows.write(eventlog.line(header.row()))
        self.flush()

    # --- what comes ---

    def happened(self, at_ms: int, event: Event) -> None:
        self._last_ms = max(self._last_ms, at_ms)
        if isinstance(event, FrameReceived):
            self._frame(at_ms, event)
            return
        self._end_frames()
        self._write(eventlog.event_row(at_ms, self._without_secrets(event)))

    def ordered(self, at_ms: int, commands: Sequence[Command]) -> None:
        self._last_ms = max(self._last_ms, at_ms)
        for command in commands:
            if isinstance(command, Journal) and "is_secret" in command.data and command.kind == "question":
                self._masker.question(is_secret=bool(command.data["is_secret"]))
            if isinstance(command, SendAudio):
                hidden = bool(self._secret_prompts) or self._is_secret_playing
                self._heard.send(at_ms, np.zeros_like(command.samples) if hidden else command.samples)
            elif isinstance(command, ClearPlayout):
                self._heard.clear(at_ms)
            elif isinstance(command, Synthesise):
                self._before_prompt(at_ms, command)
            self._write(eventlog.command_row(at_ms, command))

    def lost(self, at_ms: int, count: int) -> None:
        self._end_frames()
        self._write({"at_ms": at_ms, "lost": count})

    def flush(self) -> None:
        """Hand everything to the operating system."""
        self._write_heard()
        self._rows.flush()
        self._caller.flush()
        self._bot.flush()

    def finish(self) -> None:
        """The call is over: both sounds end together."""
        self._end_frames()
        self.flush()
        end = max(self._caller.end, self._bot.end, 0)
        for sound in (self._caller, self._bot):
            if sound.end < end:
                sound.write(end - 1, np.zeros(1, dtype=np.int16))
        self.flush()

    def close(self) -> None:
        for file in (self._rows, self._caller, self._bot):
            try:
                file.close()
            except OSError:
                log.error("E-REC-DISK a recording could not be closed.")

    # --- inside ---

    def _frame(self, at_ms: int, event: FrameReceived) -> None:
        place = at_ms * SAMPLES_PER_MS
        if place - self._next_sample > GAP_SAMPLES:
            self._end_frames()
            self._next_sample = place
        if not self._frames:
            self._first_sample = self._next_sample
        samples = event.samples
        self._caller.write(self._next_sample, np.zeros_like(samples) if self._masker.is_open else samples)
        self._next_sample += len(samples)
        self._frames.append(at_ms)
        self._speech.append("1" if event.is_speech else "0")
        if len(self._frames) >= FRAMES_A_ROW:
            self._end_frames()

    def _end_frames(self) -> None:
        if self._frames:
            self._write(
                {
                    "at_ms": self._frames[0],
                    "frames": {
                        "sample": self._first_sample,
                        "arrived_ms": self._frames,
                        "speech": "".join(self._speech),
                    },
                }
            )
            self._frames, self._speech = [], []

    def _write_heard(self) -> None:
        for place, samples in self._heard.take(self._last_ms):
            self._bot.write(place, samples)

    def _before_prompt(self, at_ms: int, command: Synthesise) -> None:
        """From here on the bot's voice is hidden, or may be heard again.

        Sound does not tell which prompt it belongs to, and an interrupted prompt may go on later. So
        the voice stays hidden until another prompt is begun on a quiet line: rather too much than a digit.
        """
        if self._masker.hides(command.text):
            self._secret_prompts.add(command.request_id)
            return
        self._write_heard()
        if self._heard.is_empty and not self._secret_prompts:
            self._is_secret_playing = False

    def _without_secrets(self, event: Event) -> Event:
        if isinstance(event, SpeechReady | SynthesisFailed):
            is_over = isinstance(event, SynthesisFailed) or event.is_last
            if is_over and event.request_id in self._secret_prompts:
                self._secret_prompts.discard(event.request_id)
                self._is_secret_playing = True
        elif isinstance(event, KeyPressed):
            return KeyPressed(self._masker.key(event.key))
        elif isinstance(event, Heard | TextTyped) and self._masker.is_open:
            hearing = event.hearing
            for text in (hearing.text, *(a.text for a in (*hearing.alternatives, *hearing.digits))):
                self._masker.learn(text)
            hidden = Hearing(
                DOT * 3 if hearing.text else "", language=hearing.language, took_ms=hearing.took_ms
            )
            return replace(event, hearing=hidden)
        return event

    def _write(self, row: eventlog.Row) -> None:
        self._rows.write(eventlog.line(self._masker.mask(row)))


class HeardAudio:
    """What the caller has heard of the audio sent: the carrier's queue, by the clock.

    Places are samples since the call began. Pure; used for bot.wav.
    """

    def __init__(self) -> None:
        self._pieces: deque[tuple[int, Samples]] = deque()
        self._end = 0

    @property
    def is_empty(self) -> bool:
        return not self._pieces

    def send(self, at_ms: int, samples: Samples) -> None:
        """Audio was sent: it plays now, or after what is already playing."""
        start = max(self._end, at_ms * SAMPLES_PER_MS)
        self._pieces.append((start, samples))
        self._end = start + len(samples)

    def clear(self, at_ms: int) -> None:
        """What has not been played by now never will be."""
        now = at_ms * SAMPLES_PER_MS
        kept = [(start, piece[: max(0, now - start)]) for start, piece in self._pieces if start < now]
        self._pieces = deque(kept)
        self._end = min(self._end, now)

    def take(self, until_ms: int) -> list[tuple[int, Samples]]:
        """What was heard before this instant and not taken yet, with its places."""
        until = until_ms * SAMPLES_PER_MS
        taken: list[tuple[int, Samples]] = []
        while self._pieces and self._pieces[0][0] < until:
            start, piece = self._pieces.popleft()
            heard = until - start
            taken.append((start, piece[:heard]))
            if len(piece) > heard:
                self._pieces.appendleft((until, piece[heard:]))
        return taken


class _WavFile:
    """A growing 16-bit mono WAV file that is whole after every `flush`."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb", buffering=64 * 1024)
        self.end = 0
        """samples, gaps included"""
        self._file.write(wav_header(0))

    def write(self, place: int, samples: Samples) -> None:
        """Put samples at their place; what lies between is silence."""
        self._file.seek(HEADER_BYTES + 2 * place)
        self._file.write(samples.astype("<i2").tobytes())
        self.end = max(self.end, place + len(samples))

    def flush(self) -> None:
        self._file.seek(0)
        self._file.write(wav_header(2 * self.end))
        self._file.flush()

    def close(self) -> None:
        self._file.close()
