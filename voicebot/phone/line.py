"""The carrier's end of one media stream: what it sends, how it plays, when it echoes a mark.

Theory of operation
-------------------
The other side of `voicebot/mediastream.py`, written from the carrier's published rules and not
from ours, so that the two check each other. Nothing here knows the time: whoever holds the line
calls `tick` once every 20 ms.

*Playing.* What arrives is queued and played at real speed, 160 bytes a tick; a queue that runs dry
plays silence. A mark is queued like audio and echoed when everything before it has been played, at
once when nothing is queued. `clear` empties the queue and echoes every mark that was in it, in
order. More than ten minutes of queued audio are refused.

*Strictness.* A message with a key too many or too few, of another stream, of an unknown kind, or
not JSON text, has no effect and leaves a warning with the carrier's own number. A phone that
forgives would hide what the real carrier punishes.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from voicebot.audio import FRAME_MS, FRAME_SAMPLES, RATE_HZ, decode_mulaw, encode_mulaw
from voicebot.events import Samples

LONGEST_QUEUE_BYTES = 10 * 60 * RATE_HZ
KEYS = frozenset("0123456789*#")
QUIET = 0xFF
"""mu-law silence"""


@dataclass(frozen=True, slots=True)
class Warned:
    """What the carrier would write into its debugger."""

    number: int
    """31950 binary · 31951 against the protocol · 31931 too much queued"""
    why: str

    def __str__(self) -> str:
        return f"{self.number}: {self.why}"


@dataclass(frozen=True, slots=True)
class Tick:
    """20 ms of telephone."""

    messages: tuple[str, ...]
    """to be sent, in order: the caller's frame, then marks that have just been reached"""
    heard: Samples
    """shape (160,): what the caller heard of the bot meanwhile"""


@dataclass(frozen=True, slots=True)
class Received:
    """What one message of the bot caused."""

    messages: tuple[str, ...] = ()
    """to be sent at once"""
    warning: Warned | None = None
    cleared_ms: int | None = None
    """for `clear`: how much unheard audio was thrown away"""


@dataclass(slots=True)
class MediaLine:
    """One stream, from `begin` to `end`."""

    stream_id: str
    call_id: str
    account_id: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    _sequence: int = 0
    _chunk: int = 0
    _queue: deque[bytes | str] = field(default_factory=deque)
    """audio as bytes, marks as text"""
    _queued_bytes: int = 0

    @property
    def elapsed_ms(self) -> int:
        """Length of the stream so far."""
        return self._chunk * FRAME_MS

    @property
    def queued_ms(self) -> int:
        """Audio received and not yet played."""
        return self._queued_bytes * 1000 // RATE_HZ

    def begin(self) -> tuple[str, ...]:
        """`connected` and `start`."""
        connected = json.dumps({"event": "connected", "protocol": "Call", "version": "1.0.0"})
        start = {
            "accountSid": self.account_id,
            "streamSid": self.stream_id,
            "callSid": self.call_id,
            "tracks": ["inbound"],
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": RATE_HZ, "channels": 1},
            "customParameters": dict(self.parameters),
        }
        return connected, self._message("start", start)

    def tick(self, said: Samples) -> Tick:
        """Let 20 ms pass; said: int16, shape (160,), the caller's voice in them."""
        self._chunk += 1
        media = {
            "track": "inbound",
            "chunk": str(self._chunk),
            "timestamp": str((self._chunk - 1) * FRAME_MS),
            "payload": base64.b64encode(encode_mulaw(said)).decode("ascii"),
        }
        frame = self._message("media", media)
        heard, marks = self._play(FRAME_SAMPLES)
        return Tick((frame, *marks), heard)

    def press(self, key: str) -> str:
        """The message for one key; raises ValueError for what is not on a telephone."""
        if key not in KEYS:
            raise ValueError(f"a telephone has no key {key!r}; use 0-9, * and #")
        return self._message("dtmf", {"track": "inbound_track", "digit": key})

    def receive(self, message: str | bytes) -> Received:
        """Take one message of the bot. Never raises."""
        if isinstance(message, bytes):
            return Received(warning=Warned(31950, "a binary message"))
        try:
            body = json.loads(message)
        except (ValueError, RecursionError):
            return _wrong("not JSON")
        if not isinstance(body, dict):
            return _wrong("not an object")
        event = body.get("event")
        allowed = {
            "media": {"event", "streamSid", "media"},
            "mark": {"event", "streamSid", "mark"},
            "clear": {"event", "streamSid"},
        }.get(event if isinstance(event, str) else "")
        if allowed is None:
            return _wrong("an unknown event")
        if set(body) != allowed:
            return _wrong(f"{event} with keys missing or too many")
        if body["streamSid"] != self.stream_id:
            return _wrong(f"{event} for another stream")
        if event == "clear":
            return self._clear()
        inner = body[event]
        only_key = "payload" if event == "media" else "name"
        if not isinstance(inner, dict) or set(inner) != {only_key} or not isinstance(inner[only_key], str):
            return _wrong(f"{event} must hold {only_key} and nothing else")
        return self._take_audio(inner["payload"]) if event == "media" else self._take_mark(inner["name"])

    def end(self) -> str:
        """`stop`: the stream or the call is over."""
        return self._message("stop", {"accountSid": self.account_id, "callSid": self.call_id})

    # --- inside ---

    def _message(self, event: str, inner: dict[str, Any]) -> str:
        self._sequence += 1
        return json.dumps(
            {
                "event": event,
                "sequenceNumber": str(self._sequence),
                event: inner,
                "streamSid": self.stream_id,
            }
        )

    def _take_audio(self, payload: str) -> Received:
        try:
            data = base64.b64decode(payload, validate=True)
        except (binascii.Error, ValueError):
            return _wrong("media whose payload is not base64")
        if self._queued_bytes + len(data) > LONGEST_QUEUE_BYTES:
            return Received(warning=Warned(31931, "more than ten minutes of audio are queued"))
        if data:
            self._queue.append(data)
            self._queued_bytes += len(data)
        return Received()

    def _take_mark(self, name: str) -> Received:
        if not self._queue:
            return Received((self._message("mark", {"name": name}),))
        self._queue.append(name)
        return Received()

    def _clear(self) -> Received:
        names = [item for item in self._queue if isinstance(item, str)]
        thrown_ms = self.queued_ms
        self._queue.clear()
        self._queued_bytes = 0
        return Received(tuple(self._message("mark", {"name": name}) for name in names), cleared_ms=thrown_ms)

    def _play(self, samples: int) -> tuple[Samples, tuple[str, ...]]:
        played: list[bytes] = []
        missing = samples
        marks: list[str] = []
        while self._queue:
            item = self._queue[0]
            if isinstance(item, str):
                self._queue.popleft()
                marks.append(self._message("mark", {"name": item}))
            elif not missing:
                break
            elif len(item) <= missing:
                played.append(item)
                missing -= len(item)
                self._queue.popleft()
            else:
                played.append(item[:missing])
                self._queue[0] = item[missing:]
                missing = 0
        self._queued_bytes -= samples - missing
        sound = decode_mulaw(b"".join(played) + bytes([QUIET]) * missing)
        return sound.astype(np.int16), tuple(marks)


def _wrong(why: str) -> Received:
    return Received(warning=Warned(31951, why))
