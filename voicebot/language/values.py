"""Slot types: read the caller's words as the value asked for, or tell why not.

One parser per slot type of the dialplan, each in its own module; this is the table that joins
them. A parser never asks back and never decides what to do: it answers with a `Parsed`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fractions import Fraction

from voicebot.language import dates, digits, match, money, negation, numbers, records, yesno
from voicebot.language.normalise import plain
from voicebot.language.parsed import NOTHING, Parsed, ValueContext

__all__ = ["Parsed", "ValueContext", "parse"]


def parse(type: str, text: str, ctx: ValueContext) -> Parsed:
    """Read one utterance as a value of this slot type.

    type: one of SLOT_TYPES. text: normalised, or raw. ctx: the question and what is known.
    Values: yes_no "yes"/"no"; choice the option's name; digits, account text; phone E.164;
    money cents; number int or float; date `date` or (first, last); record the record itself; text str.
    Raises KeyError for an unknown type.

    >>> from datetime import datetime
    >>> ctx = ValueContext(datetime(2026, 11, 17), min_digits=4, max_digits=4)
    >>> parse("digits", "尾号是一二三四", ctx).value
    '1234'
    """
    return _PARSERS[type](plain(text), ctx)


def _yes_no(text: str, ctx: ValueContext) -> Parsed:
    answer = yesno.parse(text, ctx.options)
    if answer.value is None:
        return Parsed(reason="ambiguous" if answer.is_question else "nothing")
    return Parsed(
        answer.value,
        answer.confidence,
        is_correction=answer.value == "no" and answer.has_more,
        spans=((0, len(text)),),
    )


def _choice(text: str, ctx: ValueContext) -> Parsed:
    found = match.best(text, ctx.options)
    spans = ((found.start, found.end),) if found.end else ()
    if found.value is not None:
        corrected = bool(negation.corrections(text[: found.start]))
        others = (found.runner_up,) if found.runner_up is not None else ()
        lead = found.score - found.runner_up_score
        confidence = found.score if found.runner_up is None else min(found.score, 0.6 + lead / 2)
        return Parsed(found.value, round(confidence, 3), others, "", corrected, spans=spans)
    by_order = _nth(text, tuple(ctx.options))
    if by_order is not None:
        return Parsed(by_order, 0.85)
    if found.runner_up is not None:
        mentioned = tuple(dict.fromkeys(mention.value for mention in match.mentions(text, ctx.options)))
        return Parsed(None, 0.0, mentioned, "ambiguous", spans=spans)
    if found.score:
        refused = {mention.value for mention in match.mentions(text, ctx.options)}
        return Parsed(
            None, 0.0, tuple(value for value in ctx.options if value not in refused), "refused", True
        )
    return NOTHING


_NTH = re.compile(
    r"^(?:那|就|我|要|选|用|嗯|是|i'll take|give me|the|\s)*(?:第(?P<zh>[一二三四五六七八九])[个种项样]?|"
    r"(?P<first>前面?(?:那|一)?[个种])|(?P<last>后面?(?:那|一)?[个种]|最后(?:那|一)?[个种])|"
    r"(?P<en>first|second|third|fourth|fifth|last|former|latter)(?: one| option)?)(?:吧|的|好了|就行|"
    r"please|\s)*$"
)
_NTH_EN = {
    "first": 0,
    "former": 0,
    "second": 1,
    "third": 2,
    "fourth": 3,
    "fifth": 4,
    "last": -1,
    "latter": -1,
}


def _nth(text: str, values: tuple[str, ...]) -> str | None:
    """「第二个」 of the options, in the order in which they were offered."""
    found = _NTH.match(text)
    if found is None or not values:
        return None
    if found["zh"]:
        at = numbers.ZH_DIGITS[found["zh"]] - 1
    elif found["en"]:
        at = _NTH_EN[found["en"]]
    else:
        at = 0 if found["first"] else -1
    return values[at] if -len(values) <= at < len(values) else None


def _phone(text: str, ctx: ValueContext) -> Parsed:
    """A mobile or fixed number as E.164; mainland China unless told otherwise."""
    bounded = ValueContext(
        ctx.today, ctx.language, ctx.min_digits or 7, ctx.max_digits or 15, previous=_national(ctx)
    )
    read = digits.parse(_without_plus(text), bounded)
    if read.value is None:
        return read
    number = str(read.value)
    international = _e164(number, ctx.language, has_plus="+" in text or "加八六" in text)
    if international is None:
        short = len(number) < 11
        return Parsed(
            None,
            0.0,
            (number,),
            "too_short" if short else "out_of_range",
            read.is_correction,
            short,
            spans=read.spans,
        )
    return Parsed(international, read.confidence, (), "", read.is_correction, spans=read.spans)


def _without_plus(text: str) -> str:
    return text.replace("+", " ").replace("加八六", " 八六").replace("转", " 转 ")


def _national(ctx: ValueContext) -> str | None:
    return ctx.previous.removeprefix("+86").removeprefix("+") if isinstance(ctx.previous, str) else None


def _e164(number: str, language: str, *, has_plus: bool) -> str | None:
    number = number.removeprefix("00") if number.startswith("0086") else number
    if number.startswith("86") and len(number) == 13:
        number = number[2:]
    if re.fullmatch(r"1[3-9]\d{9}", number):
        return f"+86{number}"
    if re.fullmatch(r"0(?:10|2\d|[3-9]\d{2})\d{7,8}", number) and 10 <= len(number) <= 12:
        return f"+86{number[1:]}"
    if language == "en" and not has_plus and re.fullmatch(r"1?[2-9]\d{2}[2-9]\d{6}", number):
        return f"+{number}" if len(number) == 11 else f"+1{number}"
    if has_plus and 8 <= len(number) <= 15:
        return f"+{number}"
    return None


_LETTERS = re.compile(
    r"(?<![a-z])(?:[a-z]\s?){1,6}(?=[\d零〇一幺二两三四五六七八九\s]*$|[\d零〇一幺二两三四五六七八九])"
)


def _account(text: str, ctx: ValueContext) -> Parsed:
    """Digits, perhaps with letters before them: "CN 627" """
    lettered = re.search(
        r"(?<![a-z'])((?:[a-z]\s)*[a-z]{1,4})\s?((?:[\d零〇一幺二两三四五六七八九]\s?){2,})$", text
    )
    if lettered and ctx.language == "zh":
        tail = "".join(group.digits for group in digits.groups(lettered[2]))
        value = lettered[1].replace(" ", "").upper() + tail
        if digits.fits(value, ctx):
            return Parsed(value, 0.85, spans=(lettered.span(),))
    return digits.parse(text, ctx)


def _number(text: str, ctx: ValueContext) -> Parsed:
    found = numbers.find(text, ctx.language)
    if not found:
        half = re.search(r"(?:一半|半个?)(?!天)", text)
        return Parsed(0.5, 0.7, spans=(half.span(),)) if half else NOTHING
    chosen, corrected = found[0], False
    if re.match(r"[个斤块米天年]半(?!天)", text[chosen.end :]):
        return Parsed(
            _plain_number(chosen.value + Fraction(1, 2)), 0.9, spans=((chosen.start, chosen.end + 2),)
        )
    others: list[int | float] = []
    for number in found[1:]:
        if negation.is_corrected(text[chosen.end : number.start], text[number.end :]):
            chosen, corrected = number, True
        elif number.value != chosen.value:
            others.append(_plain_number(number.value))
    if others and not corrected:
        return Parsed(
            None,
            0.0,
            (_plain_number(chosen.value), *others),
            "ambiguous",
            spans=((chosen.start, chosen.end),),
        )
    confidence = 0.7 if chosen.is_approximate else 0.95
    return Parsed(
        _plain_number(chosen.value),
        confidence,
        (),
        "",
        corrected,
        False,
        chosen.is_approximate,
        ((chosen.start, chosen.end),),
    )


def _plain_number(value: Fraction) -> int | float:
    return int(value) if value.denominator == 1 else float(value)


def _text(text: str, ctx: ValueContext) -> Parsed:
    return Parsed(text, 0.9, spans=((0, len(text)),)) if text else NOTHING


def _record(text: str, ctx: ValueContext) -> Parsed:
    """One of the caller's own records; several that fit are alternatives."""
    found = records.pick(text, ctx.records, ctx.record_type, ctx)
    corrected = bool(negation.corrections(text)) or "negation" in found.features
    if not found.matches:
        return Parsed(None, 0.0, (), "refused" if "negation" in found.features else "nothing", corrected)
    named = tuple(ctx.records[at] for at in found.matches)
    if len(named) > 1:
        return Parsed(None, found.confidence, named, "ambiguous", corrected, spans=found.spans)
    return Parsed(named[0], found.confidence, (), "", corrected, spans=found.spans)


def _date(text: str, ctx: ValueContext) -> Parsed:
    return dates.parse(text, ctx)


_PARSERS: Mapping[str, Callable[[str, ValueContext], Parsed]] = {
    "yes_no": _yes_no,
    "choice": _choice,
    "record": _record,
    "digits": digits.parse,
    "phone": _phone,
    "account": _account,
    "money": money.parse,
    "date": _date,
    "number": _number,
    "text": _text,
}
