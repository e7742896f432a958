"""The demo proves what it says: a refund too many, too few or of the wrong kind is seen."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from voicebot import demo
from voicebot.backoffice import data
from voicebot.commands.data import DEMO_DATA
from voicebot.commands.placing import Placed
from voicebot.errors import ConfigError
from voicebot.phone.tape import Tape
from voicebot.settings import Settings, read_settings, require_serving
from voicebot.store.database import Database
from voicebot.store.models import HandoffRow, Refund

TONE = (np.sin(np.arange(160) / 3) * 8000).astype(np.int16)
QUIET = np.zeros(160, dtype=np.int16)
NOW = datetime(2026, 11, 21, 10, 0)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(database_url=f"sqlite:///{tmp_path / 'shop.db'}")


@pytest.fixture
def shop(settings: Settings) -> Iterator[Database]:
    database = Database(settings.database_url)
    database.migrate()
    data.load(database, DEMO_DATA.read_text("utf-8"), file="demo", now=NOW)
    yield database
    database.close()


def refund(order_id: str, method: str) -> Refund:
    return Refund(
        id=f"R-{order_id}",
        order_id=order_id,
        customer_id="wang",
        amount=29_900,
        method=method,
        status="processing",
        requested_at=NOW,
    )


@pytest.mark.parametrize(
    ("booked", "right"),
    [
        ([("wang-shirt", "original")], [True, True]),
        ([], [False, False]),
        ([("wang-shirt", "balance")], [True, False]),
        ([("wang-shoes", "original")], [True, False]),
        ([("wang-shirt", "original"), ("wang-shoes", "original")], [False, True]),
    ],
)
def test_only_one_refund_of_the_right_order_and_method_will_do(
    settings: Settings, shop: Database, booked: list[tuple[str, str]], right: list[bool]
) -> None:
    with shop.session() as session:
        before = {row.id for row in session.query(Refund)}
        session.add_all(refund(order_id, method) for order_id, method in booked)
        session.commit()
    checks = demo.check_refund(settings, Placed("CA1", Tape()), before)
    assert [check.is_true for check in checks[1:]] == right


def handoff(call_id: str, spoken: str = "王先生想退款") -> HandoffRow:
    return HandoffRow(
        id=f"h-{call_id}",
        call_id=call_id,
        created_at="2026-11-21T10:00:00Z",
        queue="general",
        recap={"spoken": spoken},
        **({"token_hash": "0" * 64} if hasattr(HandoffRow, "token_hash") else {}),
    )


@pytest.mark.parametrize(
    ("kept", "heard", "together", "right"),
    [
        (["CA1"], ["王先生想退款", "接听请按1"], True, [True, True, True]),
        ([], ["王先生想退款"], True, [False, False, True]),
        (["CA2"], ["王先生想退款"], True, [False, False, True]),
        (["CA1"], ["接听请按1"], True, [True, False, True]),
        (["CA1"], ["王先生想退款"], False, [True, True, False]),
    ],
)
def test_a_handoff_needs_a_recap_that_was_kept_and_heard(
    settings: Settings, shop: Database, kept: list[str], heard: list[str], together: bool, right: list[bool]
) -> None:
    with shop.session() as session:
        session.add_all(handoff(call_id) for call_id in kept)
        session.commit()
    placed = Placed("CA1", Tape(), agents_heard=heard, was_with_agent=together)
    assert [check.is_true for check in demo.check_handoff(settings, placed)[1:]] == right


def test_a_call_that_went_otherwise_is_a_failed_check(settings: Settings, shop: Database) -> None:
    placed = Placed("CA1", Tape(), problems=["waited in vain"])
    first = demo.check_refund(settings, placed, set())[0]
    assert not first.is_true
    assert "waited in vain" in first.what


@pytest.mark.parametrize(("wait_frames", "is_true"), [(20, True), (44, True), (60, False)])
def test_the_median_wait_is_held_against_its_goal(wait_frames: int, is_true: bool) -> None:
    tape = Tape()
    for index in range(30 + wait_frames + 20):
        is_caller, is_bot = index < 30, index >= 30 + wait_frames
        tape.frame(TONE if is_caller else QUIET, QUIET, TONE if is_bot else QUIET)
    assert demo.check_waiting([Placed("CA1", tape)]).is_true is is_true


def test_without_turns_there_is_no_median() -> None:
    assert not demo.check_waiting([Placed("CA1", Tape())]).is_true


def test_the_demo_server_may_be_started_as_it_is_set_up() -> None:
    require_serving(read_settings(demo.demo_environment()))


def test_the_demo_must_run_in_the_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match="is missing"):
        demo.script(demo.REFUND_CALL)


def test_free_ports_are_different() -> None:
    assert len(set(demo.free_ports(5))) == 5
