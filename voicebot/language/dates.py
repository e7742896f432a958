"""Days and spans of days as callers name them, seen from today and, for purchases, looking back.

「周三」 of an order is the last Wednesday that has been, 「双十一」 the last one, 「十二月二十号」 in
November last year's. Where nothing decides (「前几天」) the answer is a span wide enough to hold
what is meant. jionlp knows the lunar feasts; all else is here, because callers' words for days
are fewer and looser than what general parsers expect.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

from voicebot.language import negation, numbers, vocabulary
from voicebot.language.parsed import NOTHING, Parsed, ValueContext

_N = r"[零〇一二两三四五六七八九十廿\d]+"
_W = {char: at for at, char in enumerate("一二三四五六")} | {"日": 6, "天": 6, "末": 5}
_WEEK = r"(?:个)?(?:星期|礼拜|周)"
_PART_OF_DAY = r"(?:的|那天)?(?:早上|上午|中午|下午|晚上|夜里|凌晨|傍晚)?"


@dataclass(frozen=True, slots=True)
class Days:
    """One mention: first and last day, and where it stands."""

    first: date
    last: date
    start: int
    end: int
    is_certain: bool = True
    """False for loose words: 前几天, 最近"""


Reading = tuple[date, date] | tuple[date, date, bool] | None


def _number(text: str) -> int | None:
    if text.isascii() and text.isdigit():
        return int(text)
    parsed = numbers.parse_zh(text.replace("廿", "二十"))
    return int(parsed[0]) if parsed else None


def _one(day: date) -> Reading:
    return day, day


def _safe(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _month_end(year: int, month: int) -> date:
    return (date(year + month // 12, month % 12 + 1, 1)) - timedelta(days=1)


def _shift_month(today: date, by: int) -> tuple[int, int]:
    index = today.year * 12 + today.month - 1 + by
    return index // 12, index % 12 + 1


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _back(found: re.Match[str], today: date, sense: str) -> Reading:
    """今天 昨天 前天 大前天 ..."""
    word = found[0]
    table = {
        "大前": -3, "前": -2, "昨": -1, "今": 0, "当": 0, "刚刚": 0, "刚才": 0, "刚": 0, "明": 1,
        "后": 2, "大后": 3,
    }  # fmt: skip
    for key in sorted(table, key=len, reverse=True):
        if word.startswith(key):
            return _one(today + timedelta(days=table[key]))
    return None


def _weekday(found: re.Match[str], today: date, sense: str) -> Reading:
    before, name = found["which"] or "", found["weekday"]
    if name == "末":
        return _weekend(before, today, sense)
    index = _W[name]
    weeks = {"上上": -2, "大上": -2, "上": -1, "前": -1, "这": 0, "本": 0, "下": 1, "下下": 2}.get(
        before.rstrip("一个")
    )
    if weeks is not None:
        return _one(_monday(today) + timedelta(days=index, weeks=weeks))
    day = _monday(today) + timedelta(days=index)
    if sense == "past" and day > today:
        day -= timedelta(weeks=1)
    if sense == "future" and day < today:
        day += timedelta(weeks=1)
    return _one(day)


def _weekend(before: str, today: date, sense: str) -> Reading:
    weeks = {"上上": -2, "上": -1, "这": 0, "本": 0, "下": 1}.get(before.rstrip("一个"), 0)
    first = _monday(today) + timedelta(days=5, weeks=weeks)
    if not before and sense == "past" and first > today:
        first -= timedelta(weeks=1)
    return first, first + timedelta(days=1)


def _week(found: re.Match[str], today: date, sense: str) -> Reading:
    weeks = {"上上": -2, "上": -1, "这": 0, "本": 0, "下": 1}[found["which"].rstrip("一个")]
    first = _monday(today) + timedelta(weeks=weeks)
    part = found["part"] or ""
    if "初" in part:
        return first, first + timedelta(days=2)
    last = first + timedelta(days=6)
    return first, min(last, today) if weeks == 0 and sense == "past" else last


def _ago(found: re.Match[str], today: date, sense: str) -> Reading:
    count = found["count"]
    loose = (
        any(found[name] for name in ("loose", "loose2", "loose3"))
        or count in ("几", "十几")
        or count.endswith("几")
    )
    unit = {"天": 1, "日": 1, "星期": 7, "礼拜": 7, "周": 7, "月": 30, "年": 365}[found["unit"]]
    half = bool(found["half"]) or count == "半"
    number = 0 if count == "半" else {"几": 4, "十几": 14}.get(count) or _number(count.replace("几", "")) or 0
    days = int((number + (0.5 if half else 0)) * unit)
    ahead = found["way"] in ("后", "以后", "之后")
    sign = 1 if ahead else -1
    middle = today + timedelta(days=sign * days)
    if unit == 30 and not half and not loose:
        year, month = _shift_month(today, sign * number)
        middle = min(date(year, month, 1) + timedelta(days=today.day - 1), _month_end(year, month))
    if unit == 365 and not half:
        middle = _safe(today.year + sign * number, today.month, today.day) or middle
    margin = 0 if unit == 1 and not loose and not half else {1: 2, 7: 2, 30: 6, 365: 40}[unit]
    if loose:
        margin = max(margin, days // 2 if unit == 1 else unit // 2)
    if loose and unit == 1 and number:
        return middle - timedelta(days=max(margin, 3)), middle, False
    first, last = middle - timedelta(days=margin), middle + timedelta(days=margin)
    if not ahead:
        last = min(last, today)
    return (first, last, False) if loose else (first, last)


def _few_days(found: re.Match[str], today: date, sense: str) -> Reading:
    word = found[0]
    if word.startswith(("这", "最近", "近")):
        return today - timedelta(days=7), today, False
    if "两" in word:
        return today - timedelta(days=4), today - timedelta(days=1), False
    if re.search(r"阵|段|些日|久", word):
        return today - timedelta(days=30), today, False
    return today - timedelta(days=8), today - timedelta(days=1), False


def _month_day(found: re.Match[str], today: date, sense: str) -> Reading:
    month, day = _number(found["month"]), _number(found["day"])
    year_text = found["year"]
    if month is None or day is None:
        return None
    if year_text:
        year = _year(year_text, today)
        exact = _safe(year, month, day) if year else None
        return _one(exact) if exact else None
    exact = _safe(today.year, month, day)
    if exact is None:
        leap = [_safe(year, month, day) for year in range(today.year, today.year - 5, -1)]
        past = next((value for value in leap if value is not None), None)
        return _one(past) if past else None
    if sense == "past" and exact > today + timedelta(days=1):
        earlier = _safe(today.year - 1, month, day)
        return _one(earlier) if earlier else None
    if sense == "future" and exact < today:
        later = _safe(today.year + 1, month, day)
        return _one(later) if later else None
    return _one(exact)


def _year(text: str, today: date) -> int | None:
    words = {"今": 0, "去": -1, "前": -2, "大前": -3, "明": 1, "上": -1}
    if text.rstrip("年").rstrip() in words:
        return today.year + words[text.rstrip("年").rstrip()]
    number = _number(text.removesuffix("年"))
    if number is None:
        return None
    return number + 2000 if number < 100 else number


def _day_only(found: re.Match[str], today: date, sense: str) -> Reading:
    day = _number(found["day"])
    if day is None or not 1 <= day <= 31:
        return None
    which = (found["which"] or "").replace("个", "")
    shift = {"上上": -2, "上": -1, "这": 0, "本": 0, "下": 1}.get(which)
    if shift is not None:
        exact = _safe(*_shift_month(today, shift), day)
        return _one(exact) if exact else None
    for by in (0, -1, -2) if sense == "past" else (0, 1, 2):
        exact = _safe(*_shift_month(today, by), day)
        if exact and (exact <= today if sense == "past" else exact >= today):
            return _one(exact)
    return None


def _month(found: re.Match[str], today: date, sense: str) -> Reading:
    which, named, part = (found["which"] or "").replace("个", ""), found["month"], found["part"] or ""
    year, month = today.year, today.month
    if named:
        number = _number(named)
        if number is None or not 1 <= number <= 12:
            return None
        month = number
        if found["year"]:
            year = _year(found["year"], today) or year
        elif sense == "past" and month > today.month:
            year -= 1
        elif sense == "future" and month < today.month:
            year += 1
    else:
        year, month = _shift_month(
            today, {"上上": -2, "上": -1, "这": 0, "本": 0, "下": 1, "当": 0, "": 0}[which]
        )
        if not which and part in ("底", "末", "月底", "月末") and sense == "past" and today.day < 20:
            year, month = _shift_month(today, -1)
    first, last = date(year, month, 1), _month_end(year, month)
    if "初" in part or "头" in part:
        return first, date(year, month, 7)
    if "中" in part:
        return date(year, month, 10), date(year, month, 20)
    if "上旬" in part:
        return first, date(year, month, 10)
    if "下旬" in part:
        return date(year, month, 21), last
    if "底" in part or "末" in part:
        return last - timedelta(days=7), last
    return first, last


def _whole_year(found: re.Match[str], today: date, sense: str) -> Reading:
    year = _year(found["year"], today)
    if year is None or not 2000 <= year <= 2100:
        return None
    if "初" in (found["part"] or ""):
        return date(year, 1, 1), date(year, 2, 28)
    if re.search("底|末", found["part"] or ""):
        return date(year, 11, 15), date(year, 12, 31)
    return date(year, 1, 1), date(year, 12, 31)


_FIXED: dict[str, tuple[int, int, int]] = {
    "元旦": (1, 1, 1), "情人节": (2, 14, 1), "妇女节": (3, 8, 1), "三八节": (3, 8, 1), "女神节": (3, 8, 1),
    "植树节": (3, 12, 1), "愚人节": (4, 1, 1), "清明": (4, 4, 3), "五一": (5, 1, 5),
    "劳动节": (5, 1, 5), "青年节": (5, 4, 1),
    "520": (5, 20, 1), "五二零": (5, 20, 1), "五二〇": (5, 20, 1), "六一": (6, 1, 1),
    "儿童节": (6, 1, 1), "618": (6, 18, 1),
    "六一八": (6, 18, 1), "幺八": (6, 18, 1), "教师节": (9, 10, 1), "国庆": (10, 1, 7),
    "十一黄金周": (10, 1, 7), "十一假期": (10, 1, 7),
    "十一长假": (10, 1, 7), "十一那": (10, 1, 7), "十一期间": (10, 1, 7), "双十一": (11, 11, 1),
    "双11": (11, 11, 1), "光棍节": (11, 11, 1),
    "双十二": (12, 12, 1), "双12": (12, 12, 1), "平安夜": (12, 24, 1), "圣诞": (12, 25, 1),
    "圣诞节": (12, 25, 1), "万圣节": (10, 31, 1),
    "new year's day": (1, 1, 1), "new year": (1, 1, 1), "valentine's day": (2, 14, 1),
    "valentine's": (2, 14, 1),
    "singles' day": (11, 11, 1), "singles day": (11, 11, 1), "single's day": (11, 11, 1),
    "double eleven": (11, 11, 1),
    "christmas day": (12, 25, 1), "christmas eve": (12, 24, 1), "christmas": (12, 25, 1),
    "halloween": (10, 31, 1),
    "national day": (10, 1, 7), "independence day": (7, 4, 1), "boxing day": (12, 26, 1),
}  # fmt: skip
"""name -> month, day, length in days; 清明 moves by a day, so it is three wide"""

_LUNAR: dict[str, tuple[str, int, int]] = {
    "春节": ("春节", -1, 6), "过年": ("春节", -1, 6), "除夕": ("除夕", 0, 0),
    "大年三十": ("除夕", 0, 0), "年三十": ("除夕", 0, 0),
    "元宵": ("元宵节", 0, 0), "端午": ("端午节", 0, 2), "七夕": ("七夕", 0, 0),
    "中秋": ("中秋节", 0, 2), "重阳": ("重阳节", 0, 0),
    "腊八": ("腊八节", 0, 0), "chinese new year": ("春节", -1, 6), "spring festival": ("春节", -1, 6),
    "mid-autumn festival": ("中秋节", 0, 2), "mid autumn": ("中秋节", 0, 2),
    "dragon boat festival": ("端午节", 0, 2),
}  # fmt: skip


@lru_cache(maxsize=256)
def _lunar_day(name: str, year: int) -> date | None:
    """The solar day of a lunar feast; None outside the library's tables."""
    try:
        parsed = vocabulary.jionlp().parse_time(
            f"{year}年{name}", time_base={"year": year, "month": 1, "day": 1}
        )
        return datetime.fromisoformat(parsed["time"][0]).date()
    except (ValueError, KeyError, TypeError, IndexError):
        return None


