"""Reads along while the server records the call: the only way to know what the bot said in words.

A phone hears sound. When server and phone share a disk and the call is recorded, its `events.jsonl`
tells the sentences as they are spoken. It is found by the call's id in its first rows and followed
to its end; a line that is not whole yet waits for its rest.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

Row = dict[str, Any]

EVENTS_FILE = "events.jsonl"
LARGEST_READ = 1_000_000


class JournalFeed:
    """Follows the recording of one call."""

    def __init__(self, recordings: Path, call_id: str) -> None:
        self._recordings = recordings
        self._call_id = call_id
        self._known = frozenset(recordings.glob(f"**/{EVENTS_FILE}"))
        self._file: Path | None = None
        self._read = 0
        self._rest = b""

    @property
    def folder(self) -> Path | None:
        """Where the call is recorded; None as long as it has not been found."""
        return self._file.parent if self._file is not None else None

    def poll(self) -> list[Row]:
        """The rows written since the last time; blocks for one small read."""
        if self._file is None:
            self._file = self._find()
            if self._file is None:
                return []
        with self._file.open("rb") as file:
            file.seek(self._read)
            data = file.read(LARGEST_READ)
        self._read += len(data)
        *lines, self._rest = (self._rest + data).split(b"\n")
        return [row for line in lines if isinstance(row := _row(line), dict)]

    def _find(self) -> Path | None:
        for path in self._recordings.glob(f"**/{EVENTS_FILE}"):
            if path in self._known:
                continue
            with path.open("rb") as file:
                beginning = file.read(8192)
            if self._call_id.encode() in beginning:
                return path
        return None


def _row(line: bytes) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return None
