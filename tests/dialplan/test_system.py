"""What the bot says by itself is what every line must have words for."""

from __future__ import annotations

import re
from pathlib import Path

from voicebot.dialplan.system import OPTIONAL_PROMPTS, SYSTEM_FLOWS, SYSTEM_PROMPTS

DIALOGUE = Path(__file__).parents[2] / "voicebot" / "dialogue"


def test_every_prompt_that_the_dialogue_names_is_known_here() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in DIALOGUE.glob("*.py"))
    said = set(re.findall(r'(?:\.say|_word|\bword|has_prompt)\((?:[\w.]+, )*"([a-z_]+)"', text))
    assert said, "the dialogue says nothing by itself?"
    assert said - {*SYSTEM_PROMPTS, *OPTIONAL_PROMPTS} == set()


def test_no_name_is_both_needed_and_optional() -> None:
    assert not set(SYSTEM_PROMPTS) & set(OPTIONAL_PROMPTS)
    assert len(set(SYSTEM_FLOWS)) == len(SYSTEM_FLOWS)
