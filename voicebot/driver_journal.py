"""What a live call tells: to the operator's log, and to the call log that reports are made from."""

from __future__ import annotations

import asyncio
import logging

from voicebot.events import CallStarted, Journal
from voicebot.faults import place_of
from voicebot.ports import CallLog, JournalEntry

log = logging.getLogger("voicebot.call")

SAFE_KINDS = frozenset({"problem", "transfer", "outcome", "barge_in", "no_input", "no_match", "turn", "step"})
"""journal lines whose data is about the call, not from the caller: only these go to the operator's log"""
STORE_S = 10.0
"""longest for one write to the call log"""


def blame(call_id: str, code: str, error: BaseException, **about: str) -> None:
    """Log an unknown error: its code, the call, where it arose; never its message."""
    told = "".join(f" {name}={value}" for name, value in about.items())
    log.error("%s call=%s%s: %s at %s", code, call_id, told, type(error).__name__, place_of(error))


class JournalWriter:
    """Gathers a call's journal and writes it beside the call, in order, many lines in one go."""

    def __init__(self, started: CallStarted, line_name: str, call_log: CallLog) -> None:
        self._started = started
        self._line_name = line_name
        self._call_log = call_log
        self._entries: list[JournalEntry] = []
        self._changed = asyncio.Event()
        self._is_closed = False

    def note(self, journal: Journal, at_ms: int) -> None:
        """Take one line."""
        self._entries.append(JournalEntry(at_ms, journal))
        self._changed.set()
        if journal.kind in SAFE_KINDS:
            level = logging.WARNING if journal.kind == "problem" else logging.INFO
            data = "".join(f" {name}={value}" for name, value in journal.data.items())
            log.log(level, "call=%s at_ms=%s %s%s", self._started.call_id, at_ms, journal.kind, data)

    def close(self) -> None:
        """Nothing more comes; `run` writes what is left and returns."""
        self._is_closed = True
        self._changed.set()

    async def run(self) -> None:
        """Write until closed. A store that fails loses lines, never the call."""
        call_id = self._started.call_id
        try:
            async with asyncio.timeout(STORE_S):
                await self._call_log.begin(self._started, self._line_name)
        except Exception as error:
            blame(call_id, "E-STORE", error, doing="begin")
        while not self._is_closed or self._entries:
            await self._changed.wait()
            self._changed.clear()
            batch, self._entries = self._entries, []
            if batch:
                try:
                    async with asyncio.timeout(STORE_S):
                        await self._call_log.write(call_id, batch)
                except Exception as error:
                    blame(call_id, "E-STORE", error, doing="write")
            if self._is_closed:
                self._changed.set()
