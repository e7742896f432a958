"""Numbers as people say them: 一千两百九十九, 三万二, 两百五, 1.5万, 十几, 两三百, twelve hundred, 3k.

A number said digit by digit (二零二六) is found too and marked, because only the question asked
tells whether it is a quantity or a string of digits.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

_ZH_WRITINGS = ("零〇", "一幺壹", "二两贰", "三叁", "四肆", "五伍", "六陆", "七柒", "八捌", "九玖")
ZH_DIGITS = {char: value for value, chars in enumerate(_ZH_WRITINGS) for char in chars}
ZH_UNITS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000, "万": 10_000, "亿": 100_000_000}

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
EN_ONES = {word: value for value, word in enumerate(_ONES.split())}
EN_TENS = {word: value * 10 for value, word in enumerate(_TENS.split(), 2)}
EN_UNITS = {"hundred": 100, "thousand": 1000, "grand": 1000, "k": 1000, "million": 1_000_000}

_ZH_RUN = re.compile(
    r"[负]?(?:\d+(?:\.\d+)?|[零〇一幺壹二两贰三叁四肆五伍六陆七柒八捌九玖十拾百佰千仟万亿几半]|"
    r"(?<=[\d零〇一二两三四五六七八九十百千万壹贰叁肆伍陆柒捌玖拾佰仟])点(?=[\d零〇一二三四五六七八九幺壹贰叁肆伍陆柒捌玖])|"
    r"(?<=[十百千万])[多来](?=[万亿]))+"
)
_ZH_PIECE = re.compile(r"\d+(?:\.\d+)?|.")
_ABOUT_BEFORE = re.compile(
    r"(?:大概|大约|差不多|可能|好像|约|将近|接近|近|快|上下|about|around|roughly|nearly|almost|like|"
    r"maybe|some)\s?(?:是|有|要|就)?\s?$"
)
_ABOUT_AFTER = re.compile(
    r"^(?:多|来|几|出头|左右|上下|(?:块钱?|元|圆)(?:钱)?(?:左右|上下|出头|多)| ?(?:or so|ish|something|odd))"
)
_EN_TOKEN = re.compile(r"[a-z]+(?:'[a-z]+)?|\d+(?:\.\d+)?k?")


@dataclass(frozen=True, slots=True)
class Number:
    """One number found in a text."""

    value: Fraction
    start: int
    end: int
    low: Fraction
    high: Fraction
    """both equal `value` unless said as an approximation: 一百多, 两三百, 十几"""
    is_string: bool = False
    """said digit by digit; it may be no quantity at all"""
    is_figure: bool = False
    """written in figures"""

    @property
    def is_approximate(self) -> bool:
        return self.low != self.high


def find(text: str, language: str = "zh") -> list[Number]:
    """All numbers of a normalised text, in order."""
    found = _find_zh(text)
    if language == "en" or not found:
        taken = [(number.start, number.end) for number in found if not number.is_figure]
        figures = _find_en(text)
        english = [n for n in figures if not any(n.start < end and start < n.end for start, end in taken)]
        found = sorted(
            [*english, *(n for n in found if not any(n.start < e.end and e.start < n.end for e in english))],
            key=lambda number: number.start,
        )
    return found


def _about(text: str, start: int, end: int, value: Fraction) -> tuple[Fraction, Fraction]:
    """How far the true number may lie from the one said."""
    after = _ABOUT_AFTER.match(text[end:])
    if (
        (after and after[0][0] in "多来几")
        or (after and "出头" in after[0])
        or (after and after[0].endswith("多"))
    ):
        unit = _last_unit(value)
        return value, value + unit
    if after or _ABOUT_BEFORE.search(text[:start]):
        spread = value / 6
        return value - spread, value + spread
    return value, value


def _last_unit(value: Fraction) -> Fraction:
    """The size of the last digit that is not zero: 100 for 300, 1000 for 12000."""
    unit = 1
    while value and value % (unit * 10) == 0:
        unit *= 10
    return Fraction(unit)


def _find_zh(text: str) -> list[Number]:
    out: list[Number] = []
    for run in _ZH_RUN.finditer(text):
        words = run[0]
        start, end = run.span()
        if not re.search(r"[\d零〇一幺壹二两贰三叁四肆五伍六陆七柒八捌九玖十拾百佰千仟万亿]", words):
            continue
        if words in ("百", "千", "万", "亿", "佰", "仟", "一半", "陆", "伍") or text[end : end + 2] == "感谢":
            continue
        parsed = parse_zh(words)
        if parsed is None:
            continue
        value, low, high, is_string = parsed
        if low == high:
            low, high = _about(text, start, end, value)
        out.append(
            Number(
                value, start, end, low, high, is_string, is_figure=words[0].isdigit() and words[0].isascii()
            )
        )
    return out


def parse_zh(words: str) -> tuple[Fraction, Fraction, Fraction, bool] | None:
    """One run of number characters -> (value, low, high, said digit by digit), or None.

    >>> parse_zh("三万二")[0], parse_zh("两百五")[0], parse_zh("一千零五十")[0]
    (Fraction(32000, 1), Fraction(250, 1), Fraction(1050, 1))
    """
    sign = -1 if words.startswith("负") else 1
    words = words.removeprefix("负")
    if "点" in words:
        whole, _, rest = words.partition("点")
        unit = 1
        while rest and rest[-1] in "万亿百千":
            unit, rest = unit * ZH_UNITS[rest[-1]], rest[:-1]
        figures = "".join(str(ZH_DIGITS.get(char, char)) for char in rest)
        before = parse_zh(whole)
        if before is None or not figures.isdigit():
            return None
        value = sign * (before[0] + Fraction(int(figures), 10 ** len(figures))) * unit
        return value, value, value, False
    pieces = _ZH_PIECE.findall(words)
    if all(piece in ZH_DIGITS for piece in pieces) and len(pieces) > 1:
        value = Fraction(int("".join(str(ZH_DIGITS[piece]) for piece in pieces)))
        return value, value, value, True
    return _parse_with_units(pieces, sign)


def _parse_with_units(pieces: list[str], sign: int) -> tuple[Fraction, Fraction, Fraction, bool] | None:
    total, section = Fraction(0), Fraction(0)
    current: Fraction | None = None
    spread_low, spread_high = Fraction(0), Fraction(0)
    last_unit, zero = 1, False
    is_half = False
    for at, piece in enumerate(pieces):
        if piece == "几":
            following = ZH_UNITS.get(pieces[at + 1], 1) if at + 1 < len(pieces) else 1
            current = Fraction(3)
            spread_low, spread_high = Fraction(2 * following), Fraction(6 * following)
        elif piece in "多来":
            spread_high = max(spread_high, Fraction(last_unit) * 10_000)
        elif piece == "半":
            is_half = True
            current = (current or Fraction(0)) + Fraction(1, 2)
        elif piece in ZH_DIGITS:
            digit = ZH_DIGITS[piece]
            if digit == 0:
                zero = True
                continue
            if (
                current is not None
                and at + 1 < len(pieces)
                and pieces[at + 1] in ZH_UNITS
                and digit > current
            ):
                unit = ZH_UNITS[pieces[at + 1]]
                spread_high = (digit - current) * unit
                continue
            if current is not None:
                return None
            current = Fraction(digit)
        elif piece in ZH_UNITS:
            unit = ZH_UNITS[piece]
            if unit >= 10_000:
                section = section + (current or 0) if (section or current is not None) else Fraction(1)
                if unit == 10_000:
                    total, section = total + section * unit, Fraction(0)
                else:
                    total, section = (total + section) * unit, Fraction(0)
            else:
                section += (current if current is not None else Fraction(1)) * unit
            current, last_unit, zero = None, unit, False
        else:
            if current is not None or not piece[0].isdigit():
                return None
            current = Fraction(piece)
    if current is not None:
        elliptic = (
            last_unit >= 100 and not zero and 1 <= current <= 9 and current.denominator == 1 and not is_half
        )
        section += current * last_unit / 10 if elliptic and pieces[-1] != "几" else current
    value = sign * (total + section)
    return value, value - spread_low, value + spread_high, False


def _find_en(text: str) -> list[Number]:
    out: list[Number] = []
    tokens = list(_EN_TOKEN.finditer(text))
    at = 0
    while at < len(tokens):
        parsed = _parse_en(text, tokens, at)
        if parsed is None:
            at += 1
            continue
        value, after = parsed
        start, end = tokens[at].start(), tokens[after - 1].end()
        low, high = _about(text, start, end, value)
        out.append(Number(value, start, end, low, high, is_figure=text[start].isdigit()))
        at = after
    return out


def _parse_en(text: str, tokens: list[re.Match[str]], at: int) -> tuple[Fraction, int] | None:
    """The longest number that begins at this token: (value, index after it)."""
    total, section = Fraction(0), Fraction(0)
    begun, slot = False, 1_000_000_000
    first = at
    while at < len(tokens):
        word = tokens[at][0]
        following = tokens[at + 1][0] if at + 1 < len(tokens) else ""
        if word[0].isdigit():
            if begun:
                break
            figure = Fraction(word.rstrip("k")) * (1000 if word.endswith("k") else 1)
            section, begun, slot = figure, True, 1
        elif word in ("a", "an") and following in EN_UNITS and not begun:
            section, begun, slot = Fraction(1), True, 100
        elif word == "half" and following in ("a",) and not begun:
            break
        elif word in EN_TENS and slot > 10:
            section, begun, slot = section + EN_TENS[word], True, 10
        elif word in EN_ONES and (slot > 10 or (slot == 10 and 0 < EN_ONES[word] < 10)):
            if EN_ONES[word] == 0 and begun:
                break
            section, begun, slot = section + EN_ONES[word], True, 1
        elif word in EN_UNITS and begun:
            unit = EN_UNITS[word]
            if unit == 100:
                section, slot = section * 100, 100
            else:
                total, section, slot = total + section * unit, Fraction(0), 1000
        elif word == "and" and begun and slot >= 100 and (following in EN_ONES or following in EN_TENS):
            pass
        elif word == "point" and begun and (following in EN_ONES or following[:1].isdigit()):
            figures = ""
            at += 1
            while at < len(tokens) and (tokens[at][0] in EN_ONES or tokens[at][0].isdigit()):
                figures += str(EN_ONES.get(tokens[at][0], tokens[at][0]))
                at += 1
            return total + section + Fraction(int(figures), 10 ** len(figures)), at
        else:
            break
        at += 1
    return (total + section, at) if begun and at > first else None
