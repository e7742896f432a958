"""The rules a dialplan is held against, one function each; see `base.py`."""

from __future__ import annotations

from voicebot.dialplan.rules import asking, choosing, data, flows, line, names, speaking, understanding
from voicebot.dialplan.rules.base import RULES, Rule, Surroundings

__all__ = [
    "RULES",
    "Rule",
    "Surroundings",
    "asking",
    "choosing",
    "data",
    "flows",
    "line",
    "names",
    "speaking",
    "understanding",
]
