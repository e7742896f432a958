"""An embedder that never works out the same sentence twice: in memory for calls, on disk for starts.

A hotline's examples are hundreds of sentences; working them out anew takes a quarter of a
minute at every start and every publishing of a script, looking them up takes none.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import threading
from collections import OrderedDict
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from voicebot.engines.base import Embedder
from voicebot.events import Vector

MOST_KEPT = 20_000
"""sentences in memory; 1.5 kB each"""


class RememberingEmbedder:
    """Fits `Embedder`. One object for all threads; several processes may share the file."""

    def __init__(self, inner: Embedder, path: Path | None = None, *, version: str = "") -> None:
        """path: where vectors are kept between starts; None keeps them in memory only.

        version: of the model; vectors of another one are not used.
        """
        self._inner = inner
        self._path = path
        self._version = version
        self._lock = threading.Lock()
        self._known: OrderedDict[str, Vector] = OrderedDict()
        self._kept = 0
        if path is not None:
            self._read(path)

    def warm_up(self) -> None:
        self._inner.warm_up()

    def embed(self, text: str) -> Vector:
        """Unit-length float32 vector, the same array each time: not to be written to."""
        key = hashlib.sha256(text.encode()).hexdigest()
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        vector = self._inner.embed(text)
        vector.flags.writeable = False
        with self._lock:
            self._known[key] = vector
            while len(self._known) > MOST_KEPT:
                self._known.popitem(last=False)
        return vector

    def keep(self) -> None:
        """Write what is known to disk, whole or not at all. A disk that fails costs time, not calls."""
        if self._path is None or len(self._known) == self._kept:
            return
        with self._lock:
            keys, vectors = list(self._known), list(self._known.values())
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._path.parent, suffix=".npz")
            with os.fdopen(handle, "wb") as stream:
                np.savez(stream, version=self._version, keys=keys, vectors=np.stack(vectors))
            os.replace(name, self._path)
            self._kept = len(keys)
        except OSError:
            return

    def _read(self, path: Path) -> None:
        try:
            with np.load(path, allow_pickle=False) as stored:
                if str(stored["version"]) != self._version:
                    return
                for key, vector in zip(stored["keys"].tolist(), stored["vectors"], strict=True):
                    vector.flags.writeable = False
                    self._known[key] = vector
                self._kept = len(self._known)
        except (OSError, ValueError, KeyError, EOFError, BadZipFile):
            # Nothing there yet, or half a file: everything is simply worked out again.
            return