def _feast(found: re.Match[str], today: date, sense: str) -> Reading:
    name = found["feast"]
    year_text = found["year"]
    year = _year(year_text, today) if year_text else None

    def span(of_year: int) -> tuple[date, date] | None:
        if name in _FIXED:
            month, day, length = _FIXED[name]
            first = date(of_year, month, day)
            return first, first + timedelta(days=length - 1)
        lunar, before, after = _LUNAR[name]
        middle = _lunar_day(lunar, of_year)
        return (middle + timedelta(days=before), middle + timedelta(days=after)) if middle else None

    if year is not None:
        return span(year)
    order = (today.year, today.year - 1) if sense == "past" else (today.year, today.year + 1)
    for candidate in order:
        result = span(candidate)
        if result and (result[0] <= today if sense == "past" else result[1] >= today):
            return result
    return None


_Rule = tuple[re.Pattern[str], Callable[[re.Match[str], date, str], Reading]]

_YEAR = (
    r"(?:(?P<year>今年|去年|前年|大前年|明年|[零〇一二三四五六七八九\d]{4}年?|"
    r"[零〇一二三四五六七八九\d]{2}年)\s?的?)?"
)
_MONTH_NAMES = (
    r"jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|"
    r"oct(?:ober)?|nov(?:ember)?|dec(?:ember)?"
)
_WEEKDAYS_EN = (
    r"mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday)?|thu(?:r(?:s(?:day)?)?)?|fri(?:day)?|sat(?:urday)?|"
    r"sun(?:day)?"
)
_ORDINAL_WORDS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
    "fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
)
_ORDINALS = _ORDINAL_WORDS.split()
_ORDINAL_EN = (
    {word: at for at, word in enumerate(_ORDINALS, 1)}
    | {
        f"{tens} {word}": base + at
        for tens, base in (("twenty", 20), ("thirty", 30))
        for at, word in enumerate(_ORDINALS[:9], 1)
    }
    | {"thirtieth": 30}
)
_DAY_EN = r"\d{1,2}(?:st|nd|rd|th)?|" + "|".join(sorted(_ORDINAL_EN, key=len, reverse=True))
_COUNT_EN = (
    r"a couple of|a few|several|half a|a|an|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|"
    r"fourteen|fifteen|twenty|thirty|\d+"
)


