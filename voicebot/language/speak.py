"""A prompt and its values, as shown in a transcript and as spoken.

Values are spoken by their declared type and never by guessing: 1234 is 幺二三四 as the tail of an
order and 一千二百三十四 as an amount. Text that came from people or systems is cleaned before it
reaches a voice: no markup, no control characters, and not too long.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime, time
from fractions import Fraction
from functools import lru_cache
from typing import Any

from wetext import Normalizer

from voicebot.dialplan.model import Hole, Variant
from voicebot.events import Value
from voicebot.language import spoken_en, spoken_zh

Wording = Mapping[str, Mapping[str, tuple[str, ...]]]

LONGEST_TEXT = 80
"""characters of a text value that are spoken; the rest would only tire the caller"""

_NO_WORDING: Wording = {}


def clean(text: str) -> str:
    """Text from outside, made safe for a voice and a transcript."""
    text = re.sub(r"<[^<>]{0,200}>", " ", unicodedata.normalize("NFC", text))
    text = re.sub(r"\{[^{}]*\}|&[a-z]+;|https?://\S+", " ", text)
    text = "".join(
        " " if unicodedata.category(char)[0] in "CZ" else char for char in text if char not in "<>{}|\\`*_~^"
    )
    text = "".join(char for char in text if unicodedata.category(char) not in ("So", "Sk", "Co", "Cn"))
    text = " ".join(text.split())
    if len(text) <= LONGEST_TEXT:
        return text
    cut = max(text.rfind(stop, LONGEST_TEXT // 2, LONGEST_TEXT) for stop in "，。；,;. ")
    return text[: cut if cut > 0 else LONGEST_TEXT].rstrip("，。；,;. ")


@lru_cache(maxsize=2)
def _wetext(language: str) -> Any:
    return Normalizer(lang=language, operator="tn", full_to_half=False)


_PHONE_LIKE = re.compile(
    r"(?<![\d.,¥$])(?:\+?86)?1[3-9]\d{9}(?![\d.])|(?<![\d.,¥$满减])(?:400|800|95|96|12|"
    r"10)\d{3,8}(?![\d.,元块个年%])"
)
_FIGURES = re.compile(r"[\d%¥￥$€℃]")


@lru_cache(maxsize=4096)
def literal(text: str, language: str) -> str:
    """The fixed text of a prompt: any figures in it become words, all else stays as written."""
    if not _FIGURES.search(text):
        return text
    if language != "zh":
        return _FIGURE_EN.sub(_figure_en, text)
    text = _PHONE_LIKE.sub(
        lambda found: spoken_zh.phone(found[0]) if len(found[0]) > 6 else spoken_zh.digits(found[0]), text
    )
    text = re.sub(
        r"(?<=[尾单卡账]号)(是|为)?(\d+)", lambda found: (found[1] or "") + spoken_zh.digits(found[2]), text
    )
    out: list[str] = []
    for piece in re.split(r"([，。！？；、：「」（）()!?;\n]|(?<!\d)[,.]|[,.](?!\d))", text):
        out.append(_words_zh(piece) if _FIGURES.search(piece) else piece)
    return "".join(out)


def _words_zh(clause: str) -> str:
    """Only clauses with figures go through the normaliser, so that nothing else can change."""
    lead = clause[: len(clause) - len(clause.lstrip())]
    trail = clause[len(clause.rstrip()) :]
    try:
        return lead + str(_wetext("zh").normalize(clause.strip())) + trail
    except AssertionError:  # how it refuses scripts it does not know
        return re.sub(r"\d+", lambda found: spoken_zh.cardinal(int(found[0])), clause)


_FIGURE_EN = re.compile(
    r"(?P<sign>[¥￥$€£])?(?P<clock>\b\d{1,2}:\d\d\b)|"
    r"(?P<currency>[¥￥$€£])?(?P<figure>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
    r"(?:(?P<percent>\s?%)|(?P<ordinal>st|nd|rd|th)\b|(?P<range>\s?[-–]\s?(?=\d)))?"
)


def _figure_en(found: re.Match[str]) -> str:
    if found["clock"]:
        hour, minute = (int(part) for part in found["clock"].split(":"))
        return spoken_en.clock(time(hour % 24, minute % 60))
    figure = found["figure"].replace(",", "")
    if found["ordinal"]:
        return spoken_en.ordinal(int(figure))
    if found["currency"]:
        unit = {"$": "dollars", "€": "euros", "£": "pounds"}.get(found["currency"], "yuan")
        return f"{spoken_en.number(Fraction(figure))} {unit}"
    if figure.isdigit() and len(figure) >= 5 and "," not in found["figure"]:
        words = spoken_en.digits(figure)
    else:
        words = spoken_en.number(Fraction(figure))
    return words + (" percent" if found["percent"] else " to " if found["range"] else "")


def spoken(
    value: Value, form: str, *, language: str, wording: Wording = _NO_WORDING, today: datetime | None = None
) -> str:
    """One value as it is said.

    form: one of FIELD_TYPES, "choice:<name>" (looked up in wording[name]), or "" to go by the Python type.
    Raises KeyError for a choice without wording, ValueError for a value that does not fit its form.
    """
    return _render_value(value, form, language, wording, today, is_spoken=True)


def display(
    value: Value, form: str, *, language: str, wording: Wording = _NO_WORDING, today: datetime | None = None
) -> str:
    """One value as a person writes it, for transcripts; same forms and errors as `spoken`."""
    return _render_value(value, form, language, wording, today, is_spoken=False)


def _render_value(
    value: Value,
    form: str,
    language: str,
    wording: Wording,
    today: datetime | None,
    *,
    is_spoken: bool,
    counted: bool = False,
) -> str:
    form = form or _form_of(value)
    zh = language == "zh"
    if isinstance(value, (list, tuple)) and form != "choice":
        parts = [
            _render_value(item, "" if form == "list" else form, language, wording, today, is_spoken=is_spoken)
            for item in value
        ]
        return _listed(parts, zh)
    if form.startswith("choice:"):
        return _choice(value, form.partition(":")[2], wording)
    if form in ("date", "time", "datetime"):
        return _when(value, form, zh, today, is_spoken=is_spoken)
    if form == "money":
        return _money(_whole(value, form), zh, wording, is_spoken=is_spoken)
    if form == "flag":
        return _flag(value, zh, wording)
    if form in ("number", "percent"):
        number = _fraction(value, form)
        if not is_spoken:
            return _figures(number) + ("%" if form == "percent" else "")
        if form == "percent":
            return (spoken_zh.percent if zh else spoken_en.percent)(number)
        return spoken_zh.number(number, counted=counted) if zh else spoken_en.number(number)
    if form == "digits":
        text = _digit_text(value)
        return (
            (spoken_zh.digits if zh else spoken_en.digits)(text, group=4 if len(text) > 6 else 0)
            if is_spoken
            else text
        )
    if form == "phone":
        text = _digit_text(value)
        return (spoken_zh.phone if zh else spoken_en.phone)(text) if is_spoken else _phone_shown(text)
    if form in ("text", "choice"):
        text = clean(str(value))
        in_chinese = any("㐀" <= char <= "鿿" for char in text)
        return literal(text, "zh" if in_chinese else language) if is_spoken else text
    raise ValueError(f'"{form}" is no form a value can be spoken in')


def _form_of(value: Value) -> str:
    if isinstance(value, bool):
        return "flag"
    for kind, form in (
        (datetime, "datetime"),
        (date, "date"),
        (time, "time"),
        ((int, float, Fraction), "number"),
        ((list, tuple), "list"),
    ):
        if isinstance(value, kind):
            return form
    return "text"


def _choice(value: Value, name: str, wording: Wording) -> str:
    try:
        return wording[name][str(value)][0]
    except (KeyError, IndexError):
        raise KeyError(f'no wording for "{value}" of "{name}"') from None


def _listed(parts: list[str], zh: bool) -> str:
    if len(parts) < 2:
        return "".join(parts)
    joint, last = ("、", "和") if zh else (", ", " and ")
    return joint.join(parts[:-1]) + last + parts[-1]


def _whole(value: Value, form: str) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != int(value):
        raise ValueError(f"{form} wants a whole number, got {type(value).__name__}")
    return int(value)


def _fraction(value: Value, form: str) -> Fraction:
    if isinstance(value, bool) or not isinstance(value, (int, float, str, Fraction)):
        raise ValueError(f"{form} wants a number, got {type(value).__name__}")
    return Fraction(str(value)) if isinstance(value, float) else Fraction(value)


def _digit_text(value: Value) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise ValueError(f"digits are text, got {type(value).__name__}")
    return re.sub(r"[^\w+]", "", clean(str(value)))


def _figures(number: Fraction) -> str:
    return str(int(number)) if number.denominator == 1 else f"{float(number):.4f}".rstrip("0")


def _phone_shown(text: str) -> str:
    national = text.removeprefix("+86")
    if len(national) == 11 and national.startswith("1"):
        return f"{national[:3]} {national[3:7]} {national[7:]}"
    return national


def _flag(value: Value, zh: bool, wording: Wording) -> str:
    own = wording.get("yes_no", {}).get("yes" if value else "no")
    if own:
        return own[0]
    return ("是" if value else "不是") if zh else ("yes" if value else "no")


def _money(cents: int, zh: bool, wording: Wording, *, is_spoken: bool) -> str:
    own = wording.get("money", {})
    unit, cent = own.get("unit", ("yuan",)), own.get("cent", ())
    if is_spoken:
        return spoken_zh.money(cents) if zh else spoken_en.money(cents, unit=unit, cent=cent)
    figure = f"{cents / 100:.2f}" if cents % 100 else str(cents // 100)
    return f"{figure}元" if zh else f"{figure} {unit[-1]}"


def _when(value: Value, form: str, zh: bool, today: datetime | None, *, is_spoken: bool) -> str:
    if isinstance(value, str):
        value = _from_text(value, form)
    day = today.date() if today is not None else None
    if form == "time" or (isinstance(value, time)):
        moment = value.time() if isinstance(value, datetime) else value
        if not isinstance(moment, time):
            raise ValueError(f"time wants a time of day, got {type(value).__name__}")
        return (spoken_zh.clock if zh else spoken_en.clock)(moment) if is_spoken else f"{moment:%H:%M}"
    if not isinstance(value, date):
        raise ValueError(f"{form} wants a date, got {type(value).__name__}")
    if form == "datetime" and isinstance(value, datetime):
        if is_spoken:
            return (spoken_zh.moment if zh else spoken_en.moment)(value, day)
        shown = (spoken_zh.day if zh else spoken_en.day)(value.date(), day, figures=True)
        return f"{shown}{'' if zh else ' '}{value:%H:%M}"
    exact = value.date() if isinstance(value, datetime) else value
    return (spoken_zh.day if zh else spoken_en.day)(exact, day, figures=not is_spoken)


def _from_text(value: str, form: str) -> date | time:
    for read in (time.fromisoformat,) if form == "time" else ():
        try:
            return read(value)
        except ValueError:
            pass
    try:
        return (
            date.fromisoformat(value)
            if len(value) == 10
            else datetime.fromisoformat(value).replace(tzinfo=None)
        )
    except ValueError:
        raise ValueError(f"{form} wants a date in ISO form") from None


def resolve(path: tuple[str, ...], values: Mapping[str, Value]) -> Value:
    """Follow `order.merchant` into nested records. Raises KeyError naming the hole; None is missing too."""
    current: Value = values
    for name in path:
        if isinstance(current, Mapping) and name in current:
            current = current[name]
        elif isinstance(current, (list, tuple)) and name.isdigit() and int(name) < len(current):
            current = current[int(name)]
        else:
            current = None
        if current is None:
            raise KeyError(".".join(path))
    return current


def render(
    variant: Variant,
    values: Mapping[str, Value],
    *,
    language: str,
    wording: Wording = _NO_WORDING,
    today: datetime | None = None,
) -> tuple[str, str]:
    """Fill one wording: (as shown, as spoken).

    Raises KeyError naming the hole whose value is unknown, None, or has no wording, and ValueError
    naming the hole whose value does not fit its form; the caller then uses a wording without it.
    """
    shown: list[str] = []
    said: list[str] = []
    for at, part in enumerate(variant.parts):
        if isinstance(part, str):
            shown.append(part)
            said.append(literal(part, language))
            continue
        following = variant.parts[at + 1] if at + 1 < len(variant.parts) else ""
        counted = isinstance(following, str) and spoken_zh.is_counted(following)
        value = resolve(part.path, values)
        try:
            shown.append(_render_value(value, part.form, language, wording, today, is_spoken=False))
            said.append(
                _render_value(value, part.form, language, wording, today, is_spoken=True, counted=counted)
            )
        except KeyError as error:
            raise KeyError(f"{_name(part)}: {error.args[0]}") from None
        except ValueError as error:
            raise ValueError(f"{_name(part)}: {error}") from None
    return "".join(shown), "".join(said)


def _name(hole: Hole) -> str:
    return ".".join(hole.path)
