"""The contracts of the engines. Each is one or two methods, so that the fake is trivial.

Engines block and are called from a bounded thread pool, never from the event loop.
`warm_up()` loads and exercises everything, before the port opens; after it no call
downloads, imports or compiles anything. One engine object is shared by all calls and
all pool threads; an utterance owns nothing in it between calls.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from voicebot.events import Expectation, Hearing, Samples, Vector


class Recogniser(Protocol):
    """Speech to text."""

    def warm_up(self) -> None: ...

    def recognise(self, samples: Samples, *, language: str, expectation: Expectation) -> Hearing:
        """Hear one utterance.

        samples: int16, 8000 Hz, with a little silence on both sides; at most 30 s are used.
        Returns a Hearing without `vector`. Silence, noise and music give text "".
        Raises EngineError.
        """
        ...


class Synthesiser(Protocol):
    """Text to speech."""

    def warm_up(self) -> None: ...

    def synthesise(self, text: str, *, voice: str, pace: float = 1.0) -> Iterator[Samples]:
        """Speak one prompt, in parts as they are ready: int16, 8000 Hz, levelled, not clipped.

        voice: name of a persona file in voices/. Raises EngineError, also during iteration.
        """
        ...


class SpeechDetector(Protocol):
    """Is there a voice in this frame? One detector object per call: it may keep state."""

    def is_speech(self, frame: Samples) -> bool:
        """frame: int16, shape (160,), 8000 Hz."""
        ...


class Embedder(Protocol):
    """Sentence to meaning."""

    def warm_up(self) -> None: ...

    def embed(self, text: str) -> Vector:
        """Unit-length float32 vector; the same text always gives the same vector."""
        ...
