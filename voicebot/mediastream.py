"""The carrier's media messages <-> events (Twilio Media Streams).

Theory of operation
-------------------
The carrier sends JSON text messages: `connected`, `start`, then `media`, `dtmf` and `mark`,
last `stop`. `MediaStream.parse` takes one message and never raises: what it cannot use becomes
a `Problem` with a stable code, and the stream goes on. Unknown events and keys are ignored, as
the carrier's rules demand.

Audio arrives in messages of any size and leaves as whole 20 ms frames. Three things are mended:

*Order.* `media.chunk` counts audio messages. One that is ahead of its turn waits until the
missing one comes, or until three are waiting; then the missing one is given up. One that comes
after that is dropped: its time has passed. Streams in order are never delayed. A carrier whose numbers
do not count up at all is taken as it comes.

*Gaps.* `media.timestamp` is the time of the first sample. When audio is missing, silence takes
its place, so that 300 ms of loss still are 300 ms to whoever counts the caller's pauses. A gap
longer than 3 s is shortened to 3 s: nobody waits for the rest.

*Repetition.* A fault that comes with every message is told the 1st, 10th, 100th ... time.

Outgoing messages carry exactly the allowed keys: with one more, or one less, the carrier drops
the message.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from voicebot.audio import RATE_HZ, SAMPLES_PER_MS, FrameCutter, decode_mulaw, encode_mulaw, silence
from voicebot.events import ClearPlayout, KeyPressed, MarkReached, Samples, SendAudio, SendMark

KEYS = frozenset("0123456789*#")
EXTRA_KEYS = frozenset("ABCD")
"""tones that exist but that no telephone has: ignored without a word"""
MOST_WAITING = 3
"""audio messages held back while one before them is missing"""
JITTER_MS = 40
"""time stamps that differ by less are contiguous audio"""
LONGEST_FILL_MS = 3000
LONGEST_PAYLOAD_BYTES = 60 * RATE_HZ
"""a minute in one message is a mistake or an attack"""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something the carrier did that it should not have; the call goes on."""

    code: str
    detail: str
    """what happened, without any content of the call"""
    count: int = 1
    """how often it has happened in this stream"""

    def __str__(self) -> str:
        return f"{self.code} count={self.count}: {self.detail}"


@dataclass(frozen=True, slots=True)
class StreamStart:
    """What the `start` message tells."""

    stream_id: str
    call_id: str
    account_id: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Parsed:
    """What one message means. The driver asks the speech detector about each frame."""

    frames: tuple[Samples, ...] = ()
    """int16, shape (160,) each, oldest first"""
    events: tuple[KeyPressed | MarkReached, ...] = ()
    problems: tuple[Problem, ...] = ()
    started: StreamStart | None = None
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class _Chunk:
    number: int | None
    at_ms: int | None
    samples: Samples


