"""Is this a word of everyday Chinese? The dictionary is jionlp's (about 190,000 words), loaded once."""

from __future__ import annotations

import contextlib
import importlib
import io
import logging
from functools import lru_cache
from typing import Any

LONGEST = 4
"""longer entries are names and sayings, of no use for finding where words begin and end"""


@lru_cache(maxsize=1)
def jionlp() -> Any:
    """The library, imported late because it takes most of a second, and without its banner."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            return importlib.import_module("jionlp")
    finally:
        logging.disable(before)


@lru_cache(maxsize=1)
def _words() -> frozenset[str]:
    jionlp()
    loader = importlib.import_module("jionlp.dictionary.dictionary_loader")
    return frozenset(
        word for word in loader.word_distribution_loader() if 2 <= len(word) <= LONGEST and word[0] >= "一"
    )


def is_word(text: str) -> bool:
    """True for a dictionary word of two to four characters."""
    return text in _words()


def cuts_a_word(text: str, start: int, end: int) -> bool:
    """True when text[start:end] begins or ends inside a longer word, so that it is no unit of its own.

    >>> cuts_a_word("支援路线", 1, 3)
    True
    >>> cuts_a_word("我要援路退回", 2, 4)
    False
    """
    for edge in (start, end):
        for first in range(max(0, edge - LONGEST + 1), edge):
            for last in range(edge + 1, min(len(text), first + LONGEST) + 1):
                if (first < start or last > end) and is_word(text[first:last]):
                    return True
    return False
