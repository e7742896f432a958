"""What a call tells is written in order, all of it, and a store that fails holds up nothing."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime

import pytest

from voicebot.driver_journal import JournalWriter, blame
from voicebot.events import CallStarted, Journal
from voicebot.ports import JournalEntry

STARTED = CallStarted("CA1", "MZ1", "", "", datetime(2026, 11, 21), 1)


class Store:
    """Notes each write; may be slow or fail at first."""

    def __init__(self, *, slow_s: float = 0.0, failures: int = 0) -> None:
        self.slow_s, self.failures = slow_s, failures
        self.writes: list[list[int]] = []
        self.begun: list[str] = []
        self.is_busy = False

    async def begin(self, started: CallStarted, line: str) -> None:
        self.begun.append(line)

    async def write(self, call_id: str, entries: Sequence[JournalEntry]) -> None:
        assert not self.is_busy, "two writes of one call at once"
        self.is_busy = True
        await asyncio.sleep(self.slow_s)
        self.is_busy = False
        if self.failures:
            self.failures -= 1
            raise OSError("full")
        self.writes.append([entry.at_ms for entry in entries])


def tell(store: Store, count: int, *, pause_s: float = 0.0) -> Store:
    async def test() -> None:
        journal = JournalWriter(STARTED, "payments", store)
        running = asyncio.create_task(journal.run())
        for at_ms in range(count):
            journal.note(Journal("key", {"key": "5"}), at_ms)
            await asyncio.sleep(pause_s)
        journal.close()
        await asyncio.wait_for(running, 5)

    asyncio.run(test())
    return store


@pytest.mark.parametrize("count", [0, 1, 50])
def test_everything_is_written_in_order(count: int) -> None:
    store = tell(Store(slow_s=0.001), count)
    assert [at_ms for batch in store.writes for at_ms in batch] == list(range(count))
    assert store.begun == ["payments"]


def test_lines_that_gather_are_written_in_one_go() -> None:
    assert len(tell(Store(slow_s=0.01), 50).writes) < 10


def test_a_failed_write_loses_its_lines_only(caplog: pytest.LogCaptureFixture) -> None:
    store = tell(Store(failures=1), 3, pause_s=0.005)
    assert store.writes == [[1], [2]]
    assert "E-STORE call=CA1" in caplog.text


def test_a_store_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("voicebot.driver_journal.STORE_S", 0.02)
    assert tell(Store(slow_s=60), 1).writes == []


def test_unknown_errors_are_told_without_their_message(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        blame("CA1", "E-X", ValueError("13800001234"), doing="this")
    assert "E-X call=CA1 doing=this: ValueError" in caplog.text
    assert "1380" not in caplog.text
