"""What is written about a call can be read back as what happened."""

from __future__ import annotations

from datetime import date, datetime

import numpy as np
import pytest

from voicebot import eventlog
from voicebot.events import (
    AgentLegChanged,
    Alternative,
    BridgeFailed,
    CallerBridged,
    CallStarted,
    ConversationEnded,
    Event,
    Expectation,
    FrameReceived,
    Heard,
    Hearing,
    Journal,
    KeyPressed,
    LegEvent,
    MarkReached,
    Ranked,
    Recap,
    Recognise,
    RecognitionFailed,
    RequestAnswered,
    RequestFailed,
    RingAgent,
    SendAudio,
    SpeechReady,
    StreamEnded,
    SynthesisFailed,
    TextTyped,
    Woken,
)

HEARING = Hearing(
    "我要退款",
    alternatives=(Alternative("我要退款", -0.2), Alternative("我要推款", -0.9)),
    ranked=(Ranked("1234", "尾号1234", -0.1),),
    best_expected="1234",
    digits=(Alternative("1234", -0.3),),
    took_ms=412,
)

EVENTS: list[Event] = [
    CallStarted("CA1", "MZ1", "+8613800000000", "", datetime(2026, 11, 11, 9, 30), 7),
    KeyPressed("#"),
    MarkReached("1.0.2"),
    StreamEnded("caller_hung_up"),
    SynthesisFailed(3, "E-TTS"),
    Heard(2, 1, HEARING),
    RecognitionFailed(2, 1, "E-ASR-LATE"),
    RequestAnswered(4, [{"placed_at": datetime(2026, 11, 10), "ships_on": date(2026, 11, 12), "size": None}]),
    RequestAnswered(5, None),
    RequestFailed(4, "timeout"),
    AgentLegChanged(1, LegEvent.NO_KEY),
    CallerBridged(),
    BridgeFailed("E-BRIDGE"),
    ConversationEnded("agent_left"),
    Woken(),
    TextTyped(HEARING),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda e: type(e).__name__)
def test_an_event_comes_back_as_it_was(event: Event) -> None:
    written = eventlog.line(eventlog.event_row(40, event))
    (_, row) = eventlog.rows([HEADER, written])
    assert row["at_ms"] == 40
    assert eventlog.event_of(row) == event


def test_every_kind_of_event_is_in_this_manual() -> None:
    covered = {type(event) for event in EVENTS} | {FrameReceived, SpeechReady}
    assert covered == set(Event.__args__)


def test_sound_is_not_written_but_its_length_is() -> None:
    event = SpeechReady(3, np.ones(1600, dtype=np.int16), is_last=True, was_cached=True)
    row = eventlog.event_row(0, event)
    assert row["for_ms"] == 200
    back = eventlog.event_of(row)
    assert isinstance(back, SpeechReady)
    assert (len(back.samples), back.is_last, back.was_cached) == (1600, True, True)


def test_a_vector_is_left_out() -> None:
    hearing = Hearing("好", vector=np.ones(4, dtype=np.float32))
    row = eventlog.event_row(0, Heard(1, 1, hearing))
    assert "vector" not in row["hearing"]
    back = eventlog.event_of(row)
    assert isinstance(back, Heard)
    assert back.hearing.vector is None


def test_commands_are_written_in_short_form() -> None:
    sound = np.zeros(8000, dtype=np.int16)
    assert eventlog.command_row(5, SendAudio(sound)) == {"at_ms": 5, "command": "SendAudio", "for_ms": 1000}
    heard = eventlog.command_row(5, Recognise(2, 1, sound, "zh", Expectation("yes_no")))
    assert (heard["turn"], heard["for_ms"], heard["expects"]) == (2, 1000, "yes_no")
    ring = RingAgent(
        1, "a1", "+8610", "senior", 20_000, Recap("王先生", "verified", "退款", (), "calm", "zh", "x")
    )
    row = eventlog.command_row(5, ring)
    assert row["recap"]["wants"] == "退款"
    assert "phone" not in row


def test_a_journal_line_is_written_in_full() -> None:
    row = eventlog.command_row(9, Journal("turn", {"total_ms": 840, "on": date(2026, 1, 2)}))
    assert row == {"at_ms": 9, "journal": "turn", "data": {"total_ms": 840, "on": {"$date": "2026-01-02"}}}


HEADER = eventlog.line({"format": eventlog.FORMAT, "version": eventlog.VERSION})


def test_a_last_line_cut_off_by_a_crash_is_left_out() -> None:
    written = eventlog.line(eventlog.event_row(0, KeyPressed("1")))
    assert len(list(eventlog.rows([HEADER, written, written[:20]]))) == 2


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ([], "empty"),
        (["not json\n"], "empty"),
        (['{"at_ms":0}\n'], "not the header"),
        (['{"format":"voicebot-recording","version":99}\n'], "format 99"),
    ],
)
def test_what_is_not_a_recording_is_refused(lines: list[str], why: str) -> None:
    with pytest.raises(eventlog.Unreadable, match=why):
        list(eventlog.rows(lines))


@pytest.mark.parametrize(
    "row",
    [
        {"at_ms": 0, "event": "Sneezed"},
        {"at_ms": 0, "event": "KeyPressed"},
        {"at_ms": 0, "event": "KeyPressed", "key": "1", "colour": "red"},
        {"at_ms": 0, "event": "AgentLegChanged", "attempt": 1, "what": "sleeping"},
    ],
)
def test_a_row_that_cannot_be_understood_is_named(row: eventlog.Row) -> None:
    with pytest.raises(eventlog.Unreadable):
        eventlog.event_of(row)
