"""From the rows of a recording to what a reader wants to know."""

from __future__ import annotations

from typing import Any

import pytest

from voicebot.report.facts import Facts, Line, facts_of

HEADER = {
    "format": "voicebot-recording",
    "version": 1,
    "line": "payments",
    "engines": {"recogniser": "base 1"},
}
STARTED = {"at_ms": 0, "event": "CallStarted", "started_at": {"$datetime": "2026-11-11T09:30:00"}}


def journal(at_ms: int, kind: str, **data: Any) -> dict[str, Any]:
    return {"at_ms": at_ms, "journal": kind, "data": data}


def request(at_ms: int, key: str | None, **more: Any) -> dict[str, Any]:
    return {
        "at_ms": at_ms,
        "command": "Request",
        "request_id": 4,
        "operation": "book_refund",
        "arguments": {"order_id": "O1", "method": "original"},
        "idempotency_key": key,
    } | more


def facts(*rows: dict[str, Any]) -> Facts:
    return facts_of([HEADER, STARTED, *rows])


def test_what_was_said_in_order_with_interruptions_and_keys() -> None:
    found = facts(
        journal(100, "bot_says", prompt="greet", text="您好"),
        journal(
            2000, "caller_says", turn=1, text="我要退款", taken="yes", confidence=0.913, interrupted=True
        ),
        journal(1900, "barge_in", turn=1, heard_share=0.4),
        journal(3000, "caller_says", turn=2, keys="1234", taken="yes"),
        journal(3500, "step", flow="refund", step="ask"),
    )
    assert [(line.who, line.text) for line in found.lines] == [
        ("bot", "您好"),
        ("note", "interrupts the bot"),
        ("caller", "我要退款"),
        ("caller", "⌨ 1234"),
    ]
    assert "over the prompt" in found.lines[2].about
    assert found.path == ((3500, "refund.ask"),)
    assert (found.line, found.started, found.length_ms) == ("payments", "2026-11-11 09:30", 3500)


def test_a_sentence_stands_where_the_caller_began_to_say_it() -> None:
    (line,) = facts(
        journal(2500, "caller_says", turn=1, text="对", taken="yes", speech_ms=700),
        journal(2600, "turn", turn=1, last_sound_ms=1800),
    ).lines
    assert line.at_ms == 1100


def spoken(at_ms: int, number: int, for_ms: int) -> dict[str, Any]:
    return {"at_ms": at_ms, "event": "SpeechReady", "request_id": number, "for_ms": for_ms, "is_last": True}


def test_a_sentence_of_the_bot_stands_where_the_caller_began_to_hear_it() -> None:
    found = facts(
        journal(0, "bot_says", text="一", prompt_id=1),
        journal(0, "bot_says", text="二", prompt_id=2),
        spoken(10, 1, 2000),
        spoken(400, 2, 3000),
        {"at_ms": 2500, "command": "ClearPlayout"},
        journal(3300, "bot_says", text="三", prompt_id=3),
        spoken(3310, 3, 500),
    )
    assert [line.at_ms for line in found.lines] == [10, 2010, 3310]


def test_what_is_told_twice_is_shown_once() -> None:
    twice = facts(journal(5, "no_input", question="q"), journal(5, "no_input", question="q"))
    assert len(twice.lines) == len(twice.problems) == 1


def test_where_the_time_of_a_turn_went() -> None:
    (turn,) = facts(
        journal(1000, "caller_says", turn=1, text="对", taken="yes"),
        journal(
            1800,
            "turn",
            turn=1,
            by="speech",
            last_sound_ms=1000,
            waiting_ms=600,
            recognising_ms=100,
            deciding_ms=60,
            first_audio_ms=40,
            total_ms=800,
        ),
    ).turns
    assert sum(turn.parts_ms.values()) == turn.total_ms == 800
    assert (turn.at_ms, turn.said) == (1000, "对")


def test_a_refund_is_shown_with_what_came_of_it() -> None:
    result = {"order_tail": "1234", "amount": 29_900, "expected_on": {"$date": "2026-11-14"}, "note": None}
    (deed,) = facts(
        request(5000, "k1"), {"at_ms": 5100, "event": "RequestAnswered", "request_id": 4, "result": result}
    ).deeds
    assert deed.operation == "book_refund"
    assert deed.result == {"order_tail": "1234", "amount": "¥299.00", "expected_on": "2026-11-14"}
    assert deed.refusal == ""


@pytest.mark.parametrize(
    ("answer", "refusal"),
    [
        (
            {"at_ms": 1, "event": "RequestFailed", "request_id": 4, "code": "already_refunded"},
            "already_refunded",
        ),
        ({"at_ms": 1, "event": "RequestAnswered", "request_id": 5, "result": {}}, "no answer"),
    ],
)
def test_what_was_not_done_says_so(answer: dict[str, Any], refusal: str) -> None:
    (deed,) = facts(request(0, "k1"), answer).deeds
    assert deed.refusal == refusal


def test_looking_something_up_is_not_a_deed() -> None:
    assert facts(request(0, None)).deeds == ()


def test_a_handoff_is_shown_with_its_recap() -> None:
    recap = {
        "caller": "王先生",
        "identity": "number_known",
        "wants": "退款",
        "done": ["查了订单"],
        "mood": "calm",
        "reason": "asked",
        "spoken": "王先生想退款。",
        "facts": {"order": {"tail": "1234", "amount": 29_900}},
    }
    handoff = facts(
        journal(100, "transfer", phase="ringing", why="begun"),
        {"at_ms": 100, "command": "RingAgent", "attempt": 1, "queue": "general", "recap": recap},
        journal(9000, "transfer", phase="connected", why="bridged"),
    ).handoff
    assert handoff is not None
    assert (handoff.queue, handoff.spoken, handoff.is_connected) == ("general", "王先生想退款。", True)
    assert handoff.facts["identity"] == "number known"
    assert handoff.facts["order"] == "tail 1234, amount ¥299.00"
    assert handoff.phases == ((100, "ringing (begun)"), (9000, "connected (bridged)"))


def test_the_outcome_is_the_scripts_and_otherwise_how_the_call_ended() -> None:
    assert facts(
        journal(1, "outcome", outcome="transferred"), journal(2, "outcome", ended="moved")
    ).outcome == ("transferred")
    assert facts(journal(2, "outcome", ended="caller_hung_up")).outcome == "caller hung up"
    assert facts().outcome == "unknown"


def test_trouble_is_listed() -> None:
    found = facts(journal(5, "problem", code="E-ASR-LATE"), journal(9, "no_match", reason="out_of_scope"))
    assert [line.text for line in found.problems] == ["problem", "no match"]
    assert "E-ASR-LATE" in found.problems[0].about


def test_the_agents_side_is_woven_in() -> None:
    agent = Line(50, "agent", "hears the recap")
    found = facts_of([HEADER, journal(100, "bot_says", text="请稍等")], extra=[agent])
    assert found.lines[0] == agent


def test_no_rows_at_all() -> None:
    assert facts_of([]).lines == ()
