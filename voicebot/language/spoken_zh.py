"""Values as a Mandarin speaker says them on the telephone, in characters and never in figures."""

from __future__ import annotations

from datetime import date, datetime, time
from fractions import Fraction

_DIGITS = "零一二三四五六七八九"
_WEEKDAYS = "一二三四五六日"
MEASURES = frozenset("个件笔单天张次位项条年周种份双套台瓶盒包箱家块元点页遍只杯斤岁句步号楼辆部")
"""after one of these 2 is 两"""
_NOT_COUNTED = frozenset("号楼")
"""二号, 二楼 are names, not amounts"""


def digits(text: str, *, group: int = 0) -> str:
    """One by one, with 幺 for 1 as over the telephone; pauses between groups.

    >>> digits("1234")
    '幺二三四'
    """
    spoken = "".join(
        "幺" if char == "1" else _DIGITS[int(char)] if char.isascii() and char.isdigit() else char
        for char in text
    )
    if not group:
        return spoken
    return "，".join(spoken[at : at + group] for at in range(0, len(spoken), group))


def phone(text: str) -> str:
    """Grouped as people read numbers out: 3-4-4 for mobiles."""
    national = text.removeprefix("+86")
    national = "".join(char for char in national if char.isdigit())
    if len(national) == 11 and national[0] == "1":
        parts = [national[:3], national[3:7], national[7:]]
    elif len(national) == 10 and national[:3] in ("400", "800"):
        parts = [national[:3], national[3:6], national[6:]]
    elif len(national) <= 5:
        parts = [national]
    elif len(national) in (7, 8):
        parts = [national[:-4], national[-4:]]
    else:
        first = len(national) - 8 if len(national) > 9 else len(national) % 4 or 4
        parts = [national[:first], *(national[at : at + 4] for at in range(first, len(national), 4))]
    return "，".join(digits(part) for part in parts)


def cardinal(value: int, *, counted: bool = False) -> str:
    """A whole number; 两 for a leading 2 before 百 千 万 亿, and alone before a measure word.

    >>> cardinal(1299), cardinal(200), cardinal(12), cardinal(20050), cardinal(2, counted=True)
    ('一千二百九十九', '两百', '十二', '两万零五十', '两')
    """
    if value < 0:
        return "负" + cardinal(-value, counted=counted)
    if value < 10:
        return "两" if counted and value == 2 else _DIGITS[value]
    sections: list[int] = []
    rest = value
    while rest:
        sections.append(rest % 10_000)
        rest //= 10_000
    out = ""
    for at in range(len(sections) - 1, -1, -1):
        section = sections[at]
        if not section:
            continue
        if out and (section < 1000 or sections[at + 1] == 0):
            out += "零"
        unit = ("", "万", "亿", "万亿")[at]
        out += ("两" if section == 2 and unit else _section(section)) + unit
    if out.startswith("一十"):
        out = out[1:]
    for unit in "百千":
        if out.startswith("二" + unit):
            out = "两" + out[1:]
    return out.replace("万二千", "万两千").replace("亿二千", "亿两千")


def _section(value: int) -> str:
    out, zero = "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = value // unit % 10
        if digit:
            out += ("零" if zero and out else "") + _DIGITS[digit] + name
            zero = False
        else:
            zero = True
    if out.startswith(("二千", "二百")):
        out = "两" + out[1:]
    return out


def number(value: Fraction, *, counted: bool = False) -> str:
    if value.denominator == 1:
        return cardinal(int(value), counted=counted)
    sign = "负" if value < 0 else ""
    whole, _, rest = f"{float(abs(value)):.4f}".rstrip("0").partition(".")
    return f"{sign}{cardinal(int(whole))}点{''.join(_DIGITS[int(char)] for char in rest)}"


def percent(value: Fraction) -> str:
    return ("负" if value < 0 else "") + "百分之" + number(abs(value))


def money(cents: int) -> str:
    """Cents as 元 角 分; nothing that is zero is said.

    >>> money(129950), money(20000), money(250), money(1205)
    ('一千二百九十九元五角', '两百元', '两元五角', '十二元零五分')
    """
    if cents < 0:
        return "负" + money(-cents)
    yuan, rest = divmod(cents, 100)
    jiao, fen = divmod(rest, 10)
    out = f"{cardinal(yuan, counted=True)}元" if yuan or not rest else ""
    if jiao:
        out += f"{cardinal(jiao, counted=True)}角"
    elif fen and yuan:
        out += "零"
    if fen:
        out += f"{cardinal(fen, counted=not out)}分"
    return out


def day(value: date, today: date | None, *, figures: bool = False) -> str:
    """昨天, 周三, 上周三, 十一月十八号; further away with 去年 or the year."""
    if today is not None:
        away = (value - today).days
        near = {0: "今天", -1: "昨天", -2: "前天", 1: "明天", 2: "后天"}.get(away)
        if near:
            return near
        weeks = (value.toordinal() - 1) // 7 - (today.toordinal() - 1) // 7
        if weeks in (-1, 0, 1):
            return {0: "周", -1: "上周", 1: "下周"}[weeks] + _WEEKDAYS[value.weekday()]
    year = ""
    if today is None or value.year != today.year:
        by = value.year - today.year if today is not None else None
        year = {-1: "去年", 1: "明年"}.get(by if by is not None else 0, "")
        if today is not None and not year:
            year = (
                f"{value.year}年"
                if figures
                else "".join(_DIGITS[int(char)] for char in str(value.year)) + "年"
            )
    if figures:
        return f"{year}{value.month}月{value.day}号"
    return f"{year}{cardinal(value.month)}月{cardinal(value.day)}号"


def part_of_day(hour: int) -> str:
    for until, name in ((5, "凌晨"), (8, "早上"), (11, "上午"), (12, "中午"), (17, "下午"), (23, "晚上")):
        if hour <= until:
            return name
    return ""


def clock(value: time) -> str:
    """下午三点半, 上午九点零五分."""
    hour = value.hour - 12 if value.hour > 12 else value.hour
    if value.minute == 0:
        rest = ""
    elif value.minute == 30:
        rest = "半"
    elif value.minute < 10:
        rest = f"零{cardinal(value.minute)}分"
    else:
        rest = f"{cardinal(value.minute)}分"
    return f"{part_of_day(value.hour)}{cardinal(hour, counted=True)}点{rest}"


def moment(value: datetime, today: date | None) -> str:
    return day(value.date(), today) + clock(value.time())


def is_counted(following: str) -> bool:
    """True when the text after a number begins with a measure word: 两 instead of 二."""
    return bool(following) and following[0] in MEASURES and following[0] not in _NOT_COUNTED