def _day_en(text: str) -> int | None:
    return _ORDINAL_EN.get(text) or (int(digits[0]) if (digits := re.match(r"\d+", text)) else None)


def _month_en(text: str) -> int:
    return "janfebmaraprmayjunjulaugsepoctnovdec".index(text[:3]) // 3 + 1


def _month_day_en(found: re.Match[str], today: date, sense: str) -> Reading:
    groups = found.groupdict()
    day = _day_en(groups["day"])
    if day is None:
        return None
    month = _month_en(groups["month"])
    if groups.get("year"):
        exact = _safe(int(groups["year"]), month, day)
        return _one(exact) if exact else None
    exact = _safe(today.year, month, day)
    if exact is None:
        return None
    if sense == "past" and exact > today + timedelta(days=1):
        exact = _safe(today.year - 1, month, day)
    elif sense == "future" and exact < today:
        exact = _safe(today.year + 1, month, day)
    return _one(exact) if exact else None


def _month_only_en(found: re.Match[str], today: date, sense: str) -> Reading:
    month = _month_en(found["month"])
    year = today.year - (1 if sense == "past" and month > today.month else 0)
    first, last = date(year, month, 1), _month_end(year, month)
    part = found["part"] or ""
    if part.startswith(("early", "the beginning", "the start")):
        return first, date(year, month, 10)
    if part.startswith(("late", "the end")):
        return last - timedelta(days=10), last
    return first, last


