"""The shipped payments hotline, in text, with a small shop behind it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.dialogue.line import Line
from tests.dialogue.shop import Shop
from voicebot import dialplan_files
from voicebot.dialogue import Dialogue

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def payments() -> Dialogue:
    dialplan = dialplan_files.read_line(
        ROOT / "dialplans", "payments", voices_dir=ROOT / "voices", embedder=None
    )
    return Dialogue(dialplan)


@pytest.fixture
def shop() -> Shop:
    return Shop()


Call = Callable[..., Line]


@pytest.fixture
def rings(payments: Dialogue, shop: Shop) -> Call:
    """Ring the payments line; keyword arguments replace answers of the business systems."""

    def ring(*, ani: str = "+8613800001234", seed: int = 1, **answers: Any) -> Line:
        return Line(payments, {**shop.answers(), **answers}, ani=ani, seed=seed)

    return ring
