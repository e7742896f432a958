"""A record by its place: 第一个, 最后那笔, 最近买的, 上面那个, 最贵的, the second one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime

from voicebot.dialplan.model import RecordType
from voicebot.events import Value
from voicebot.language import numbers

Record = Mapping[str, Value]

_PLACE_WORD = r"(?:一)?(?:个|笔|单|件|条|份|张|款|样|种|项|家|只|双|台|订单|the)"
_NTH = re.compile(
    rf"第(?P<zh>[一二两三四五六七八九十\d]+){_PLACE_WORD}?(?![次天步年月周级版])|"
    r"(?<![a-z'])(?:the )?(?P<en>first|second|third|fourth|fifth|sixth)(?= one| order| of them|$|"
    r" please)|number (?P<number>one|two|three|four|five|[1-9])(?![\s\d]*\d)"
)
_LAST = re.compile(
    rf"最后(?:那|这|的)?{_PLACE_WORD}|(?<![a-z'])(?:the )?last (?:one|order|of them)|最后(?:那|"
    r"一(?![次遍句天下]))|"
    r"(?:the )?bottom one"
)
_NEWEST = re.compile(
    r"最近(?:的)?(?:那|这|一|买的|下的?单?|的一|订)|最新|(?:刚刚|刚才|刚)(?:下的?单?|买|订|拍|付)的?|"
    r"最近买|(?<![a-z'])(?:most recent|latest|newest|just (?:bought|ordered))(?![a-z])|最后买|"
    rf"最近{_PLACE_WORD}"
)
_OLDEST = re.compile(r"最早|最先(?:买|下)|最老|最旧|(?<![a-z'])(?:oldest|earliest)(?![a-z])")
_UPPER = re.compile(
    rf"(?:上面|前面|前头|上头|上边|前边)(?:的|那|这){_PLACE_WORD}?|(?<!之)前(?:那|一)?{_PLACE_WORD}(?!月)|"
    r"(?:the )?(?:former|previous one|one before|top one)"
)
_LOWER = re.compile(
    rf"(?:下面|后面|后头|底下|下边|后边)(?:的|那|这){_PLACE_WORD}?|后(?:那|一)?个(?!月)|"
    r"(?<![a-z'])(?:the )?(?:latter|one after)"
)
_MIDDLE = re.compile(rf"中间(?:的|那|这){_PLACE_WORD}?|(?:the )?middle one|(?:the )?one in the middle")
_DEAREST = re.compile(
    r"(?:最|比较)?贵(?:的|那|点的|一点的)|金额(?:最|比较)?(?:大|高)|(?<![a-z'])(?:most|more) expensive|钱多的"
)
_CHEAPEST = re.compile(
    r"(?:最|比较)?便宜(?:的|那|点的那|一点的那)|金额(?:最|比较)?(?:小|低)|(?<![a-z'])cheap(?:est|"
    r"er)(?: one)?|钱少的"
)


def day_of(value: Value) -> date | None:
    """The day of a date, a moment or an ISO text; None for anything else."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, str):
        try:
            return datetime.fromisoformat(value).date()
        except ValueError:
            return None
    return None


def find(text: str, records: Sequence[Record], record_type: RecordType) -> tuple[int, tuple[int, int]] | None:
    """(index, where it stands) of the record meant, or None; the order given is what 第一个 counts."""
    count = len(records)
    if count < 2:
        return None

    def one(at: int | None, span: tuple[int, int]) -> tuple[int, tuple[int, int]] | None:
        if at is None or not 0 <= at < count:
            return None
        return at, span

    nth = _NTH.search(text)
    if nth:
        if nth["zh"]:
            parsed = numbers.parse_zh(nth["zh"])
            return one(int(parsed[0]) - 1 if parsed else None, nth.span())
        word = nth["en"] or nth["number"]
        table = {
            "first": 0,
            "second": 1,
            "third": 2,
            "fourth": 3,
            "fifth": 4,
            "sixth": 5,
            "one": 0,
            "two": 1,
            "three": 2,
            "four": 3,
            "five": 4,
        }
        return one(table[word] if word in table else int(word) - 1, nth.span())
    days = [day_of(record.get(record_type.date)) if record_type.date else None for record in records]
    prices = [record.get(record_type.amount) if record_type.amount else None for record in records]
    known = [(day, -at) for at, day in enumerate(days) if day is not None]
    costs = [(price, -at) for at, price in enumerate(prices) if isinstance(price, int)]
    for pattern, at in (
        (_NEWEST, _moment_extreme(records, record_type, newest=True) if known else 0),
        (_OLDEST, _moment_extreme(records, record_type, newest=False) if known else count - 1),
        (_LAST, count - 1),
        (_MIDDLE, count // 2 if count % 2 else None),
        (_DEAREST, -max(costs)[1] if costs else None),
        (_CHEAPEST, -min(costs, key=lambda cost: cost[0])[1] if costs else None),
        (_UPPER, 0 if count == 2 else None),
        (_LOWER, count - 1 if count == 2 else None),
    ):
        found = pattern.search(text)
        if found and (place := one(at, found.span())) is not None:
            return place
    return None


def _moment_extreme(records: Sequence[Record], record_type: RecordType, *, newest: bool) -> int:
    def moment(at: int) -> str:
        value = records[at].get(record_type.date)
        return value.isoformat() if isinstance(value, date) else str(value or "")

    known = [at for at in range(len(records)) if moment(at)]
    return (
        max(known, key=lambda at: (moment(at), -at))
        if newest
        else min(known, key=lambda at: (moment(at), -at))
    )
