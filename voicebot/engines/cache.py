"""Audio that was made once is not made again: memory in front, a folder behind.

Key: text, what the persona and its engine sound like, and pace; so a changed persona file, a new model
or another pace never plays old audio. Files are ordinary WAV, to be listened to by people. They appear
complete under their name or not at all; several processes may share the folder. The longest unused
files go when the folder grows too large.

Two callers who want the same new text at the same time share one making: whoever needs the next part
makes it, so nobody waits for a caller who has hung up.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import numpy as np

from voicebot.audio import join
from voicebot.events import Samples
from voicebot.wav import HEADER_BYTES, decode_wav, encode_wav

log = logging.getLogger(__name__)

_KEPT_AFTER_EVICTION = 0.9
_ORPHAN_AGE_S = 3600
"""unfinished files of a process that died; a living one is done in seconds"""


class Source(Protocol):
    """A Synthesiser that can tell what its voices sound like."""

    def warm_up(self) -> None: ...

    def synthesise(self, text: str, *, voice: str, pace: float = 1.0) -> Iterator[Samples]: ...

    def fingerprint(self, voice: str) -> str: ...


class CachedSynthesiser:
    """A Synthesiser that remembers. Shared by all calls, threads and, through the folder, processes.

    The arrays it gives out are shared too, and read-only.
    """

    def __init__(
        self,
        inner: Source,
        folder: Path,
        max_bytes: int = 1 << 30,
        *,
        memory_bytes: int = 64 << 20,
    ) -> None:
        """folder: made if need be; when it cannot be written, audio is kept in memory only.

        max_bytes: size of the folder, about 16,000 bytes for each second of speech.
        """
        self._inner = inner
        self._folder = folder
        self._max_bytes = max_bytes
        self._memory_bytes = memory_bytes
        self._lock = threading.Lock()
        self._memory: OrderedDict[str, Samples] = OrderedDict()
        self._in_memory_bytes = 0
        self._makings: dict[str, _Making] = {}
        self._folder_bytes: int | None = None
        self._has_complained = False

    def warm_up(self) -> None:
        self._inner.warm_up()
        self._folder_bytes = self._evict()

    def is_cached(self, text: str, *, voice: str, pace: float = 1.0) -> bool:
        """Would `synthesise` answer at once, without an engine?"""
        key = self._key(text, voice, pace)
        with self._lock:
            if key in self._memory:
                return True
        return self._path(key).is_file()

    def synthesise(self, text: str, *, voice: str, pace: float = 1.0) -> Iterator[Samples]:
        """See `Synthesiser`. Cached audio comes in one part."""
        key = self._key(text, voice, pace)
        kept = self._load(key)
        if kept is not None:
            if len(kept):
                yield kept
            return
        with self._lock:
            making = self._makings.get(key)
            if making is None:
                making = _Making(self._inner.synthesise(text, voice=voice, pace=pace))
                self._makings[key] = making
            making.users += 1
        try:
            number = 0
            while (part := making.part(number)) is not None:
                yield part
                number += 1
            self._keep(key, making)
        finally:
            self._leave(key, making)

    def _leave(self, key: str, making: _Making) -> None:
        with self._lock:
            making.users -= 1
            is_last = making.users == 0
            if (is_last or making.is_over) and self._makings.get(key) is making:
                del self._makings[key]
        if is_last:
            making.close()

    def _key(self, text: str, voice: str, pace: float) -> str:
        whole = "\n".join((self._inner.fingerprint(voice), f"{pace:.3f}", text))
        return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key[2:]}.wav"

    def _load(self, key: str) -> Samples | None:
        with self._lock:
            if key in self._memory:
                self._memory.move_to_end(key)
                return self._memory[key]
        path = self._path(key)
        try:
            data = path.read_bytes()
            sound, _ = decode_wav(data)
            if len(data) != HEADER_BYTES + 2 * len(sound) or int.from_bytes(data[40:44], "little") != 2 * len(
                sound
            ):
                raise ValueError("cut off")
        except OSError:  # not there; or a folder that cannot be read, which is told when writing fails too
            return None
        except ValueError:
            log.warning("E-TTS-CACHE kept audio %s cannot be read; it is made again", path.name)
            with contextlib.suppress(OSError):
                path.unlink()
            return None
        with contextlib.suppress(OSError):
            os.utime(path)  # used now: last to go
        samples = np.ascontiguousarray(sound[:, 0])
        self._remember(key, samples)
        return samples

    def _keep(self, key: str, making: _Making) -> None:
        """Write what was made, once."""
        if not making.claim():
            return
        samples = join(making.parts)
        self._remember(key, samples)
        data = encode_wav(samples)
        path = self._path(key)
        temporary = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as stream:
                temporary = Path(stream.name)
                stream.write(data)
            temporary.replace(path)
        except OSError as error:
            if temporary is not None:
                with contextlib.suppress(OSError):
                    temporary.unlink()
            if not self._has_complained:
                self._has_complained = True
                log.warning(
                    "E-TTS-CACHE audio cannot be kept in %s (%s); every process makes it anew. "
                    "Make room, or set CACHE_DIR to a folder that can be written.",
                    self._folder,
                    error.strerror or type(error).__name__,
                )
            return
        with self._lock:
            self._folder_bytes = (self._folder_bytes or 0) + len(data)
            is_full = self._folder_bytes > self._max_bytes
        if is_full:
            size = self._evict()
            with self._lock:
                self._folder_bytes = size

    def _remember(self, key: str, samples: Samples) -> None:
        samples.setflags(write=False)
        with self._lock:
            if key in self._memory or samples.nbytes > self._memory_bytes:
                return
            self._memory[key] = samples
            self._in_memory_bytes += samples.nbytes
            while self._in_memory_bytes > self._memory_bytes:
                _, oldest = self._memory.popitem(last=False)
                self._in_memory_bytes -= oldest.nbytes

    def _evict(self) -> int:
        """Delete the longest unused files until the folder fits; returns its size after that.

        Another process may delete at the same time: what is gone is gone.
        """
        found: list[tuple[float, int, Path]] = []
        for path in self._folder.glob("??/*"):
            with contextlib.suppress(OSError):
                stat = path.stat()
                if path.suffix == ".wav":
                    found.append((stat.st_mtime, stat.st_size, path))
                elif path.suffix == ".part" and stat.st_mtime < time.time() - _ORPHAN_AGE_S:
                    path.unlink()
        size = sum(one[1] for one in found)
        if size <= self._max_bytes:
            return size
        for _, bytes_, path in sorted(found):
            if size <= self._max_bytes * _KEPT_AFTER_EVICTION:
                break
            with contextlib.suppress(OSError):
                path.unlink()
                size -= bytes_
        return size


class _Making:
    """One text on its way to becoming audio, for everybody who waits for it."""

    def __init__(self, source: Iterator[Samples]) -> None:
        self.parts: list[Samples] = []
        self.users = 0
        self.is_over = False
        """nothing more will come: finished, failed or closed"""
        self._source = source
        self._error: Exception | None = None
        self._is_claimed = False
        self._lock = threading.Lock()

    def part(self, number: int) -> Samples | None:
        """The part of this number, made now if nobody has made it yet; None after the last.

        Raises what the engine raised.
        """
        with self._lock:
            while len(self.parts) <= number and not self.is_over:
                try:
                    made = next(self._source)
                except StopIteration:
                    self.is_over = True
                except Exception as error:
                    self.is_over = True
                    self._error = error
                else:
                    made.setflags(write=False)
                    self.parts.append(made)
            if number < len(self.parts):
                return self.parts[number]
            if self._error is not None:
                raise self._error
            return None

    def claim(self) -> bool:
        """True for the first who asks: the one who keeps the result."""
        with self._lock:
            is_first = not self._is_claimed
            self._is_claimed = True
            return is_first

    def close(self) -> None:
        """Nobody waits any more: free what the engine holds for it."""
        with self._lock:
            self.is_over = True
            closing = getattr(self._source, "close", None)
        if closing is not None:
            closing()
