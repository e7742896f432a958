"""How well the bot hears, beside plain faster-whisper in the same run.

    python -m voicebot.bench.recognition CLIPS.tsv --at-most 60 --noise pub.wav --snr 10

Clips come from a table (tab separated, with a head: `file`, `text`, and if given `language` and
`set`); files lie beside the table. Measured are, for both recognisers on the same audio:

- free speech: character error rate, time an utterance;
- numbers read out (clips whose text is nothing but 6 or more digits): exactly right with nothing
  known; and, which plain Whisper cannot, among ten known numbers, among five that differ by one
  digit, and rejected when the number is not among ten.

Ratios between columns of one run mean something; times of different runs do not.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import re
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from rapidfuzz.distance import Levenshtein

from voicebot.commands.settings import load_settings
from voicebot.engines.base import Recogniser
from voicebot.engines.sayings import TO_DIGIT, digits_in
from voicebot.engines.sound_file import read_call_audio
from voicebot.engines.whisper import WhisperRecogniser
from voicebot.errors import ConfigError
from voicebot.events import Candidate, Expectation, Samples
from voicebot.language.normalise import simplified
from voicebot.models import ModelStore

NUMBER = re.compile(r"[0-9零〇一幺二三四五六七八九\s]{6,}")
PROMPT = {"zh": "以下是普通话的句子。", "en": None}
"""plain Whisper gets the same help to write simplified characters"""
KNOWN, NEAR = 10, 5

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Clip:
    name: str
    text: str
    language: str
    samples: Samples = field(repr=False)

    @property
    def digits(self) -> str:
        """The number read out, or "" when the clip is a sentence."""
        return "".join(TO_DIGIT.get(c, "") for c in self.text) if NUMBER.fullmatch(self.text) else ""


@dataclass(slots=True)
class Column:
    """One recogniser's results."""

    name: str
    clips: int = 0
    characters: int = 0
    errors: int = 0
    took_ms: list[float] = field(default_factory=list)
    numbers: int = 0
    numbers_right: int = 0
    known_right: int = 0
    near_right: int = 0
    absent_rejected: int = 0
    present_rejected: int = 0
    number_ms: list[float] = field(default_factory=list)

    @property
    def cer(self) -> float:
        return self.errors / self.characters if self.characters else 0.0


class PlainWhisper:
    """faster-whisper as its manual shows it, for comparison."""

    def __init__(self, model_dir: Path, *, cpu_threads: int) -> None:
        from faster_whisper import WhisperModel

        self._model = WhisperModel(str(model_dir), device="cpu", compute_type="int8", cpu_threads=cpu_threads)

    def hear(self, samples: Samples, language: str) -> str:
        import soxr

        sound = soxr.resample(samples.astype(np.float32) / 32768.0, 8000, 16_000)
        segments, _ = self._model.transcribe(
            sound, language=language, beam_size=5, initial_prompt=PROMPT[language], without_timestamps=True
        )
        return "".join(segment.text for segment in segments)


def read_clips(
    table: Path,
    *,
    at_most: int = 0,
    sets: Sequence[str] = (),
    wanted: re.Pattern[str] = re.compile("(?s).*"),
    seed: int = 1,
) -> list[Clip]:
    """Clips of a table; with at_most, a sample that is the same for the same seed.

    sets: names in the column `set`. wanted: what the whole text must match.

    Raises ConfigError naming the table or the clip that cannot be read.
    """
    try:
        with table.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))
    except OSError as error:
        raise ConfigError(f"{table} cannot be read: {error.strerror}.") from error
    if not rows or not {"file", "text"} <= rows[0].keys():
        raise ConfigError(f"{table} needs a head with the columns file and text, separated by tabs.")
    chosen = [row for row in rows if (not sets or row.get("set") in sets) and wanted.fullmatch(row["text"])]
    if at_most and len(chosen) > at_most:
        chosen = random.Random(seed).sample(chosen, at_most)
    return [
        Clip(
            row["file"], row["text"], row.get("language") or "zh", read_call_audio(table.parent / row["file"])
        )
        for row in chosen
    ]


