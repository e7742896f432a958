"""Amounts of money as people say them, in cents: 一千两百九十九块五, 两块五毛, 一百来块, twelve fifty."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from voicebot.language import negation, numbers
from voicebot.language.numbers import ZH_DIGITS, Number
from voicebot.language.parsed import NOTHING, Parsed, ValueContext

_YUAN = re.compile(r"^(?:多|来|几|把)?\s?(?:块|元|圆|人民币|yuan|rmb|kuai)(?P<money>钱)?")
_TENTHS = re.compile(
    rf"^零?(?P<tenth>[{''.join(ZH_DIGITS)}\d]|半)(?:(?:毛|"
    rf"角)钱?(?:零?(?P<cent>[{''.join(ZH_DIGITS)}\d])分?)?|"
    rf"(?P<bare>)(?![{''.join(ZH_DIGITS)}\d十百千万毛角分月号日天个笔单件年点块元]))"
)
_CENTS_ONLY = re.compile(rf"^零?(?P<cent>[{''.join(ZH_DIGITS)}\d]+)分")
_JIAO = re.compile(r"^\s?(?:毛|角)")
_FEN = re.compile(r"^\s?分(?!之|钟|[感满])")
_DOLLARS = re.compile(r"^\s?(?:dollars?|bucks?|usd|quid|pounds?|euros?)(?![a-z])")
_AND_CENTS = re.compile(r"^\s?(?:and\s)?(?P<cents>.+?)\s?cents?(?![a-z])")
_CENT = re.compile(r"^\s?cents?(?![a-z])")
_SIGN = re.compile(r"(?:¥|￥|\$|€|£|rmb|cny|usd)\s?$")
_OTHER_UNIT = re.compile(
    r"^\s?(?:下|些|点儿|会|遍|起|直|共|定|样|般|边|份|条|种|家|人|双|码|张|套|号|月|日|年|天|个|件|笔|单|"
    r"次|点(?!\d)|分钟|小时|折|%|percent|周|星期|礼拜|位|码|斤|公斤|days?|weeks?|items?|times|th|st|nd|"
    r"rd|o'clock|am|pm)"
)
_TAIL_BEFORE = re.compile(
    r"(?:尾号|后[四六三]位|订单号|单号|卡号|号码|手机号|ending in|number|尾数|"
    r"第|礼拜|星期|周|百分之)(?:是|为)?\s?$"
)


@dataclass(frozen=True, slots=True)
class Amount:
    """One amount found in a text; all figures in cents."""

    cents: int
    low: int
    high: int
    start: int
    end: int
    has_unit: bool
    """said with 块, 元, dollars ...; without it only the question makes it money"""
    other: int | None = None
    """a second reading: "two ninety nine" is 2.99 or 299"""
    is_string: bool = False
    """said digit by digit"""

    @property
    def is_approximate(self) -> bool:
        return self.low != self.high

    def covers(self, cents: int) -> bool:
        """True when a price of so many cents may be called this: people drop the cents."""
        if self.low <= cents <= self.high or cents == self.other:
            return True
        return not self.is_approximate and self.cents % 100 == 0 and abs(cents - self.cents) < 100


def find(text: str, language: str = "zh") -> list[Amount]:
    """All amounts of a normalised text, with and without a unit, in order."""
    out: list[Amount] = []
    done = 0
    found = numbers.find(text, language)
    for at, number in enumerate(found):
        if number.start < done or _TAIL_BEFORE.search(text[: number.start]):
            continue
        amount = _with_unit(text, number) or _english(text, number, found[at + 1 :])
        if amount is None and not _counts_something(text, number):
            signed = bool(_SIGN.search(text[: number.start]))
            amount = _amount(number, number.value * 100, number.end, has_unit=signed)
        if amount is not None:
            out.append(amount)
            done = amount.end
    if not out and (half := re.search(r"半块", text)):
        out.append(Amount(50, 50, 50, half.start(), half.end(), True))
    if not out and (about_one := re.search(r"块把钱|百把块|千把块|万把块", text)):
        size = {"块": 1, "百": 100, "千": 1000, "万": 10000}[about_one[0][0]] * 100
        out.append(Amount(size, size, size * 2, about_one.start(), about_one.end(), True))
    return out


_AFTER_AMOUNT = re.compile(r"^\s?(?:$|[吧啊呀呢的那这左右上下多来不对\s]|[一-鿿]{0,2}$|[a-z])")


def _counts_something(text: str, number: Number) -> bool:
    """A bare number is money only where it counts nothing else: 一台, 三样, 六石镇."""
    after = text[number.end :]
    if _OTHER_UNIT.match(after):
        return True
    is_small = number.value < 10 and not number.is_figure
    return is_small and _AFTER_AMOUNT.match(after) is None


def _amount(number: Number, cents: Fraction, end: int, *, has_unit: bool, exact: bool = False) -> Amount:
    scale = 100
    low, high = (cents, cents) if exact else (number.low * scale, number.high * scale)
    if not exact and number.low == number.high:
        low = high = cents
    return Amount(round(cents), round(low), round(high), number.start, end, has_unit, None, number.is_string)


def _with_unit(text: str, number: Number) -> Amount | None:
    after = text[number.end :]
    if (jiao := _JIAO.match(after)) is not None:
        end = number.end + jiao.end()
        cents = number.value * 10
        fen = _CENTS_ONLY.match(text[end:])
        if fen is None:
            fen = re.match(rf"^(?P<cent>[{''.join(ZH_DIGITS)}])(?![\w])", text[end:])
        if fen is not None:
            value = numbers.parse_zh(fen["cent"])
            cents, end = cents + (value[0] if value else 0), end + fen.end()
        return _amount(number, cents, end, has_unit=True, exact=True)
    if (fen := _FEN.match(after)) is not None:
        return _amount(number, number.value, number.end + fen.end(), has_unit=True, exact=True)
    yuan = _YUAN.match(after)
    if yuan is None:
        return None
    end = number.end + yuan.end()
    cents = number.value * 100
    exact = False
    if not yuan["money"] and (part := _TENTHS.match(text[end:])) is not None:
        exact = True
        tenth = Fraction(1, 2) * 10 if part["tenth"] == "半" else Fraction(_digit(part["tenth"]))
        is_cent = text[end] == "零" and part["bare"] is not None
        cents += tenth * (1 if is_cent else 10)
        if part["cent"]:
            cents += _digit(part["cent"])
        end += part.end()
    elif not yuan["money"] and (fen := _CENTS_ONLY.match(text[end:])) is not None:
        exact = True
        value = numbers.parse_zh(fen["cent"])
        cents, end = cents + (value[0] if value else 0), end + fen.end()
    elif not yuan["money"] and (
        both := re.match(rf"^([{''.join(ZH_DIGITS)}])([{''.join(ZH_DIGITS)}])(?![\w])", text[end:])
    ):
        exact = True
        cents, end = cents + _digit(both[1]) * 10 + _digit(both[2]), end + 2
    return _amount(number, cents, end, has_unit=True, exact=exact and number.low == number.high)


def _digit(char: str) -> int:
    return int(char) if char.isascii() else ZH_DIGITS[char]


def _english(text: str, number: Number, following: list[Number]) -> Amount | None:
    after = text[number.end :]
    if (dollars := _DOLLARS.match(after)) is not None:
        end = number.end + dollars.end()
        cents = number.value * 100
        rest = re.match(r"^\s?(?:and\s)?", text[end:])
        start = end + (rest.end() if rest else 0)
        small = next((n for n in following if n.start == start), None)
        if small is not None and small.value < 100:
            tail = _CENT.match(text[small.end :])
            return _amount(
                number,
                cents + small.value,
                small.end + (tail.end() if tail else 0),
                has_unit=True,
                exact=True,
            )
        return _amount(number, cents, end, has_unit=True)
    if (cent := _CENT.match(after)) is not None:
        return _amount(number, number.value, number.end + cent.end(), has_unit=True, exact=True)
    if not number.is_figure and following and number.start < number.end and text[number.start].isascii():
        small = following[0]
        joined = small.start - number.end <= 1 and not small.is_figure
        if joined and 10 <= small.value < 100 and 0 < number.value < 1000 and small.value.denominator == 1:
            cents = number.value * 100 + small.value
            end, has_unit = small.end, False
            if (unit := _DOLLARS.match(text[end:])) is not None:
                whole = int(cents)
                return Amount(
                    whole * 100, whole * 100, whole * 100, number.start, end + unit.end(), True, whole
                )
            other = None if number.value >= 10 and small.value % 100 == 0 else int(cents) * 100
            return Amount(round(cents), round(cents), round(cents), number.start, end, has_unit, other)
    return None


def parse(text: str, ctx: ValueContext) -> Parsed:
    """Read the answer to "how much?"; the value is whole cents."""
    found = find(text, ctx.language)
    if any(amount.has_unit for amount in found):
        found = [amount for amount in found if amount.has_unit]
    if not found:
        return NOTHING
    chosen, corrected = found[0], False
    others: list[int] = []
    for amount in found[1:]:
        if negation.is_corrected(text[chosen.end : amount.start], text[amount.end :]):
            chosen, corrected = amount, True
        elif amount.cents != chosen.cents:
            others.append(amount.cents)
    if chosen.cents < 0:
        return Parsed(None, 0.0, (), "out_of_range", spans=((chosen.start, chosen.end),))
    if others and not corrected:
        return Parsed(None, 0.0, (chosen.cents, *others), "ambiguous", spans=((chosen.start, chosen.end),))
    confidence = 0.95 if chosen.has_unit else 0.85
    if chosen.is_approximate:
        confidence = 0.7
    if chosen.other is not None:
        confidence, others = 0.65, [chosen.other]
    if text[: chosen.start].rstrip().endswith(("不是", "不要", "not")):
        return Parsed(None, 0.0, (), "refused", True, spans=((chosen.start, chosen.end),))
    return Parsed(
        chosen.cents,
        confidence,
        tuple(others),
        "",
        corrected,
        False,
        chosen.is_approximate,
        ((chosen.start, chosen.end),),
    )
