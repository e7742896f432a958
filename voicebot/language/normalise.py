"""One plain form of what was heard: simplified, half width, lower case, without hesitation.

Between Chinese characters a single space stays where the recogniser heard a pause (it wrote
punctuation): it is the only trace of where one clause ends, and "对，我想问" is not "对我想问".
Figures keep their point ("299.5"), times their colon, and grouping commas go ("1,299" -> "1299").
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache

from opencc import OpenCC

from voicebot.language import pinyin, vocabulary

_GROUPED = re.compile(r"(?<![\d,.])\d{1,3}(?:,\d{3})+(?![\d,])")
_KEPT_IN_FIGURES = re.compile(r"(?<=\d)[.:/](?=\d)")
_PAUSES = str.maketrans(dict.fromkeys("，。、！？；…", " "))
"""before widths are folded: a Chinese comma before a figure does not group it"""
_SIGNS = set("¥￥$€£%#@*+&")
_HESITATION_ZH = "嗯呃唔噢哦哎唉诶欸呣"
_HESITATIONS = re.compile(rf"(?<![^\s])[{_HESITATION_ZH}额啊]+(?=\s|$)|[呃唔嗯呣]+(?![呐哪])")
_HESITATIONS_EN = re.compile(
    r"(?<![a-z'])(?!uh.?huh|mm.?hmm)(?:u+h+m*|u+m+|e+r+m*|h+m+|a+h+|mm+)(?![a-z'])(?<!uh huh)(?<!mm hmm)"
)
_DOUBLED_THAT = re.compile(r"(那个|这个|就是|就是说|然后)(?:\s?\1)+")
_DIGITS = "零〇一二三四五六七八九十百千万亿幺两半0123456789.点"
_STUTTERED_ONE = re.compile(r"([我你您他她它这那])(?:\s?\1)+|(?<!不)([就把给跟在能要])\2+")
_STUTTERED_THRICE = re.compile(rf"([^\W{_DIGITS}a-z_])(?:\s?\1){{2,}}")
_STUTTERED_MORE = re.compile(rf"((?:[^\W{_DIGITS}a-z_]){{2,4}})(?:\s?\1)+")
_STUTTERED_EN = re.compile(
    r"(?<![a-z'])(i|i'm|it's|the|my|to|we|you|is|it|and|a|in|on|of|for|want)(?:\s\1)+(?![a-z'])"
)
_CJK = "㐀-鿿"


_TO_SIMPLIFIED = OpenCC("tw2s")


def simplified(text: str) -> str:
    """Traditional characters to simplified ones; everything else stays.

    >>> simplified("退款著急")
    '退款着急'
    """
    return str(_TO_SIMPLIFIED.convert(text))


@lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """Script, width, case and punctuation only; every word stays.

    >>> plain("魚聞，1,299.50元！")
    '鱼闻 1299.50元'
    """
    text = unicodedata.normalize("NFKC", text.translate(_PAUSES))
    text = simplified(text).lower()
    text = text.replace("’", "'").replace("‘", "'")
    text = _GROUPED.sub(lambda figure: figure[0].replace(",", ""), text)
    kept = {found.start() for found in _KEPT_IN_FIGURES.finditer(text)}
    out: list[str] = []
    for at, char in enumerate(text):
        before, after = text[at - 1 : at], text[at + 1 : at + 2]
        is_apostrophe = char == "'" and before.isalpha() and after.isalpha()
        is_minus = char == "-" and after.isdigit() and before in ("", " ")
        if char.isalnum() or char in _SIGNS or at in kept or is_apostrophe or is_minus:
            out.append(char)
        elif unicodedata.category(char) == "Mn":
            continue
        else:
            out.append(" ")
    return " ".join("".join(out).split())


def normalise(text: str, *, corrections: Mapping[str, str] | None = None, fillers: Sequence[str] = ()) -> str:
    """Bring what was heard into the form all rules of this package are written for.

    corrections: heard -> meant, from the operators; found by sound, longest first, and never
        across the edge of a longer word ("援路" -> "原路" leaves "支援路线" alone).
    fillers: words without meaning, dropped where they stand alone between pauses or open a sentence.
    An utterance of nothing but hesitation stays as it is: "嗯" may be an answer.

    >>> normalise("呃，我我我要退款。")
    '我要退款'
    """
    cleaned = _without_hesitation(plain(text), tuple(fillers))
    return _corrected(cleaned, corrections) if corrections else cleaned


@lru_cache(maxsize=1024)
def _without_hesitation(text: str, fillers: tuple[str, ...]) -> str:
    result = _HESITATIONS_EN.sub(" ", _HESITATIONS.sub(" ", text))
    for filler in sorted((plain(filler) for filler in fillers), key=len, reverse=True):
        if not filler:
            continue
        if filler[0].isascii():
            result = re.sub(rf"(?<![a-z']){re.escape(filler)}(?![a-z'])", " ", result)
        else:
            result = re.sub(rf"(?:^|(?<=\s)){re.escape(filler)}(?=\s)", " ", result)
            result = re.sub(rf"^\s*{re.escape(filler)}(?=[我你您请想要])", " ", result)
    result = _DOUBLED_THAT.sub(lambda found: "" if found.end() < len(result) else found[1], result)
    result = re.sub(r"^那个\s?(?=[我你您请])(?!我不)", "", " ".join(result.split()))
    result = _STUTTERED_ONE.sub(lambda found: found[1] or found[2], result)
    result = _STUTTERED_THRICE.sub(r"\1", result)
    result = _STUTTERED_MORE.sub(r"\1", result)
    result = _STUTTERED_EN.sub(r"\1", result)
    result = " ".join(result.split())
    if result:
        return result
    return re.sub(r"(\w)\1+", r"\1", text.replace(" ", "")) if re.search(rf"[{_CJK}]", text) else text


def _corrected(text: str, corrections: Mapping[str, str]) -> str:
    """Replace by sound, longest first; what has been replaced or is already meant is not looked at again."""
    tokens = pinyin.tokens(text)
    settled = [False] * len(tokens)
    found: list[tuple[int, int, str]] = []
    rules = [(pinyin.tokens(plain(heard)), plain(meant)) for heard, meant in corrections.items()]
    for heard, meant in sorted(rules, key=lambda rule: -len(rule[0])):
        if not heard:
            continue
        for at in range(len(tokens) - len(heard) + 1):
            window = tokens[at : at + len(heard)]
            if any(settled[at : at + len(heard)]):
                continue
            same_text = all(a.text == b.text for a, b in zip(window, heard, strict=True))
            same_sound = len(heard) > 1 and all(
                a.sound == b.sound for a, b in zip(window, heard, strict=True)
            )
            if not (same_text or same_sound):
                continue
            start, end = window[0].start, window[-1].end
            if vocabulary.cuts_a_word(text, start, end):
                continue
            settled[at : at + len(heard)] = [True] * len(heard)
            if text[start:end] != meant and not _is_part_of(text, start, end, meant):
                found.append((start, end, meant))
    for start, end, meant in sorted(found, reverse=True):
        text = text[:start] + meant + text[end:]
    return text


def _is_part_of(text: str, start: int, end: int, meant: str) -> bool:
    """The longer, right wording already stands here: "号" -> "尾号" must not make "尾尾号"."""
    inside = text[start:end]
    at = meant.find(inside)
    return at >= 0 and text[max(0, start - at) : start - at + len(meant)] == meant
