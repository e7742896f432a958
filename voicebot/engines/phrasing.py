"""Where a long prompt may be cut, so that the caller hears its beginning while the rest is made.

An engine needs about 0.4 s for each second of speech, so the first part is made short and each next
part may be about twice as long as the one before: it is ready before the one before has been heard.
Cuts fall on punctuation, where a reader would breathe; a part keeps its comma, so that the voice stays
up there.
"""

from __future__ import annotations

import re

FIRST_SYLLABLES = 12
"""the first part ends at the first punctuation after this many are nearly reached"""
LEAST_SYLLABLES = 4
"""shorter parts sound chopped, and cost as much as longer ones"""
MOST_SYLLABLES = 60
"""engines lose their way in longer ones; 510 phonemes are Kokoro's limit, about 150 syllables"""
_GROWTH = 2

_STOPS = "。！？；：，、…!?;—"
_ENDS = re.compile(rf"[{_STOPS}]+[”」』）)\"']*|[.,:]+(?=\s|$)|\n+")
"""a full stop, comma or colon inside a number, a time or an address is no end"""
_UNIT = re.compile(r"[\u3400-\u9fff]|[A-Za-z]+|\d")

PAUSES_MS = (
    ("。！？!?.…\n", 320),
    ("；：;:—", 220),
    ("，,", 160),
    ("、", 90),
)
"""silence after a part that ends so, when another follows"""


def split(text: str) -> list[str]:
    """Cut a prompt into parts to be made one after the other; joined they are the prompt.

    >>> split("好的，我帮您看一下。您是原路退回，还是退到余额呢？")
    ['好的，我帮您看一下。', '您是原路退回，还是退到余额呢？']
    """
    parts: list[str] = []
    part, most = "", FIRST_SYLLABLES
    for clause in _clauses(text):
        would_be = syllables(part) + syllables(clause)
        if part and syllables(part) >= LEAST_SYLLABLES and would_be > most:
            parts.append(part)
            part, most = "", min(MOST_SYLLABLES, _GROWTH * max(FIRST_SYLLABLES, syllables(part)))
        part += clause
    if part:
        if parts and syllables(part) < LEAST_SYLLABLES // 2:
            parts[-1] += part
        else:
            parts.append(part)
    return parts


def syllables(text: str) -> int:
    """About how many syllables; one for a character or digit, one for three letters.

    >>> syllables("黑色L码"), syllables("refund"), syllables("，。")
    (4, 2, 0)
    """
    return sum(max(1, round(len(unit) / 3)) for unit in _UNIT.findall(text))


def pause_ms(part: str) -> int:
    """Silence that belongs after this part when another follows.

    >>> pause_ms("好的，"), pause_ms("好的。"), pause_ms("好")
    (160, 320, 60)
    """
    end = part.rstrip(" ”」』）)\"'")[-1:] or " "
    return next((for_ms for ends, for_ms in PAUSES_MS if end in ends), 60)


def _clauses(text: str) -> list[str]:
    """Pieces that end at punctuation; a piece without any for too long is cut at a blank, or anywhere."""
    pieces, at = [], 0
    for end in _ENDS.finditer(text):
        pieces.append(text[at : end.end()])
        at = end.end()
    if text[at:].strip():
        pieces.append(text[at:])
    elif pieces:
        pieces[-1] += text[at:]
    return [short for piece in pieces for short in _shorten(piece)]


def _shorten(piece: str) -> list[str]:
    short = []
    while syllables(piece) > MOST_SYLLABLES:
        units = list(_UNIT.finditer(piece))
        cut, heard = len(piece), 0
        for unit in units:
            heard += max(1, round(len(unit.group()) / 3))
            if heard > MOST_SYLLABLES // 2:
                cut = unit.start()
                break
        if cut == 0:  # one endless word
            cut = units[0].end() if units else len(piece)
            if syllables(piece[:cut]) > MOST_SYLLABLES:
                cut = 3 * MOST_SYLLABLES // 2
        short.append(piece[:cut])
        piece = piece[cut:]
    return [*short, piece]
