"""How Mandarin callers name days. Rules are tried in order; the first to claim a place keeps it."""

from __future__ import annotations

import re
from datetime import date, timedelta

from voicebot.language import feasts
from voicebot.language.calendar_days import (
    NUMBER,
    YEAR,
    Reading,
    Rule,
    day_or_none,
    monday,
    month_end,
    one,
    shift_month,
    whole,
    year_of,
)

_W = {char: at for at, char in enumerate("一二三四五六")} | {"日": 6, "天": 6, "末": 5}
_WEEK = r"(?:个)?(?:星期|礼拜|周)"


def _back(found: re.Match[str], today: date, sense: str) -> Reading:
    """今天 昨天 前天 大前天 ..."""
    word = found[0]
    table = {
        "大前": -3, "前": -2, "昨": -1, "今": 0, "当": 0, "刚刚": 0, "刚才": 0, "刚": 0, "明": 1,
        "后": 2, "大后": 3,
    }  # fmt: skip
    for key in sorted(table, key=len, reverse=True):
        if word.startswith(key):
            return one(today + timedelta(days=table[key]))
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
        return one(monday(today) + timedelta(days=index, weeks=weeks))
    day = monday(today) + timedelta(days=index)
    if sense == "past" and day > today:
        day -= timedelta(weeks=1)
    if sense == "future" and day < today:
        day += timedelta(weeks=1)
    return one(day)


def _weekend(before: str, today: date, sense: str) -> Reading:
    weeks = {"上上": -2, "上": -1, "这": 0, "本": 0, "下": 1}.get(before.rstrip("一个"), 0)
    first = monday(today) + timedelta(days=5, weeks=weeks)
    if not before and sense == "past" and first > today:
        first -= timedelta(weeks=1)
    return first, first + timedelta(days=1)


def _week(found: re.Match[str], today: date, sense: str) -> Reading:
    weeks = {"上上": -2, "上": -1, "这": 0, "本": 0, "下": 1}[found["which"].rstrip("一个")]
    first = monday(today) + timedelta(weeks=weeks)
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
    number = 0 if count == "半" else {"几": 4, "十几": 14}.get(count) or whole(count.replace("几", "")) or 0
    days = int((number + (0.5 if half else 0)) * unit)
    ahead = found["way"] in ("后", "以后", "之后")
    sign = 1 if ahead else -1
    middle = today + timedelta(days=sign * days)
    if unit == 30 and not half and not loose:
        year, month = shift_month(today, sign * number)
        middle = min(date(year, month, 1) + timedelta(days=today.day - 1), month_end(year, month))
    if unit == 365 and not half:
        middle = day_or_none(today.year + sign * number, today.month, today.day) or middle
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
    month, day = whole(found["month"]), whole(found["day"])
    year_text = found["year"]
    if month is None or day is None:
        return None
    if year_text:
        year = year_of(year_text, today)
        exact = day_or_none(year, month, day) if year else None
        return one(exact) if exact else None
    exact = day_or_none(today.year, month, day)
    if exact is None:
        leap = [day_or_none(year, month, day) for year in range(today.year, today.year - 5, -1)]
        past = next((value for value in leap if value is not None), None)
        return one(past) if past else None
    if sense == "past" and exact > today + timedelta(days=1):
        earlier = day_or_none(today.year - 1, month, day)
        return one(earlier) if earlier else None
    if sense == "future" and exact < today:
        later = day_or_none(today.year + 1, month, day)
        return one(later) if later else None
    return one(exact)


def _day_only(found: re.Match[str], today: date, sense: str) -> Reading:
    day = whole(found["day"])
    if day is None or not 1 <= day <= 31:
        return None
    which = (found["which"] or "").replace("个", "")
    shift = {"上上": -2, "上": -1, "这": 0, "本": 0, "下": 1}.get(which)
    if shift is not None:
        exact = day_or_none(*shift_month(today, shift), day)
        return one(exact) if exact else None
    for by in (0, -1, -2) if sense == "past" else (0, 1, 2):
        exact = day_or_none(*shift_month(today, by), day)
        if exact and (exact <= today if sense == "past" else exact >= today):
            return one(exact)
    return None


