"""Every fixture goes the way it went: the real recogniser, the real script, virtual time."""

from __future__ import annotations

from pathlib import Path

import pytest

from voicebot.commands.replay import run_all
from voicebot.commands.settings import load_settings
from voicebot.replay.recording import CALLER_FILE, EVENTS_FILE

FIXTURES = sorted(
    file.parent for file in (Path(__file__).parents[2] / "fixtures" / "calls").glob(f"*/{EVENTS_FILE}")
)


@pytest.mark.slow
@pytest.mark.parametrize("folder", FIXTURES, ids=lambda folder: folder.name)
def test_a_recorded_call_goes_the_same_way(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parents[2])
    (result,) = run_all([folder], load_settings())
    assert "\n".join(map(str, result.differences)) == ""


@pytest.mark.parametrize("folder", FIXTURES, ids=lambda folder: folder.name)
def test_a_fixture_is_whole_and_tells_where_it_is_from(folder: Path) -> None:
    assert (folder / CALLER_FILE).is_file()
    assert (folder / "expected.jsonl").is_file()
    about = (folder / "about.md").read_text(encoding="utf-8")
    assert "Origin:" in about
    assert "consent" in about
