"""How an utterance sounds: toneless syllables, and how far apart two of them are to the ear.

Most recognition errors over the telephone are homophones (原路 -> 援路) or near ones (余额 ->
鱼闻), and many callers do not tell zh from z, n from l, an from ang. A syllable is compared
by its parts: initial, medial, main vowel and ending, each by how easily it is misheard.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from pypinyin import lazy_pinyin
from rapidfuzz import fuzz

_TOKEN = re.compile(r"[㐀-鿿〇]+|[a-z']+|[0-9]", re.IGNORECASE)

_FIGURES = dict(
    zip("0123456789", ("ling", "yi", "er", "san", "si", "wu", "liu", "qi", "ba", "jiu"), strict=True)
)

_INITIALS = ("zh", "ch", "sh", *"bpmfdtnlgkhjqxrzcsyw")

_NEAR_INITIALS: dict[frozenset[str], float] = {
    frozenset(pair): cost
    for cost, pairs in {
        0.1: (("zh", "z"), ("ch", "c"), ("sh", "s"), ("n", "l")),
        0.2: (("h", "f"), ("r", "l"), ("r", "n"), ("h", ""), ("r", "")),
        0.35: (
            ("b", "p"), ("d", "t"), ("g", "k"), ("zh", "ch"), ("z", "c"), ("j", "q"), ("j", "zh"),
            ("q", "ch"), ("x", "sh"), ("x", "s"), ("j", "z"), ("q", "c"), ("m", "n"),
            ("zh", "c"), ("z", "ch"), ("c", "s"), ("ch", "sh"), ("m", "b"), ("h", "k"), ("q", "x"),
            ("j", "x"), ("l", ""), ("m", ""), ("g", "h"), ("r", "y"), ("f", "w"),
        ),
    }.items()
    for pair in pairs
}  # fmt: skip

_FINALS = (
    "a o e ai ei ao ou an en ang eng er ong i ia ie iao iu ian in iang ing iong u ua uo uai ui uan un uang "
    "ueng ü üe üan ün ue"
)
_FINAL = re.compile(r"^([iuü]?)(.*?)(ng|n|r|i|u|o)?$")
_VOWELS: dict[frozenset[str], float] = {
    frozenset(pair): cost
    for cost, pairs in {
        0.3: (("e", "o"), ("i", "ü"), ("u", "ü"), ("u", "o")),
        0.5: (("a", "e"), ("i", "e"), ("o", "a"), ("u", "e")),
    }.items()
    for pair in pairs
}


@dataclass(frozen=True, slots=True)
class Token:
    """One character, Latin word or figure, and where it stands."""

    text: str
    sound: str
    """toneless syllable; Latin words as they are; a figure sounds like its number"""
    start: int
    end: int


@lru_cache(maxsize=8192)
def tokens(text: str) -> tuple[Token, ...]:
    """Cut text into what is heard as one piece each; punctuation and spaces fall between."""
    text_lower = text.lower()
    out: list[Token] = []
    for piece in _TOKEN.finditer(text_lower):
        run = piece[0]
        if run[0] >= "〇":
            for offset, sound in enumerate(_sounds(run)):
                at = piece.start() + offset
                out.append(Token(run[offset], sound, at, at + 1))
        else:
            out.append(Token(run, _FIGURES.get(run, run), piece.start(), piece.end()))
    return tuple(out)


def _sounds(run: str) -> list[str]:
    sounds = lazy_pinyin(run.replace("〇", "零"), v_to_u=True)
    if len(sounds) != len(run):
        sounds = [lazy_pinyin(char, v_to_u=True)[0] for char in run]
    return ["yi" if char == "幺" else sound for char, sound in zip(run, sounds, strict=True)]


def syllables(text: str) -> tuple[str, ...]:
    """Toneless syllables; Latin words and figures are tokens of their own.

    >>> syllables("援路退回 ok 12")
    ('yuan', 'lu', 'tui', 'hui', 'ok', '1', '2')
    """
    return tuple(token.text if token.text.isdigit() else token.sound for token in tokens(text))


@lru_cache(maxsize=1024)
def _parts(syllable: str) -> tuple[str, str, str, str]:
    """(initial, medial, main vowel, ending)."""
    initial = next((i for i in _INITIALS if syllable.startswith(i)), "")
    final = syllable[len(initial) :]
    if initial == "y":
        initial, final = (
            "",
            {"u": "ü", "ue": "üe", "uan": "üan", "un": "üen"}.get(final, "i" + final.lstrip("i")),
        )
    elif initial == "w":
        initial, final = "", "u" + final.lstrip("u")
    elif initial in ("j", "q", "x") and final.startswith("u"):
        final = "ü" + final[1:]
    final = {
        "un": "uen",
        "ün": "üen",
        "ui": "uei",
        "iu": "iou",
        "in": "ien",
        "ing": "ieng",
        "ong": "ueng",
        "iong": "üeng",
    }.get(final, final)
    found = _FINAL.match(final)
    if found is None:
        return initial, "", final, ""
    medial, vowel, ending = found[1], found[2], found[3] or ""
    if not vowel:
        medial, vowel, ending = "", medial + (ending if not medial else ""), ending if medial else ""
    return initial, medial, vowel, ending


@lru_cache(maxsize=65536)
def syllable_cost(a: str, b: str) -> float:
    """0 for the same sound, small for what is easily taken for the other, 1 for nothing in common."""
    if a == b:
        return 0.0
    a, b = _FIGURES.get(a, a), _FIGURES.get(b, b)
    if a == b:
        return 0.0
    a_parts, b_parts = _parts(a), _parts(b)
    if not (_is_syllable(a) and _is_syllable(b)):
        if not (a.isascii() and b.isascii()) or min(len(a), len(b)) < 4:
            return 1.0
        ratio = fuzz.ratio(a, b) / 100
        return 1.0 if ratio < 0.7 else (1 - ratio)
    initial = (
        0.0 if a_parts[0] == b_parts[0] else _NEAR_INITIALS.get(frozenset((a_parts[0], b_parts[0])), 1.0)
    )
    medial = 0.0 if a_parts[1] == b_parts[1] else 0.6 if "" in (a_parts[1], b_parts[1]) else 0.8
    if {a_parts[1], b_parts[1]} == {"u", "ü"} or {a_parts[1], b_parts[1]} == {"i", "ü"}:
        medial = 0.4
    vowel = 0.0 if a_parts[2] == b_parts[2] else _VOWELS.get(frozenset((a_parts[2], b_parts[2])), 1.0)
    ending = 0.0 if a_parts[3] == b_parts[3] else 0.15 if {a_parts[3], b_parts[3]} == {"n", "ng"} else 0.7
    return min(1.0, 0.42 * initial + 0.3 * medial + 0.5 * vowel + 0.25 * ending)


@lru_cache(maxsize=4096)
def _is_syllable(text: str) -> bool:
    return text in _all_syllables()


@lru_cache(maxsize=1)
def _all_syllables() -> frozenset[str]:
    joined = {initial + final for initial in (*_INITIALS, "") for final in _FINALS.split()}
    return frozenset(joined)


def distance(a: str | Sequence[str], b: str | Sequence[str]) -> float:
    """How different two utterances sound, 0 (the same) to 1.

    a, b: texts, or syllables already taken. Weighted edit distance over syllables, divided by the longer one.

    >>> distance("原路退回", "援路退回")
    0.0
    """
    left = syllables(a) if isinstance(a, str) else tuple(a)
    right = syllables(b) if isinstance(b, str) else tuple(b)
    if not left or not right:
        return 0.0 if left == right else 1.0
    row = [float(j) for j in range(len(right) + 1)]
    for i, x in enumerate(left, 1):
        before, row[0] = row[0], float(i)
        for j, y in enumerate(right, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + syllable_cost(x, y))
    return row[-1] / max(len(left), len(right))