def _month(found: re.Match[str], today: date, sense: str) -> Reading:
    which, named, part = (found["which"] or "").replace("个", ""), found["month"], found["part"] or ""
    year, month = today.year, today.month
    if named:
        number = whole(named)
        if number is None or not 1 <= number <= 12:
            return None
        month = number
        if found["year"]:
            year = year_of(found["year"], today) or year
        elif sense == "past" and month > today.month:
            year -= 1
        elif sense == "future" and month < today.month:
            year += 1
    else:
        year, month = shift_month(
            today, {"上上": -2, "上": -1, "这": 0, "本": 0, "下": 1, "当": 0, "": 0}[which]
        )
        if not which and part in ("底", "末", "月底", "月末") and sense == "past" and today.day < 20:
            year, month = shift_month(today, -1)
    first, last = date(year, month, 1), month_end(year, month)
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
    year = year_of(found["year"], today)
    if year is None or not 2000 <= year <= 2100:
        return None
    if "初" in (found["part"] or ""):
        return date(year, 1, 1), date(year, 2, 28)
    if re.search("底|末", found["part"] or ""):
        return date(year, 11, 15), date(year, 12, 31)
    return date(year, 1, 1), date(year, 12, 31)


def _year_part(found: re.Match[str], today: date, sense: str) -> Reading:
    year = today.year + {"今": 0, "去": -1, "前": -2, None: 0}[found["year"]]
    if found["part"] == "初":
        return date(year, 1, 1), date(year, 2, 28)
    if found["year"] is None and sense == "past" and today.month < 11:
        year -= 1
    return date(year, 11, 15), date(year, 12, 31)


def _iso(found: re.Match[str], today: date, sense: str) -> Reading:
    exact = day_or_none(int(found[1]), int(found[2]), int(found[3]))
    return one(exact) if exact else None


RULES: tuple[Rule, ...] = (
    (re.compile(r"(?<!\d)(20\d\d)[-/. ](\d{1,2})[-/. ](\d{1,2})(?!\d)"), _iso),
    (
        re.compile(rf"{YEAR}(?P<month>{NUMBER})月(?:份)?的?\s?(?P<day>{NUMBER})(?:号|日)?(?!月|天|块|元|个)"),
        _month_day,
    ),
    (feasts.PATTERN, feasts.read),
    (re.compile(rf"(?P<which>上上个?|上个?|这个?|本|下个?)月的?\s?(?P<day>{NUMBER})(?:号|日)"), _day_only),
    (
        re.compile(
            rf"{YEAR}(?P<which>)(?P<month>{NUMBER})月(?:份)?的?(?P<part>初|头|中旬|中|上旬|下旬|底|末)?(?!\d)"
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
            rf"(?P<count>{NUMBER}几?|[十]?几|半)(?P<loose>来|多|"
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
    (
        re.compile(rf"(?<![第\d月])(?P<which>)(?P<day>{NUMBER})号(?!码|线|楼|店|柜|色|那个|的那个尾)"),
        _day_only,
    ),
    (re.compile(r"(?P<year>今年|去年|前年|大前年)(?P<part>年?初|年?底|年?末)?"), _whole_year),
    (
        re.compile(r"(?P<year>今|去|前)?年(?P<part>初|底|末)"),
        _year_part,
    ),
)

_BARE = re.compile(rf"(?:是|就是)?(?P<which>)(?P<day>{NUMBER})(?:那天|吧)?")


def bare_day(text: str, today: date, sense: str) -> Reading:
    """「十五」 alone, in answer to "on which day?"."""
    found = _BARE.fullmatch(text)
    return _day_only(found, today, sense) if found else None
