"""How long the bot made the caller wait, measured with the caller's ear.

The only honest clock is the sound on the line: from the caller's last sound (or key) to the bot's
first. Measured on the two channels as they were heard, after the caller's side was cleaned of added
noise. Work in steps of 10 ms.

A stretch of the caller's sound is *answered* by the next moment at which the bot begins to sound after
at least 200 ms of quiet. If the caller speaks again before that, it was one turn with a pause in it.
Sound during which the bot never stopped (a mhm over a prompt) is no turn.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from voicebot.audio import SAMPLES_PER_MS
from voicebot.events import Samples

STEP_MS = 10
STEP = STEP_MS * SAMPLES_PER_MS
QUIETEST_SOUND_DB = -50.0
BELOW_PEAK_DB = 38.0
"""softer than this against the loudest moment is breath and echo, not speech"""
BREAK_MS = 200
"""the bot begins anew after this much quiet"""
PAUSE_MS = 300
"""shorter gaps lie within one stretch of sound"""
LONGEST_WAIT_MS = 20_000
"""later sound is a reminder, not an answer"""


@dataclass(frozen=True, slots=True)
class Answer:
    """One turn as the caller felt it."""

    asked_ms: int
    """end of the caller's last sound, or the last key"""
    answered_ms: int
    """the bot's first sound after it"""

    @property
    def waited_ms(self) -> int:
        return self.answered_ms - self.asked_ms


def answers(caller: Samples, bot: Samples, *, keys_ms: Sequence[int] = ()) -> tuple[Answer, ...]:
    """All turns of a call, in order; keys_ms: when keys were pressed."""
    spoken = stretches(caller, join_ms=PAUSE_MS)
    starts = [start for start, _ in stretches(bot, join_ms=BREAK_MS)]
    acts = sorted([*spoken, *((at_ms, at_ms) for at_ms in keys_ms)])
    found: list[Answer] = []
    for index, (_, end_ms) in enumerate(acts):
        following = next((start for start, _ in acts[index + 1 :] if start >= end_ms), None)
        start = next((start for start in starts if start >= end_ms), None)
        if start is None or start - end_ms > LONGEST_WAIT_MS:
            continue
        if following is not None and following < start:
            continue
        found.append(Answer(end_ms, start))
    return tuple(found)


def stretches(samples: Samples, *, join_ms: int) -> list[tuple[int, int]]:
    """Where there is sound: (start, end) in ms; quiet shorter than join_ms does not divide."""
    is_sound = sounding(samples)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], is_sound.astype(np.int8), [0]])))
    found: list[tuple[int, int]] = []
    for start, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        if found and start * STEP_MS - found[-1][1] < join_ms:
            found[-1] = (found[-1][0], end * STEP_MS)
        else:
            found.append((start * STEP_MS, end * STEP_MS))
    return [(start, end) for start, end in found if end - start > 2 * STEP_MS]


def sounding(samples: Samples) -> NDArray[np.bool_]:
    """One flag for every 10 ms: is there sound?"""
    whole = len(samples) // STEP
    if not whole:
        return np.zeros(0, dtype=bool)
    steps = samples[: whole * STEP].astype(np.float32).reshape(whole, STEP)
    power = (steps * steps).mean(axis=1) / 32_768.0**2
    level = 10 * np.log10(np.maximum(power, 1e-10))
    loud: NDArray[np.bool_] = level > max(QUIETEST_SOUND_DB, float(level.max()) - BELOW_PEAK_DB)
    return loud


def percentile(values: Sequence[int], share: float) -> int:
    """The smallest value that at least this share of all values do not exceed; 0 of nothing.

    >>> percentile([500, 900, 700], 0.5), percentile([500, 900, 700], 0.95)
    (700, 900)
    """
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else 0
