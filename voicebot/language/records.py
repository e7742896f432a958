"""Which of the caller's own records does this sentence mention?

Theory of operation. Every way of pointing at a record is a feature: its tail digits, its day, its
words (title, colour, size, merchant), its amount, its place in the list just read out, or "the
other one". Each feature found in the sentence gives a score to every record; records must fit all
of them, and when none does, the weakest feature is given up first, because one wrong word or
misheard digit must not lose the record. A sentence without any feature picks nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from rapidfuzz.distance import Levenshtein

from voicebot.dialplan.model import RecordType
from voicebot.events import Value
from voicebot.language import dates, digits, money, record_places, record_words, spoken_en, spoken_zh
from voicebot.language.normalise import plain
from voicebot.language.parsed import ValueContext

Record = record_places.Record

STRENGTH = {"tail": 5, "place": 4, "amount": 3, "words": 2, "date": 2, "near_tail": 1}
"""which feature is believed when two contradict each other"""

CERTAINTY = {
    "tail": 0.97,
    "place": 0.93,
    "amount": 0.92,
    "words": 0.9,
    "date": 0.9,
    "near_tail": 0.6,
    "negation": 0.8,
}


@dataclass(frozen=True, slots=True)
class RecordMatch:
    """The records that fit, and why."""

    matches: tuple[int, ...] = ()
    """indices into the records given, best first; several when the sentence fits several"""
    confidence: float = 0.0
    features: tuple[str, ...] = ()
    """what was recognised: tail · near_tail · date · words · amount · place · negation · all"""
    spans: tuple[tuple[int, int], ...] = ()


NOTHING = RecordMatch()


@dataclass(frozen=True, slots=True)
class _Feature:
    name: str
    scores: tuple[float, ...]
    """per record; 0 does not fit"""
    span: tuple[int, int] | None = None


def pick(
    text: str, records: Sequence[Record], record_type: RecordType | None, ctx: ValueContext
) -> RecordMatch:
    """Find the records the caller points at.

    text: normalised. records: as last read out or loaded; their order is what 第一个 counts.
    ctx.previous: the record or index read back last, for 「不是这个，是另一个」.
    """
    if not records or record_type is None:
        return NOTHING
    text = _before_the_change(plain(text))
    previous = _index_of(ctx.previous, records)
    text, refused, negated = _split_refusal(text, records, record_type, ctx, previous)
    if not negated and _ALL.search(text) and len(records) > 1 and not _NOT_ALL.search(text):
        return RecordMatch(tuple(range(len(records))), 0.85, ("all",))
    features = _features(text, records, record_type, ctx)
    if not features:
        return _by_refusal(records, refused, previous, negated)
    matches, used = _combine(features, len(records), refused)
    if not matches:
        return RecordMatch((), 0.0, ("negation",)) if negated else NOTHING
    names = tuple(dict.fromkeys(feature.name for feature in used))
    confidence = max(CERTAINTY[name] for name in names)
    dropped = len(features) - len(used)
    if dropped:
        confidence -= 0.2 * dropped
    best = max(sum(feature.scores[matches[0]] for feature in used) / len(used), 0.0)
    confidence = min(confidence, max(0.3, confidence * best))
    spans = tuple(feature.span for feature in used if feature.span)
    return RecordMatch(matches, round(confidence, 3), names + (("negation",) if negated else ()), spans)


def _features(
    text: str, records: Sequence[Record], record_type: RecordType, ctx: ValueContext
) -> list[_Feature]:
    out: list[_Feature] = []
    day = _date_feature(text, records, record_type, ctx)
    price = _amount_feature(text, records, record_type, ctx)
    taken = [feature.span for feature in (day, price) if feature and feature.span]
    tail = _tail_feature(_masked(text, taken), records, record_type, price)
    if tail is not None and tail.name == "tail" and price is not None and not price.span:
        price = None
    out.extend(feature for feature in (tail, day, price) if feature is not None)
    place = _place_feature(text, records, record_type)
    if place is not None:
        out.append(place)
    words = _words_feature(text, records, record_type)
    if words is not None:
        out.append(words)
    return out


def _combine(
    features: list[_Feature], count: int, refused: frozenset[int]
) -> tuple[tuple[int, ...], list[_Feature]]:
    """Records that fit every feature; the weakest feature is given up while none does."""
    used = sorted(features, key=lambda feature: STRENGTH[feature.name], reverse=True)
    while used:
        fitting = [
            at for at in range(count) if at not in refused and all(feature.scores[at] > 0 for feature in used)
        ]
        if fitting:
            total = {at: sum(feature.scores[at] for feature in used) for at in fitting}
            most = max(total.values())
            close = [at for at in fitting if total[at] > most - 0.12]
            return tuple(sorted(close, key=lambda at: -total[at])), used
        used = used[:-1]
    return (), []


# --- tail digits -------------------------------------------------------------------------

_TAIL_CUE = re.compile(
    r"(?:尾号|尾数|末尾|后[一二三四五六两\d]位|最后[一二三四两\d]位|订单号|单号|订单|ending(?: in|"
    r" with)?|ends (?:in|with)|last (?:four|three|two|4|3|2)(?: digits)?|number)\s?(?:数字)?(?:是|为|is|"
    r"are|的是)?\s?$"
)
_TAIL_AFTER = re.compile(r"^\s?(?:的?(?:那|这)|那|这|结尾|的(?:订单|单)|one)")


def _tail_feature(
    text: str, records: Sequence[Record], record_type: RecordType, price: _Feature | None
) -> _Feature | None:
    if not record_type.tail:
        return None
    tails = [str(record.get(record_type.tail) or "") for record in records]
    longest = max((len(tail) for tail in tails), default=0)
    best: _Feature | None = None
    for group in digits.groups(text):
        said = group.digits
        cued = bool(_TAIL_CUE.search(text[: group.start]))
        follows = bool(_TAIL_AFTER.match(text[group.end :]))
        if len(said) < 2 or (len(said) == 2 and not (cued or follows)):
            continue
        if group.is_quantity and not cued and price is not None:
            continue
        exact = tuple(_tail_fit(said, tail) for tail in tails)
        span = (group.start, group.end)
        if any(exact):
            return _Feature("tail", exact, span)
        if len(said) >= 3 and (cued or follows or len(said) >= longest):
            near = _near_tails(said, tails)
            if any(near):
                best = _Feature("near_tail", near, span)
            elif cued or len(said) >= 4:
                best = best or _Feature("tail", (0.0,) * len(tails), span)
    return best


def _tail_fit(said: str, tail: str) -> float:
    if not tail:
        return 0.0
    if said == tail:
        return 1.0
    if tail.endswith(said) or (said.endswith(tail) and len(tail) >= 3):
        return 0.95
    return 0.6 if len(said) >= 3 and (tail.startswith(said) or said in tail) else 0.0


def _near_tails(said: str, tails: Sequence[str]) -> tuple[float, ...]:
    """One digit wrong, dropped or doubled; only the nearest count."""
    far = [
        Levenshtein.distance(said, tail[-max(len(said), 3) :] if len(tail) > len(said) + 1 else tail)
        if tail
        else 9
        for tail in tails
    ]
    least = min(far)
    if least > 1:
        return (0.0,) * len(tails)
    return tuple(1.0 if distance == least else 0.0 for distance in far)


def _masked(text: str, spans: Sequence[tuple[int, int] | None]) -> str:
    for span in spans:
        if span is not None:
            text = text[: span[0]] + "□" * (span[1] - span[0]) + text[span[1] :]
    return text


# --- day, amount, place, words -----------------------------------------------------------


def _date_feature(
    text: str, records: Sequence[Record], record_type: RecordType, ctx: ValueContext
) -> _Feature | None:
    if not record_type.date:
        return None
    days = [record_places.day_of(record.get(record_type.date)) for record in records]
    found = dates.find(text, today=ctx.today, language=ctx.language)
    if not found:
        return None
    best: _Feature | None = None
    for mention in found:
        scores = tuple(
            (1.0 if mention.is_certain else 0.8)
            if day is not None and mention.first <= day <= mention.last
            else 0.0
            for day in days
        )
        feature = _Feature("date", scores, (mention.start, mention.end))
        if any(scores) and (best is None or not any(best.scores)):
            best = feature
        best = best or feature
    return best


def _amount_feature(
    text: str, records: Sequence[Record], record_type: RecordType, ctx: ValueContext
) -> _Feature | None:
    if not record_type.amount:
        return None
    prices = [record.get(record_type.amount) for record in records]
    best: _Feature | None = None
    for amount in money.find(text, ctx.language):
        if amount.is_string and not amount.has_unit:
            continue
        scores = tuple(
            (1.0 if not amount.is_approximate else 0.85)
            if isinstance(price, int) and amount.covers(price)
            else 0.0
            for price in prices
        )
        if any(scores) and (amount.has_unit or amount.cents >= 1000):
            return _Feature("amount", scores, (amount.start, amount.end))
        if amount.has_unit:
            best = _Feature("amount", scores, (amount.start, amount.end))
    return best


_ALL = re.compile(
    r"全部|所有的?|都(?:退|要|是|不要|查|一起)|(?:两|三|几|俩|仨)(?:个|笔|单|件)?都|一起退|全退|"
    r"(?<![a-z'])(?:all of them|both(?: of them)?|every one|all orders)(?![a-z])"
)
_NOT_ALL = re.compile(r"不是全部|不是都|都不是|都不对|都是对|都对|not all|none of|哪(?:个|笔)都")


def _place_feature(text: str, records: Sequence[Record], record_type: RecordType) -> _Feature | None:
    found = record_places.find(text, records, record_type)
    if found is None:
        return None
    at, span = found
    return _Feature("place", tuple(1.0 if index == at else 0.0 for index in range(len(records))), span)


def _words_feature(text: str, records: Sequence[Record], record_type: RecordType) -> _Feature | None:
    if not record_type.words:
        return None
    described = [
        tuple(
            (name, str(record[name]))
            for name in record_type.words
            if isinstance(record.get(name), str) and record[name]
        )
        for record in records
    ]
    scores, span = record_words.scores(text, described)
    return _Feature("words", scores, span) if span is not None else None


# --- refusals ----------------------------------------------------------------------------

_OTHER = re.compile(
    r"另外(?:那|一)?(?:一)?(?:个|笔|单|件|条)|另(?:一|那)(?:个|笔|单|件)?|别的(?:那)?(?:个|笔|单|订单)?|"
    r"换一?(?:个|笔|单)(?!成)|其他的?(?:那)?(?:个|笔|单)?|(?<![a-z'])(?:the other(?: one)?|another one|"
    r"a different one|other order)(?![a-z])"
)
_NOT_THIS = re.compile(
    r"不是(?:这|那|它|刚才)(?:个|笔|单|件|一)?|不对|不是的|^不是|不要(?:这|那)(?:个|笔|单|件)?|"
    r"(?<![a-z'])(?:not (?:this|that)(?: one)?|it's not|that's not(?: it)?|wrong one)(?![a-z])|"
    r"^no(?![a-z])"
)
_THIS = re.compile(
    r"^(?:嗯|对|是|就|那)*(?:就是|就|是)?(?:这|那)(?:个|笔|单|件)(?:吧|啊|呀|了|没错|的)?$|"
    r"^(?:yes )?(?:this|that) one(?: please)?$"
)
_CHANGE = re.compile(
    r"(?:想|要|能|可以|帮我|给我)?(?:换成|换一?件|换个|改成|改为|换到|换(?!一?(?:个|笔|单))|instead of|"
    r"change (?:it )?(?:to|into)|exchange (?:it )?for|swap (?:it )?for)"
)


def _before_the_change(text: str) -> str:
    """「黑色L码想换成白色M码」 points at the black one: what it is to become describes no record."""
    found = _CHANGE.search(text)
    return text[: found.start()] if found and found.start() >= 4 else text


def _split_refusal(
    text: str, records: Sequence[Record], record_type: RecordType, ctx: ValueContext, previous: int | None
) -> tuple[str, frozenset[int], bool]:
    """Take away the part that says which it is not: (what is left, records refused, was any refused)."""
    refused: set[int] = set()
    negated = False
    for found in re.finditer(
        r"(?:不是|不要|isn't|not)\s?(?P<what>[^是]{1,24}?)(?=\s?(?:而是|是|要|but|it's|$)|\s)", text
    ):
        features = _features(found["what"], records, record_type, ctx)
        if features:
            refused.update(_combine(features, len(records), frozenset())[0])
            negated = True
    if negated:
        text = re.sub(r"(?:不是|不要|isn't|not)\s?[^是]{1,24}?(?=\s?(?:而是|是|要|but|it's|$)|\s)", " ", text)
    if _NOT_THIS.search(text) or _OTHER.search(text):
        negated = True
        if previous is not None:
            refused.add(previous)
    return text, frozenset(refused), negated


def _by_refusal(
    records: Sequence[Record], refused: frozenset[int], previous: int | None, negated: bool
) -> RecordMatch:
    """Nothing was named but what it is not: with two records that leaves one."""
    if not negated:
        return NOTHING
    rest = tuple(at for at in range(len(records)) if at not in refused)
    if not refused or not rest or len(rest) == len(records):
        return RecordMatch((), 0.0, ("negation",))
    return RecordMatch(rest, 0.75 if len(rest) == 1 else 0.5, ("negation",))


def _index_of(previous: Value, records: Sequence[Record]) -> int | None:
    if isinstance(previous, int) and not isinstance(previous, bool):
        return previous if 0 <= previous < len(records) else None
    if isinstance(previous, Mapping):
        for at, record in enumerate(records):
            if record is previous or (
                record.get("id") is not None and record.get("id") == previous.get("id")
            ):
                return at
    return None


# --- how a record is called aloud ----------------------------------------------------------


def sayings(record: Record, record_type: RecordType, today: datetime, language: str) -> tuple[str, ...]:
    """Ways a caller would refer to this record aloud, plainest first; candidates for the recogniser."""
    out: list[str] = []
    zh = language == "zh"
    tail = str(record.get(record_type.tail) or "") if record_type.tail else ""
    if tail:
        if zh:
            one = "".join("零一二三四五六七八九"[int(char)] if char.isdigit() else char for char in tail)
            yao = spoken_zh.digits(tail)
            out += [f"尾号{one}", one, yao, tail, f"{one}那个"]
            out += [f"尾号{yao}"] if yao != one else []
        else:
            out += [f"ending in {spoken_en.digits(tail)}", spoken_en.digits(tail), tail]
    title = next(
        (
            str(record[name])
            for name in record_type.words
            if isinstance(record.get(name), str) and record[name]
        ),
        "",
    )
    if title:
        out.append(title)
    fields = {name: str(record.get(name) or "") for name in ("color", "item")}
    if zh and fields["color"] and fields["item"]:
        out.append(f"{fields['color']}{fields['item']}")
    elif fields["color"] and fields["item"]:
        out.append(f"the {fields['color']} {fields['item']}")
    day = record_places.day_of(record.get(record_type.date)) if record_type.date else None
    if day is not None:
        out.append(
            f"{spoken_zh.day(day, today.date())}买的"
            if zh
            else f"the one from {spoken_en.day(day, today.date())}"
        )
    return tuple(dict.fromkeys(out))
