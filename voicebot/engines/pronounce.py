"""Mandarin text, with the odd English word, to the syllables and phonemes a voice model wants.

Words are found by jieba, their readings by pypinyin, which knows most polyphones once it knows the
word; what it does not know, a persona's file says. Kokoro's Mandarin voices were trained on citation
tones without tone sandhi (misaki's "legacy" alphabet), so none is applied: the model does it. English
words come from misaki's dictionary; what is not a word there is spelled, as people do with 「APP」 and
「L码」.
"""

from __future__ import annotations

import json
import logging
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pypinyin import Style, lazy_pinyin

SYLLABLE = re.compile(r"[a-zü]{1,6}[1-5]")
"""one syllable as persona files write it: `nuan3`, `lv4` or `lü4`; 5 is the neutral tone"""

_TOKENS = re.compile(
    r"(?P<han>[\u3400-\u9fff〇]+)|(?P<latin>[A-Za-z]+(?:['’][A-Za-z]+)*)|(?P<digits>\d+)|.", re.S
)
_PUNCTUATION = str.maketrans(
    {
        "，": ",", "、": ",", "。": ".", "．": ".", "！": "!", "？": "?", "；": ";", "：": ":",
        "～": ",", "~": ",", "·": " ", "「": "“", "」": "”", "『": "“", "』": "”", "《": "“", "》": "”",
        "【": "“", "】": "”", "（": "(", "）": ")", "\n": ".", "–": "—", "\u3000": " ",
    }
)  # fmt: skip
_MARKS = frozenset(',.!?;:—…“”()"')
_FIGURES = "零一二三四五六七八九"
_LONGEST_ACRONYM = 4


@dataclass(frozen=True, slots=True)
class Word:
    """One piece of a prompt: exactly one field is filled."""

    pinyin: tuple[str, ...] = ()
    """syllables with tone numbers"""
    latin: str = ""
    mark: str = ""
    """one punctuation character, half width"""


def segmenter(folder: Path | None) -> Any:
    """jieba's tokeniser, with its prepared dictionary kept in `folder` instead of a shared /tmp file.

    Takes about a second at first, and each time where the folder cannot be written: for a warm-up.
    """
    import jieba

    jieba.setLogLevel(logging.WARNING)
    tokenizer = jieba.Tokenizer()
    tokenizer.cache_file = "jieba.cache"
    with tempfile.TemporaryDirectory() as passing:
        tokenizer.tmp_dir = str(folder) if folder is not None and _can_write(folder) else passing
        tokenizer.initialize()
    return tokenizer


def _can_write(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)


def words(text: str, tokenizer: Any, polyphones: Mapping[str, str]) -> Iterator[Word]:
    """Read a prompt: words with their syllables, English words, punctuation.

    polyphones: word -> syllables such as "chong2 xin1", one per character; longer words win.
    Digits should be words by now; those that are left are read as a number when short, else one by one.
    Signs nobody speaks are left out.
    """
    at = 0
    for found in _polyphone_pattern(tuple(polyphones)).finditer(text) if polyphones else ():
        yield from _plain_words(text[at : found.start()], tokenizer)
        yield Word(pinyin=tuple(polyphones[found.group()].replace("ü", "v").split()))
        at = found.end()
    yield from _plain_words(text[at:], tokenizer)


@lru_cache(maxsize=64)
def _polyphone_pattern(known: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(word) for word in sorted(known, key=len, reverse=True)))


def _plain_words(text: str, tokenizer: Any) -> Iterator[Word]:
    for found in _TOKENS.finditer(text):
        token = found.group()
        if found.lastgroup == "digits":
            token = figures(token)
        if found.lastgroup in ("han", "digits"):
            for word in tokenizer.cut(token):
                pinyin = lazy_pinyin(word, style=Style.TONE3, neutral_tone_with_five=True, errors="ignore")
                if pinyin:
                    yield Word(pinyin=tuple(pinyin))
        elif found.lastgroup == "latin":
            yield Word(latin=token.replace("’", "'"))
        else:
            mark = token.translate(_PUNCTUATION)
            if mark in _MARKS:
                yield Word(mark=mark)


