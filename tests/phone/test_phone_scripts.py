"""Every phone script that ships can be played."""

from __future__ import annotations

from pathlib import Path

import pytest

from voicebot.phone.script import read_script
from voicebot.standin.people import PEOPLE

SCRIPTS = sorted((Path(__file__).parents[2] / "fixtures" / "phone").glob("*.yaml"))


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_a_shipped_script_is_right_and_says_what_it_is_for(path: Path) -> None:
    script = read_script(path.read_text(encoding="utf-8"), path.name, behaviours=tuple(PEOPLE))
    assert script.about
    assert path.stem.split("-")[0].upper() in script.about
    assert script.caller.startswith("+")


def test_the_scripts_cover_what_callers_must_be_able_to_do() -> None:
    covered = {path.stem.split("-")[0] for path in SCRIPTS}
    assert {"a1", "a3", "x1", "x2", "x5"} <= covered
    assert len(SCRIPTS) >= 8