def _day_of_month_en(found: re.Match[str], today: date, sense: str) -> Reading:
    day = _day_en(found["day"])
    if day is None:
        return None
    which = found["which"]
    if which:
        exact = _safe(*_shift_month(today, {"last": -1, "this": 0, "next": 1}[which]), day)
        return _one(exact) if exact else None
    for by in (0, -1, -2) if sense == "past" else (0, 1, 2):
        exact = _safe(*_shift_month(today, by), day)
        if exact and (exact <= today if sense == "past" else exact >= today):
            return _one(exact)
    return None


def _relative_en(found: re.Match[str], today: date, sense: str) -> Reading:
    days = {
        "today": 0, "tonight": 0, "this morning": 0, "this afternoon": 0, "just now": 0,
        "yesterday": -1, "last night": -1,
        "tomorrow": 1, "the day before yesterday": -2, "day before yesterday": -2,
        "the day after tomorrow": 2,
        "day after tomorrow": 2,
    }  # fmt: skip
    return _one(today + timedelta(days=days[found[0]]))


def _weekday_en(found: re.Match[str], today: date, sense: str) -> Reading:
    index = ("mon", "tue", "wed", "thu", "fri", "sat", "sun").index(found["weekday"][:3])
    which = found["which"] or ""
    day = _monday(today) + timedelta(days=index)
    if which == "last":
        return _one(day - timedelta(weeks=1) if day >= today else day)
    if which == "next":
        return _one(day + timedelta(weeks=1))
    if found["last_week"]:
        return _one(day - timedelta(weeks=1))
    if which != "this" and sense == "past" and day > today:
        day -= timedelta(weeks=1)
    if which != "this" and sense == "future" and day < today:
        day += timedelta(weeks=1)
    return _one(day)