def with_noise(clip: Clip, noise: Samples, snr_db: float, *, seed: int = 1) -> Clip:
    """The clip with noise under it, that many dB below the mean power of the clip."""
    place = random.Random(f"{seed}{clip.name}").randrange(max(1, len(noise)))
    under = np.resize(np.roll(noise, -place), len(clip.samples)).astype(np.float64)
    wanted = float(np.mean(np.square(clip.samples.astype(np.float64)))) / 10 ** (snr_db / 10)
    factor = np.sqrt(wanted / max(1e-9, float(np.mean(np.square(under)))))
    mixed = np.clip(np.rint(clip.samples + factor * under), -32_768, 32_767).astype(np.int16)
    return Clip(clip.name, clip.text, clip.language, mixed)


def measure(
    clips: Sequence[Clip],
    ours: Recogniser,
    plain: PlainWhisper | None,
    *,
    seed: int = 1,
    progress: Progress = lambda line: None,
) -> dict[str, Column]:
    """Hear all clips with both; keys "ours" and, with a plain recogniser, "plain"."""
    chance = random.Random(seed)
    columns = {"ours": Column("ours")} | ({"plain": Column("faster-whisper")} if plain else {})
    numbers = [clip.digits for clip in clips if clip.digits]
    for place, clip in enumerate(clips):
        if place % 10 == 0:
            progress(f"{place} of {len(clips)}")
        if clip.digits:
            _number(clip, numbers, ours, plain, columns, chance)
            continue
        texts = {"ours": _timed(columns["ours"].took_ms, partial(_free, ours, clip))}
        if plain is not None:
            hear = partial(plain.hear, clip.samples, clip.language)
            texts["plain"] = _timed(columns["plain"].took_ms, hear)
        for name, text in texts.items():
            wanted = comparable(clip.text)
            columns[name].clips += 1
            columns[name].characters += len(wanted)
            columns[name].errors += Levenshtein.distance(wanted, comparable(text))
    return columns


def _free(ours: Recogniser, clip: Clip) -> str:
    return ours.recognise(clip.samples, language=clip.language, expectation=Expectation()).text


def _timed(into: list[float], work: Callable[[], str]) -> str:
    started = time.perf_counter()
    result = work()
    into.append((time.perf_counter() - started) * 1000)
    return result


def _number(
    clip: Clip,
    numbers: Sequence[str],
    ours: Recogniser,
    plain: PlainWhisper | None,
    columns: Mapping[str, Column],
    chance: random.Random,
) -> None:
    own, said = columns["ours"], clip.digits

    def chosen(values: Sequence[str]) -> str | None:
        shuffled = chance.sample(list(values), len(values))
        expectation = Expectation("record", tuple(Candidate(value, (value,)) for value in shuffled))
        return ours.recognise(clip.samples, language=clip.language, expectation=expectation).best_expected

    nothing_known = Expectation("digits", min_digits=min(8, len(said)), max_digits=max(11, len(said)))
    started = time.perf_counter()
    hearing = ours.recognise(clip.samples, language=clip.language, expectation=nothing_known)
    own.number_ms.append((time.perf_counter() - started) * 1000)
    own.numbers += 1
    own.numbers_right += bool(hearing.digits) and hearing.digits[0].text == said
    others = others_like(said, numbers, KNOWN, chance)
    among_ten = chosen([said, *others[: KNOWN - 1]])
    own.known_right += among_ten == said
    own.present_rejected += among_ten is None
    own.near_right += chosen(near(said, NEAR, chance)) == said
    own.absent_rejected += chosen(others) is None
    if plain is not None:
        heard = _timed(columns["plain"].number_ms, lambda: plain.hear(clip.samples, clip.language))
        columns["plain"].numbers += 1
        columns["plain"].numbers_right += digits_in(heard) == said