def figures(digits: str) -> str:
    """Digits nobody turned into words before: a short number as a number, a long one digit by digit.

    >>> figures("3"), figures("10"), figures("120"), figures("95188"), figures("007")
    ('三', '十', '一百二十', '九五幺八八', '零零七')
    """
    if len(digits) <= 4 and (digits == "0" or not digits.startswith("0")):
        import cn2an

        number = str(cn2an.an2cn(digits))
        return number.removeprefix("一") if number.startswith("一十") else number
    return "".join(_FIGURES[int(digit)] for digit in digits).replace("一", "幺")


def romanise(text: str) -> str:
    """Chinese characters inside English text, as an English voice can read them.

    >>> romanise("Your parcel from 小暖 is on its way")
    'Your parcel from Xiao Nuan is on its way'
    """

    def spell(found: re.Match[str]) -> str:
        return " " + " ".join(syllable.capitalize() for syllable in lazy_pinyin(found.group())) + " "

    spaced = re.sub(
        r"[\u3400-\u9fff]+", spell, re.sub(r"[，。！？；：、]", r"\g<0> ", text).translate(_PUNCTUATION)
    )
    return re.sub(r"\s+([,.!?;:])", r"\1", re.sub(r"\s+", " ", spaced)).strip()


# --- Kokoro's alphabet ----------------------------------------------------------------------


@lru_cache(maxsize=4096)
def syllable_phonemes(pinyin: str) -> str:
    """One syllable in Kokoro's alphabet; "" for what is no syllable.

    >>> syllable_phonemes("nuan3"), syllable_phonemes("de5")
    ('nwa↓n', 'tɤ')
    """
    from misaki.zh import ZHG2P

    try:
        return str(ZHG2P.py2ipa(pinyin)).replace("\u032f", "")
    except (ValueError, AssertionError):
        return ""


def kokoro_phonemes(found: Iterator[Word], english: EnglishWords) -> str:
    """A prompt in Kokoro's alphabet: words apart by blanks, punctuation kept."""
    pieces: list[str] = []
    for word in found:
        if word.mark:
            if pieces and pieces[-1][-1:] in _MARKS and word.mark not in "“(":
                continue  # 「？！」 is one stop
            glue = "" if word.mark not in "“(" or not pieces else " "
            pieces.append(glue + word.mark)
            continue
        sound = "".join(syllable_phonemes(one) for one in word.pinyin) or english.phonemes(word.latin)
        if sound:
            glue = "" if not pieces or pieces[-1][-1:] in "“(" else " "
            pieces.append(glue + sound)
    return "".join(pieces)


class EnglishWords:
    """How English words sound, from misaki's dictionaries; unknown ones are spelled."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}
        spec = find_spec("misaki")
        for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
            for name in ("us_silver.json", "us_gold.json"):
                entries = json.loads((Path(folder) / "data" / name).read_text(encoding="utf-8"))
                for word, sound in entries.items():
                    plain = sound["DEFAULT"] if isinstance(sound, dict) else sound
                    if plain:
                        self._known[word] = plain

    def phonemes(self, word: str) -> str:
        if not word:
            return ""
        if (whole := self._known.get(word)) is not None and (len(word) > 1 or word.isupper()):
            return whole
        if len(word) == 1 or (word.isupper() and len(word) <= _LONGEST_ACRONYM):
            return self._spelled(word)
        return self._whole(word) or self._composed(word) or self._spelled(word)

    def _whole(self, word: str) -> str:
        for form in (word, word.lower(), word.capitalize()):
            if (sound := self._known.get(form)) is not None:
                return sound
        stem = word.lower()
        for ending, sound in (("'s", "z"), ("s", "z"), ("ing", "ɪŋ"), ("ed", "d")):
            if stem.endswith(ending) and len(stem) > len(ending) + 2:
                base = self._known.get(stem.removesuffix(ending))
                if base is not None:
                    return base + ("s" if sound == "z" and base[-1] in "ptkfθ" else sound)
        return ""

    def _composed(self, word: str) -> str:
        """WeChat, iPhone, Alipay: two known words, parted at a capital if there is one inside."""
        inner = [at for at in range(1, len(word) - 1) if word[at].isupper() and word[at - 1].islower()]
        for at in inner or range(len(word) - 3, 2, -1):
            head, tail = word[:at], word[at:]
            first = self._spelled(head) if len(head) == 1 else self._whole(head)
            second = self._whole(tail)
            if first and second:
                return f"{first} {second}"
        return ""

    def _spelled(self, word: str) -> str:
        return " ".join(self._known[letter] for letter in word.upper() if letter in self._known)
