"""Keeps secrets out of recordings: what answers a secret question is masked, there and later.

A secret cannot be found by its looks (four digits are an order's tail or a card's), so the heart
tells which question is secret. What is keyed or heard while it is open is learned, with the ways in
which digits are spoken, and every later text that contains it loses it.
"""

from __future__ import annotations

import re
from typing import Any

DOT = "•"
SHORTEST = 3
"""fewer characters than this are in every second text and are not worth hiding"""
MOST = 200
"""secrets remembered per call"""

_SPOKEN = {
    "0": "零〇洞",
    "1": "一幺壹",
    "2": "二两贰",
    "3": "三叁",
    "4": "四肆",
    "5": "五伍",
    "6": "六陆",
    "7": "七拐柒",
    "8": "八捌",
    "9": "九勾玖",
}
_DIGIT_OF = {word: digit for digit, words in _SPOKEN.items() for word in words}
_BETWEEN = r"[\s,，、。\-]*"
_RUNS = re.compile("[0-9" + "".join(_DIGIT_OF) + r"](?:[\s,，、\-]*[0-9" + "".join(_DIGIT_OF) + "])*")


class Masker:
    """What is secret in one call so far."""

    def __init__(self) -> None:
        self._is_open = False
        self._keys = ""
        self._patterns: dict[str, re.Pattern[str]] = {}

    @property
    def is_open(self) -> bool:
        """A secret question is open: the caller's audio must not be kept."""
        return self._is_open

    def question(self, *, is_secret: bool) -> None:
        """Another question opens."""
        self._is_open = is_secret
        self._keys = ""

    def key(self, key: str) -> str:
        """A key was pressed; returns what may be written."""
        if not self._is_open:
            return key
        if key.isdigit():
            self._keys += key
            self.learn(self._keys)
        return DOT

    def learn(self, text: str) -> None:
        """This was said in answer to a secret question: the text and each number in it."""
        for secret in (text.strip(), *(run.group() for run in _RUNS.finditer(text))):
            digits = "".join(_DIGIT_OF.get(c, c) for c in secret if c.isdigit() or c in _DIGIT_OF)
            for one in (secret, digits):
                if len(one) >= SHORTEST and len(self._patterns) < MOST:
                    self._patterns.setdefault(one, _pattern(one))

    def mask(self, value: Any) -> Any:
        """The same value without the secrets in its texts."""
        if isinstance(value, str):
            for pattern in self._patterns.values():
                value = pattern.sub(DOT * SHORTEST, value)
            return value
        if isinstance(value, dict):
            return {key: self.mask(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.mask(inner) for inner in value]
        return value

    def hides(self, text: str) -> bool:
        """Does this text contain a secret?"""
        return any(pattern.search(text) for pattern in self._patterns.values())


def _pattern(secret: str) -> re.Pattern[str]:
    """Finds a secret also when its digits are spoken, or spread out: 1 2 3 4, 幺二三四."""
    if secret.isascii() and secret.isdigit():
        digits = (f"[{d}{_SPOKEN[d]}]" for d in secret)
        return re.compile(_BETWEEN.join(digits))
    return re.compile(re.escape(secret))
