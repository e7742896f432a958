"""The small shop line of the dialplan tests, with a business that remembers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from tests.dialogue.conftest import ROOT
from tests.dialogue.shop import Shop
from voicebot import dialplan_files
from voicebot.dialplan.model import Dialplan
from voicebot.events import Request, Value
from voicebot.rehearsal.textcall import TextCall

NOON = datetime(2026, 11, 21, 12, 0)


@pytest.fixture(scope="session")
def payments_plan() -> Dialplan:
    return dialplan_files.read_line(ROOT / "dialplans", "payments", voices_dir=ROOT / "voices", embedder=None)


NewCall = Callable[..., TextCall]


@pytest.fixture
def new_call(payments_plan: Dialplan) -> NewCall:
    """Ring the payments line in text; keyword arguments are those of TextCall."""
    answers = Shop().answers()

    def perform(request: Request) -> Value:
        answer = answers[request.operation]
        return answer(**request.arguments) if callable(answer) else answer

    def ring(**how: Any) -> TextCall:
        return TextCall(payments_plan, perform, **{"started_at": NOON, "caller": "+8613800001234", **how})

    return ring
