"""One HTML file about one or more calls; opens anywhere, fetches nothing."""

from __future__ import annotations

import base64
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, StrictUndefined

from voicebot.events import Samples
from voicebot.report.facts import PART_NAMES, PARTS, Facts
from voicebot.report.waveform import envelope_path
from voicebot.wav import encode_wav

TEMPLATE = Path(__file__).parent / "page.html.j2"


@dataclass(frozen=True, slots=True)
class CallPage:
    """What is shown of one call."""

    title: str
    facts: Facts
    caller: Samples
    bot: Samples
    waits_ms: Sequence[int] = ()
    """last caller sound to first bot sound, as measured at the phone; empty when only the server knows"""
    checks: Sequence[tuple[bool, str]] = ()
    """(is true, what was to be shown)"""
    subtitle: str = ""
    answers: Sequence[tuple[int, int]] = field(default=())
    """(last caller sound, first bot sound) in ms, for the marks in the waveform"""


def render(title: str, calls: Sequence[CallPage], *, made_at: str) -> str:
    """The page as text. made_at: shown at its foot."""
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["clock"] = clock
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    return template.render(
        title=title,
        calls=[_shown(call, number) for number, call in enumerate(calls, start=1)],
        parts=PARTS,
        part_names=PART_NAMES,
        made_at=made_at,
    )


def clock(at_ms: int) -> str:
    """An instant of the call.

    >>> clock(75_300)
    '1:15.3'
    """
    minutes, ms = divmod(max(0, at_ms), 60_000)
    return f"{minutes}:{ms / 1000:04.1f}"


def _shown(call: CallPage, number: int) -> dict[str, Any]:
    samples = max(len(call.caller), len(call.bot), 1)
    length_ms = max(call.facts.length_ms, -(-samples // 8))
    stereo = np.zeros((samples, 2), dtype=np.int16)
    stereo[: len(call.caller), 0] = call.caller
    stereo[: len(call.bot), 1] = call.bot
    waits = list(call.waits_ms) or [turn.total_ms for turn in call.facts.turns]
    return {
        "number": number,
        "title": call.title,
        "subtitle": call.subtitle,
        "facts": call.facts,
        "length_ms": length_ms,
        "caller_path": envelope_path(call.caller, length_ms=length_ms),
        "bot_path": envelope_path(call.bot, length_ms=length_ms),
        "audio": base64.b64encode(encode_wav(stereo)).decode("ascii"),
        "waits": waits,
        "measured_at": "at the phone" if call.waits_ms else "by the server",
        "median_ms": round(statistics.median(waits)) if waits else None,
        "slowest_ms": max([turn.total_ms for turn in call.facts.turns], default=1) or 1,
        "checks": list(call.checks),
        "answers": list(call.answers),
        "ticks": _ticks(length_ms),
    }


def _ticks(length_ms: int) -> list[int]:
    step = next((s for s in (1000, 2000, 5000, 10_000, 30_000, 60_000) if length_ms / s <= 14), 120_000)
    return list(range(0, length_ms, step))
