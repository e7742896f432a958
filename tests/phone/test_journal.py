"""What the bot says is read from the recording while it is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from voicebot.phone.journal import JournalFeed

OF_MINE = '{"format":"voicebot-recording"}\n{"at_ms":0,"event":"CallStarted","call_id":"CA1"}\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "2026" / "CA1"
    folder.mkdir(parents=True)
    return folder


def test_rows_come_as_they_are_written(tmp_path: Path, folder: Path) -> None:
    feed = JournalFeed(tmp_path, "CA1")
    assert feed.poll() == []
    file = folder / "events.jsonl"
    file.write_text(OF_MINE)
    assert [row.get("at_ms") for row in feed.poll()] == [None, 0]
    assert feed.folder == folder
    with file.open("a", encoding="utf-8") as more:
        more.write('{"at_ms":5,"journal":"bot_says","data":{"text":"您')
    assert feed.poll() == []
    with file.open("a", encoding="utf-8") as more:
        more.write('好"}}\n')
    assert [row["data"]["text"] for row in feed.poll()] == ["您好"]
    assert feed.poll() == []


def test_the_call_of_somebody_else_is_not_read(tmp_path: Path, folder: Path) -> None:
    feed = JournalFeed(tmp_path, "CA2")
    (folder / "events.jsonl").write_text(OF_MINE)
    assert feed.poll() == []
    assert feed.folder is None


def test_an_older_recording_of_the_same_call_is_not_read(tmp_path: Path, folder: Path) -> None:
    (folder / "events.jsonl").write_text(OF_MINE)
    assert JournalFeed(tmp_path, "CA1").poll() == []


def test_nothing_is_recorded(tmp_path: Path) -> None:
    assert JournalFeed(tmp_path / "nowhere", "CA1").poll() == []


def test_a_line_that_is_not_json_is_passed_over(tmp_path: Path, folder: Path) -> None:
    feed = JournalFeed(tmp_path, "CA1")
    (folder / "events.jsonl").write_text(OF_MINE + 'broken\n[]\n{"at_ms":7}\n')
    assert [row.get("at_ms") for row in feed.poll()] == [None, 0, 7]
