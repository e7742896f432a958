"""What the text tools share: a line with its meanings, and calls in text on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from voicebot import dialplan_files
from voicebot.commands.demoshop import DemoShop
from voicebot.dialogue.understand import Meaning
from voicebot.dialplan import report
from voicebot.dialplan.examples import Example
from voicebot.dialplan.model import Dialplan
from voicebot.dialplan.report import Problem
from voicebot.engines.remembering import RememberingEmbedder
from voicebot.errors import ConfigError
from voicebot.rehearsal.play import play
from voicebot.rehearsal.textcall import TextCall
from voicebot.settings import Settings

EXAMPLES_AT = datetime(2026, 11, 21, 12, 0)
"""when the calls of examples are made: noon of a Saturday, so that a failure can be had again"""


@dataclass(frozen=True)
class Ears:
    """How sentences are given a meaning; without an embedder, by words and sounds alone."""

    embedder: RememberingEmbedder | None

    @property
    def meaning(self) -> Meaning | None:
        return self.embedder.embed if self.embedder is not None else None


@contextmanager
def ears(settings: Settings) -> Iterator[Ears]:
    """The embedder of the settings; what it has worked out is kept for the next time."""
    if settings.embedder != "e5":
        yield Ears(None)
        return
    from voicebot.engines.e5 import E5Embedder, version

    embedder = RememberingEmbedder(E5Embedder(), settings.cache_dir / "meanings.npz", version=version())
    try:
        yield Ears(embedder)
    finally:
        embedder.keep()


def read_line(dialplans: Path, line: str, voices: Path, heard: Ears) -> Dialplan:
    """One line, ready. Raises ConfigError for one that is not there, DialplanError for a broken one."""
    known = dialplan_files.line_names(dialplans)
    if line not in known:
        raise ConfigError(
            f'there is no line "{line}" in {dialplans}',
            remedy=report.suggest(line, known, otherwise="name the folder with DIALPLANS_DIR"),
        )
    return dialplan_files.read_line(
        dialplans, line, voices_dir=voices if voices.is_dir() else None, embedder=heard.embedder
    )


def play_examples(
    dialplan: Dialplan,
    examples: tuple[Example, ...],
    heard: Ears,
    *,
    at: datetime = EXAMPLES_AT,
    seed: int = 1,
) -> tuple[Problem, ...]:
    """Every example on a call and a shop of its own; the promises that are not kept."""
    problems = []
    with DemoShop(at) as shop:
        for number, example in enumerate(examples):
            shop.fill_anew()
            call = TextCall(
                dialplan,
                shop.perform,
                started_at=at,
                meaning=heard.meaning,
                caller=example.caller,
                language=example.language,
                seed=seed,
                call_id=f"EXAMPLE-{number}",
                agents=example.agents,
                systems=example.systems,
            )
            if (problem := play(example, call)) is not None:
                problems.append(problem)
    return tuple(problems)