def _ago_en(found: re.Match[str], today: date, sense: str) -> Reading:
    words = found["count"]
    loose = words in ("a couple of", "a few", "several") or bool(found["about"])
    table = {"a": 1, "an": 1, "a couple of": 2, "a few": 4, "several": 5, "half a": 0}
    count = table.get(words)
    if count is None:
        count = int(words) if words.isdigit() else numbers.EN_ONES.get(words) or numbers.EN_TENS.get(words, 0)
    unit = {"day": 1, "week": 7, "month": 30, "year": 365}[found["unit"]]
    sign = -1 if found["way"] == "ago" else 1
    middle = today + timedelta(days=sign * (count * unit if words != "half a" else unit // 2))
    if unit == 30 and words != "half a":
        year, month = _shift_month(today, sign * count)
        middle = min(date(year, month, 1) + timedelta(days=today.day - 1), _month_end(year, month))
    margin = {1: 0, 7: 2, 30: 6, 365: 40}[unit] if not loose else {1: 3, 7: 5, 30: 20, 365: 60}[unit]
    first, last = middle - timedelta(days=margin), middle + timedelta(days=margin)
    if sign < 0:
        last = min(last, today)
    return (first, last, False) if loose else (first, last)


def _span_en(found: re.Match[str], today: date, sense: str) -> Reading:
    which, unit = found["which"], found["unit"]
    by = {"last": -1, "past": -1, "this": 0, "next": 1}[which]
    if unit == "week":
        first = _monday(today) + timedelta(weeks=by)
        return first, min(
            first + timedelta(days=6), today
        ) if by == 0 and sense == "past" else first + timedelta(days=6)
    if unit == "weekend":
        first = _monday(today) + timedelta(days=5, weeks=by)
        return first, first + timedelta(days=1)
    if unit == "month":
        year, month = _shift_month(today, by)
        return date(year, month, 1), _month_end(year, month)
    return date(today.year + by, 1, 1), date(today.year + by, 12, 31)


def _loose_en(found: re.Match[str], today: date, sense: str) -> Reading:
    return today - timedelta(days=8), today, False


def _iso(found: re.Match[str], today: date, sense: str) -> Reading:
    exact = _safe(int(found[1]), int(found[2]), int(found[3]))
    return _one(exact) if exact else None


def _slashed(found: re.Match[str], today: date, sense: str) -> Reading:
    exact = _safe(today.year, int(found[1]), int(found[2]))
    if exact and exact > today and sense == "past":
        exact = _safe(today.year - 1, int(found[1]), int(found[2]))
    return _one(exact) if exact else None


_FEASTS = "|".join(re.escape(name) for name in sorted((*_FIXED, *_LUNAR), key=len, reverse=True))
_B, _E = r"(?<![a-z'])", r"(?![a-z])"
_RULES: tuple[_Rule, ...] = (
    (re.compile(r"(?<!\d)(20\d\d)[-/. ](\d{1,2})[-/. ](\d{1,2})(?!\d)"), _iso),
    (
        re.compile(rf"{_YEAR}(?P<month>{_N})月(?:份)?的?\s?(?P<day>{_N})(?:号|日)?(?!月|天|块|元|个)"),
        _month_day,
    ),
    (re.compile(rf"{_YEAR}(?P<feast>{_FEASTS})(?:节)?(?:那天|当天|那会儿?|期间|的时候|前后|{_E})?"), _feast),
    (re.compile(rf"(?P<which>上上个?|上个?|这个?|本|下个?)月的?\s?(?P<day>{_N})(?:号|日)"), _day_only),
    (
        re.compile(
            rf"{_YEAR}(?P<which>)(?P<month>{_N})月(?:份)?的?(?P<part>初|头|中旬|中|上旬|下旬|底|末)?(?!\d)"
        ),
        _month,
    ),
    (
        re.compile(
            r"(?P<year>)(?P<which>上上个?|上个?|这个?|本|下个?|当)月(?P<month>)(?:份)?的?(?P<part>月?初|"
            r"头|中旬|中|上旬|下旬|月?底|月?末)?"
        ),
        _month,
    ),
    (re.compile(r"(?P<year>)(?P<which>)(?P<month>)月(?P<part>初|中旬|中|底|末|头)"), _month),
    (
        re.compile(
            r"(?P<which>上上(?:一?个)?|大上(?:一?个)?|上(?:一?个)?|前(?:一?个)?|这(?:一?个)?|本|"
            rf"下下(?:一?个)?|下(?:一?个)?)?{_WEEK}(?P<weekday>[一二三四五六日天末])(?!年)(?!个)"
        ),
        _weekday,
    ),
    (
        re.compile(
            r"(?P<which>上上(?:一?个)?|上(?:一?个)?|这(?:一?个)?|本|下(?:一?个)?)(?:星期|礼拜|"
            r"周)(?P<part>初|头)?"
        ),
        _week,
    ),
    (
        re.compile(
            r"大前天|大前日|前天|前日|昨[天日晚儿]|昨儿个?|今[天日晚早儿]|今儿个?|明[天日晚早儿]|大后天|"
            r"后天|当天(?!的)|刚刚(?=下单|买|付|订|拍)|刚才(?=下单|买|付|订|拍)|刚(?=下的?单|买|付|订的|"
            r"拍)"
        ),
        _back,
    ),
    (
        re.compile(
            rf"(?P<count>{_N}几?|[十]?几|半)(?P<loose>来|多|"
            r"几)?(?:个)?(?P<loose2>多)?(?P<half>半)?(?P<unit>天|日|星期|礼拜|周|月|"
            r"年)(?P<loose3>多)?(?:之|以)?(?P<way>前|后|以前|之前|以后|之后)(?![一-鿿]?天)"
        ),
        _ago,
    ),
    (
        re.compile(
            r"前两天|前几天|前些天|前些日子|前阵子|前一?阵儿?子?|前段时间|前一段时间|这两天|这几天|"
            r"最近(?:几天|两天)|近几天|近两天|好久以前|上回(?=买)"
        ),
        _few_days,
    ),
    (re.compile(rf"(?<![第\d月])(?P<which>)(?P<day>{_N})号(?!码|线|楼|店|柜|色|那个|的那个尾)"), _day_only),
    (re.compile(r"(?P<year>今年|去年|前年|大前年)(?P<part>年?初|年?底|年?末)?"), _whole_year),
    (
        re.compile(r"(?P<year>今|去|前)?年(?P<part>初|底|末)"),
        lambda found, today, sense: _year_part(found, today, sense),
    ),
    (
        re.compile(
            rf"{_B}(?P<month>{_MONTH_NAMES})\s(?:the\s)?(?P<day>{_DAY_EN})(?!\d)(?:\s(?P<year>20\d\d))?{_E}"
        ),
        _month_day_en,
    ),
    (
        re.compile(
            rf"{_B}(?:the\s)?(?P<day>{_DAY_EN})\s(?:of\s)?(?P<month>{_MONTH_NAMES})(?:\s(?P<year>20\d\d))?{_E}"
        ),
        _month_day_en,
    ),
    (
        re.compile(rf"{_B}(?:the\s)?(?P<day>{_DAY_EN})\s(?:of\s)?(?P<which>last|this|next)\smonth{_E}"),
        _day_of_month_en,
    ),
    (
        re.compile(
            rf"{_B}(?P<part>early|late|the beginning of|the start of|the end of|"
            r"mid)?\s?(?:in\s)?(?P<month>january|february|march|april|june|july|august|september|october|"
            rf"november|december|(?<=in )may){_E}"
        ),
        _month_only_en,
    ),
    (
        re.compile(
            rf"{_B}(?:(?:the )?day before yesterday|(?:the )?day after tomorrow|this morning|"
            rf"this afternoon|today|tonight|just now|yesterday|last night|tomorrow){_E}"
        ),
        _relative_en,
    ),
    (
        re.compile(
            rf"{_B}(?:(?P<which>last|this|next|on)\s)?(?P<weekday>monday|tuesday|wednesday|thursday|"
            rf"friday|saturday|sunday|(?<=last )(?:{_WEEKDAYS_EN}))(?P<last_week>\slast week|"
            rf"\sof last week)?{_E}"
        ),
        _weekday_en,
    ),
    (
        re.compile(
            rf"{_B}(?P<about>about |around |roughly |like )?(?P<count>{_COUNT_EN})\s(?P<unit>day|week|"
            rf"month|year)s?\s(?P<way>ago|before|later|from now){_E}"
        ),
        _ago_en,
    ),
    (
        re.compile(rf"{_B}(?:the )?(?P<which>last|past|this|next)\s(?P<unit>weekend|week|month|year){_E}"),
        _span_en,
    ),
    (
        re.compile(
            rf"{_B}(?:the other day|recently|a few days back|these days|lately|just ordered|just bought){_E}"
        ),
        _loose_en,
    ),
    (re.compile(rf"{_B}on the (?P<day>{_DAY_EN})(?P<which>){_E}"), _day_of_month_en),
)


def _year_part(found: re.Match[str], today: date, sense: str) -> Reading:
    year = today.year + {"今": 0, "去": -1, "前": -2, None: 0}[found["year"]]
    if found["part"] == "初":
        return date(year, 1, 1), date(year, 2, 28)
    if found["year"] is None and sense == "past" and today.month < 11:
        year -= 1
    return date(year, 11, 15), date(year, 12, 31)


def find(text: str, *, today: datetime, language: str = "zh", sense: str = "past") -> list[Days]:
    """All days named in a normalised text, in order.

    sense: "past" for what the caller bought or was sent, "future" for what is to come.
    """
    day = today.date()
    out: list[Days] = []
    for pattern, read in _RULES:
        for found in pattern.finditer(text):
            start, end = found.span()
            if start == end or any(start < other.end and other.start < end for other in out):
                continue
            reading = read(found, day, sense)
            if reading is None:
                continue
            certain = reading[2] if len(reading) == 3 else True
            out.append(Days(reading[0], reading[1], start, end, certain))
    return sorted(out, key=lambda days: days.start)


_BETWEEN = re.compile(r"^\s?(?:到|至|或者?|还是|和|跟|to|or|and|until|through)\s?$")


def parse(text: str, ctx: ValueContext, *, sense: str = "past") -> Parsed:
    """Read the answer to "when?": a date, or (first, last) where a span was named."""
    found = find(text, today=ctx.today, language=ctx.language, sense=sense)
    if not found:
        bare = re.fullmatch(rf"(?:是|就是)?(?P<which>)(?P<day>{_N})(?:那天|吧)?", text)
        reading = _day_only(bare, ctx.today.date(), sense) if bare else None
        if reading is None:
            return NOTHING
        return Parsed(reading[0], 0.5, spans=((0, len(text)),))
    chosen, corrected = found[0], False
    others: list[object] = []
    for days in found[1:]:
        between = text[chosen.end : days.start]
        if _BETWEEN.match(between) and "还是" not in between and days.first >= chosen.first:
            chosen = Days(
                chosen.first, max(chosen.last, days.last), chosen.start, days.end, chosen.is_certain
            )
        elif negation.is_corrected(between, text[days.end :]):
            chosen, corrected = days, True
        elif chosen.first <= days.first and days.last <= chosen.last:
            chosen = days
        elif not (days.first <= chosen.first and chosen.last <= days.last):
            others.append(_value(days))
    if others and not corrected:
        return Parsed(None, 0.0, (_value(chosen), *others), "ambiguous", spans=((chosen.start, chosen.end),))
    exact = chosen.first == chosen.last
    confidence = 0.95 if exact else 0.85 if chosen.is_certain else 0.6
    return Parsed(
        _value(chosen),
        confidence,
        (),
        "",
        corrected,
        False,
        not chosen.is_certain,
        ((chosen.start, chosen.end),),
    )


def _value(days: Days) -> date | tuple[date, date]:
    return days.first if days.first == days.last else (days.first, days.last)