class MediaStream:
    """One media connection, from its first message to its last."""

    def __init__(self) -> None:
        self._start: StreamStart | None = None
        self._is_stopped = False
        self._cutter = FrameCutter()
        self._next_chunk: int | None = None
        self._waiting: dict[int, _Chunk] = {}
        self._late_in_a_row = 0
        self._are_numbers_true = True
        self._first_ms: int | None = None
        self._samples = 0
        """given out since the first time stamp, silence included"""
        self._frames: list[Samples] = []
        self._problems: list[Problem] = []
        self._faults: Counter[str] = Counter()

    def parse(self, message: str | bytes) -> Parsed:
        """Understand one message. Never raises."""
        parsed = self._parse(message)
        frames, self._frames = tuple(self._frames), []
        problems, self._problems = tuple(self._problems), []
        return Parsed(frames, parsed.events, problems, parsed.started, parsed.stopped)

    def close(self) -> Parsed:
        """The connection is gone, with or without a `stop`; gives out what was still held back."""
        if self._start is not None and not self._is_stopped:
            self._blame("E-MEDIA-NO-STOP", "the connection closed without a stop message")
        self._finish()
        frames, self._frames = tuple(self._frames), []
        problems, self._problems = tuple(self._problems), []
        return Parsed(frames, problems=problems, stopped=True)

    # --- messages ---

    def _parse(self, message: str | bytes) -> Parsed:
        if isinstance(message, (bytes, bytearray, memoryview)):
            return self._blame("E-MEDIA-BINARY", "a binary message; only JSON text is allowed")
        try:
            body = json.loads(message)
        except (ValueError, RecursionError):
            return self._blame("E-MEDIA-JSON", "a message that is not JSON")
        if not isinstance(body, dict) or not isinstance(body.get("event"), str):
            return self._blame("E-MEDIA-JSON", "a message without an event name")
        event = body["event"]
        if event not in ("start", "media", "dtmf", "mark", "stop"):
            return Parsed()
        if self._is_stopped:
            return self._blame("E-MEDIA-AFTER-STOP", f"{event} after stop")
        if event == "start":
            return self._on_start(body)
        if self._start is None:
            return self._blame("E-MEDIA-EARLY", f"{event} before start")
        if body.get("streamSid", self._start.stream_id) != self._start.stream_id:
            return self._blame("E-MEDIA-STREAM", f"{event} of another stream")
        if event == "stop":
            self._finish()
            return Parsed(stopped=True)
        inner = body.get(event)
        if not isinstance(inner, dict):
            return self._blame("E-MEDIA-FIELD", f"{event} without its object")
        if event == "media":
            return self._on_media(inner)
        if event == "dtmf":
            return self._on_key(inner)
        name = inner.get("name")
        if not isinstance(name, str):
            return self._blame("E-MEDIA-FIELD", "mark without a name")
        return Parsed(events=(MarkReached(name),))

    def _on_start(self, body: dict[str, Any]) -> Parsed:
        if self._start is not None:
            return self._blame("E-MEDIA-SECOND-START", "a second start in one connection; ignored")
        inner = body.get("start")
        if not isinstance(inner, dict):
            return self._blame("E-MEDIA-FIELD", "start without its object")
        stream_id = inner.get("streamSid", body.get("streamSid"))
        call_id = inner.get("callSid")
        if not (isinstance(stream_id, str) and stream_id and isinstance(call_id, str) and call_id):
            return self._blame("E-MEDIA-FIELD", "start without streamSid or callSid")
        form = inner.get("mediaFormat", {})
        if isinstance(form, dict):
            told = (
                form.get("encoding", "audio/x-mulaw"),
                str(form.get("sampleRate", 8000)),
                str(form.get("channels", 1)),
            )
        else:
            told = ("", "", "")
        if told != ("audio/x-mulaw", "8000", "1"):
            return self._blame("E-MEDIA-FORMAT", "audio that is not mu-law, 8000 Hz, mono")
        given = inner.get("customParameters")
        parameters = (
            {name: value for name, value in given.items() if isinstance(value, str)}
            if isinstance(given, dict)
            else {}
        )
        account = inner.get("accountSid")
        self._start = StreamStart(stream_id, call_id, account if isinstance(account, str) else "", parameters)
        return Parsed(started=self._start)

    def _on_key(self, inner: dict[str, Any]) -> Parsed:
        key = inner.get("digit")
        if isinstance(key, str) and key in KEYS:
            return Parsed(events=(KeyPressed(key),))
        if isinstance(key, str) and key in EXTRA_KEYS:
            return Parsed()
        return self._blame("E-MEDIA-KEY", "a key no telephone has")

    def _on_media(self, inner: dict[str, Any]) -> Parsed:
        if inner.get("track", "inbound") not in ("inbound", "inbound_track"):
            return Parsed()
        payload = inner.get("payload")
        if not isinstance(payload, str):
            return self._blame("E-MEDIA-FIELD", "media without a payload")
        if len(payload) > LONGEST_PAYLOAD_BYTES * 4 // 3 + 4:
            return self._blame("E-MEDIA-SIZE", "more than a minute of audio in one message; dropped")
        try:
            data = base64.b64decode(payload, validate=True)
        except (binascii.Error, ValueError):
            return self._blame("E-MEDIA-BASE64", "a payload that is not base64")
        chunk = _Chunk(_number(inner.get("chunk")), _number(inner.get("timestamp")), decode_mulaw(data))
        self._order(chunk)
        return Parsed()

    # --- order and gaps ---

    def _order(self, chunk: _Chunk) -> None:
        number = chunk.number
        if number is None or not self._are_numbers_true:
            self._give_out(chunk)
            return
        if self._next_chunk is None:
            self._next_chunk = number
        if number < self._next_chunk or number in self._waiting:
            self._late_in_a_row += 1
            if self._late_in_a_row > MOST_WAITING:
                self._blame("E-MEDIA-ORDER", "chunk numbers do not count up; audio is taken as it comes")
                self._are_numbers_true = False
                self._give_out(chunk)
            else:
                self._blame("E-MEDIA-LATE", "audio that came twice or after its time; dropped")
            return
        self._late_in_a_row = 0
        self._waiting[number] = chunk
        self._give_out_ready()
        if len(self._waiting) > MOST_WAITING - 1:
            self._give_up_missing()

    def _give_out_ready(self) -> None:
        while self._next_chunk in self._waiting:
            self._give_out(self._waiting.pop(self._next_chunk))
            self._next_chunk += 1

    def _give_up_missing(self) -> None:
        self._blame("E-MEDIA-LOST", "audio messages are missing; silence took their place")
        self._next_chunk = min(self._waiting)
        self._give_out_ready()

    def _give_out(self, chunk: _Chunk) -> None:
        if chunk.at_ms is not None:
            if self._first_ms is None:
                self._first_ms, self._samples = chunk.at_ms, 0
            gap_ms = chunk.at_ms - self._first_ms - self._samples // SAMPLES_PER_MS
            if gap_ms > JITTER_MS:
                if gap_ms > LONGEST_FILL_MS:
                    self._first_ms += gap_ms - LONGEST_FILL_MS
                    gap_ms = LONGEST_FILL_MS
                self._emit(silence(gap_ms))
        self._emit(chunk.samples)

    def _emit(self, samples: Samples) -> None:
        self._samples += len(samples)
        self._frames.extend(self._cutter.push(samples))

    def _finish(self) -> None:
        while self._waiting:
            self._give_up_missing()
        self._frames.extend(self._cutter.flush())
        self._is_stopped = True

    def _blame(self, code: str, detail: str) -> Parsed:
        self._faults[code] += 1
        count = self._faults[code]
        if str(count).strip("0") == "1":
            self._problems.append(Problem(code, detail, count))
        return Parsed()


def _number(value: Any) -> int | None:
    """The carrier writes numbers as text; anything else counts as not told."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 18:
        return int(value)
    return None


def message(command: SendAudio | SendMark | ClearPlayout, stream_id: str) -> str:
    """Write one command for the wire, with exactly the allowed keys.

    >>> message(SendMark("1.0"), "MZ1")
    '{"event":"mark","streamSid":"MZ1","mark":{"name":"1.0"}}'
    >>> message(ClearPlayout(), "MZ1")
    '{"event":"clear","streamSid":"MZ1"}'
    """
    body: dict[str, Any]
    if isinstance(command, SendAudio):
        payload = base64.b64encode(encode_mulaw(command.samples)).decode("ascii")
        body = {"event": "media", "streamSid": stream_id, "media": {"payload": payload}}
    elif isinstance(command, SendMark):
        body = {"event": "mark", "streamSid": stream_id, "mark": {"name": command.name}}
    else:
        body = {"event": "clear", "streamSid": stream_id}
    return json.dumps(body, separators=(",", ":"))