def others_like(said: str, numbers: Sequence[str], count: int, chance: random.Random) -> list[str]:
    """Other numbers of the set, or invented ones of the same length where there are too few."""
    found = sorted(set(numbers) - {said})
    picked = chance.sample(found, min(count, len(found)))
    while len(picked) < count:
        other = "".join(chance.choice("0123456789") for _ in said)
        if other != said and other not in picked:
            picked.append(other)
    return picked


def near(said: str, count: int, chance: random.Random) -> list[str]:
    """The number itself and others that differ from it by one digit."""
    found = [said]
    while len(found) < count:
        place = chance.randrange(len(said))
        other = said[:place] + chance.choice("0123456789".replace(said[place], "")) + said[place + 1 :]
        if other not in found:
            found.append(other)
    return found


def comparable(text: str) -> str:
    """Text without what a listener would not hear: script, case, marks."""
    return re.sub(r"[\W_]", "", simplified(text).lower())


def render(columns: Mapping[str, Column]) -> str:
    """The results side by side, for people."""
    names = list(columns)
    rows: list[tuple[str, ...]] = [("", *(columns[name].name for name in names))]

    def add(title: str, cell: Callable[[Column], str]) -> None:
        rows.append((title, *(cell(columns[name]) for name in names)))

    first = columns[names[0]]
    if first.clips:
        add(f"free speech, {first.clips} clips: CER", lambda c: f"{c.cer:.1%}")
        add("  time an utterance, median", lambda c: f"{median(c.took_ms):.0f} ms")
    if first.numbers:
        add(f"numbers, {first.numbers} clips: nothing known", lambda c: f"{c.numbers_right / c.numbers:.0%}")
        add("  time an utterance, median", lambda c: f"{median(c.number_ms):.0f} ms")

        def share(pick: Callable[[Column], int]) -> Callable[[Column], str]:
            return lambda c: f"{pick(c) / c.numbers:.1%}" if c is columns.get("ours") else "-"

        add(f"  among {KNOWN} known", share(lambda c: c.known_right))
        add(f"  among {NEAR} that differ by one digit", share(lambda c: c.near_right))
        add(f"  rejected: none of {KNOWN} was said", share(lambda c: c.absent_rejected))
        add("  rejected wrongly: it was among them", share(lambda c: c.present_rejected))
    widths = [max(len(row[place]) for row in rows) for place in range(len(names) + 1)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if not place else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def as_json(columns: Mapping[str, Column]) -> dict[str, Any]:
    """The results for programs."""
    return {name: {**asdict(column), "cer": column.cer} for name, column in columns.items()}


def main(arguments: list[str]) -> None:
    """Print the table, or with --json one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("table", type=Path)
    parser.add_argument("--at-most", type=int, default=60, help="clips; 0 takes all")
    parser.add_argument("--numbers-only", action="store_true", help="clips whose text is a number")
    parser.add_argument("--noise", type=Path, help="WAV file to put under the clips")
    parser.add_argument("--snr", type=float, default=10.0, help="dB between clip and noise")
    parser.add_argument("--without-plain", action="store_true")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    settings = load_settings()
    model_dir = ModelStore(settings.models_dir).resolve(settings.asr_model)
    ours = WhisperRecogniser(model_dir, cpu_threads=settings.asr_threads)
    ours.warm_up()
    plain = None if given.without_plain else PlainWhisper(model_dir, cpu_threads=settings.asr_threads)
    wanted = NUMBER if given.numbers_only else re.compile("(?s).*")
    clips = read_clips(given.table, at_most=given.at_most, wanted=wanted)
    if given.noise is not None:
        noise = read_call_audio(given.noise)
        clips = [with_noise(clip, noise, given.snr) for clip in clips]
    columns = measure(clips, ours, plain, progress=lambda line: print(line, file=sys.stderr))
    print(json.dumps(as_json(columns)) if given.json else render(columns))


if __name__ == "__main__":
    main(sys.argv[1:])
