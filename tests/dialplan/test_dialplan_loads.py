"""The small line of the tests loads without a word of complaint."""

from __future__ import annotations

from pathlib import Path

from voicebot import dialplan_files

LINES = Path(__file__).parent / "lines"


def test_the_shop_line_has_no_problems() -> None:
    loaded = dialplan_files.check_line(LINES, "shop", voices_dir=None)
    assert loaded.problems == ()
    assert loaded.dialplan is not None
