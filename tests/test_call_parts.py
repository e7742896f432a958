"""The small parts of a call: clock, requests, kept inputs, guard, journal, voice, hand-overs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conversation import TinyDialogue, ask, fetch, say
from voicebot.audio import silence
from voicebot.call_clock import TurnClock
from voicebot.call_config import CallConfig
from voicebot.call_dialogue import Conversation
from voicebot.call_floor import Context
from voicebot.call_guard import Alarm, Guard
from voicebot.call_handover import HandOvers
from voicebot.call_journal import MASK, CallJournal
from voicebot.call_kept import Kept, KeptInputs
from voicebot.call_requests import Requests
from voicebot.call_voice import Voice
from voicebot.dialogue.api import Broken, CallerKeyed, CallerSaid, CallerSilent, HandOver, HandOverEnded
from voicebot.dialplan.model import Agent, Place, Queue
from voicebot.events import (
    AgentLegChanged,
    BridgeCaller,
    CallerBridged,
    Command,
    Hearing,
    Journal,
    LegEvent,
    Prepare,
    Recap,
    RingAgent,
    SendAudio,
    SpeechReady,
    Synthesise,
    SynthesisFailed,
    Value,
    Woken,
)

# --- requests -----------------------------------------------------------------------------


def test_a_request_is_late_once_and_overdue_once() -> None:
    requests = Requests(grace_ms=500)
    requests.add(fetch(1, timeout_ms=2000), now_ms=100)
    assert requests.due_ms(counts_late=True) == 800
    assert requests.due_ms(counts_late=False) == 2600
    assert requests.take_late(799) == []
    assert requests.take_late(800) == [1]
    assert requests.take_late(900) == []
    assert requests.take_overdue(2599) == []
    assert requests.take_overdue(2600) == [1]
    assert not requests.is_pending
    assert requests.due_ms(counts_late=True) is None


def test_only_the_first_answer_counts() -> None:
    requests = Requests(grace_ms=500)
    requests.add(fetch(1), 0)
    assert requests.settle(1)
    assert not requests.settle(1)
    assert not requests.settle(2)


@pytest.mark.parametrize("is_write", [True, False])
def test_booking_is_told_from_looking_up(is_write: Any) -> None:
    requests = Requests(grace_ms=500)
    requests.add(fetch(1, is_write=is_write), 0)
    assert requests.is_writing is is_write


# --- kept inputs --------------------------------------------------------------------------


def kept(what: CallerSaid | CallerKeyed, *, is_urgent: bool = False, waits: bool = False) -> Kept:
    return Kept(what, TurnClock(1, "speech", 0, 0, 0), is_urgent, Context(), waits)


SAID, KEYED = CallerSaid(Hearing("你好")), CallerKeyed("1")


def test_kept_inputs_come_back_in_order_and_urgent_ones_first() -> None:
    inputs = KeptInputs()
    inputs.add(kept(SAID))
    inputs.add(kept(KEYED, is_urgent=True))
    assert [k.given for _ in range(3) if (k := inputs.take(must_be_heard=False, is_idle=True))] == [
        KEYED,
        SAID,
    ]


@pytest.mark.parametrize(
    ("is_urgent", "waits", "must_be_heard", "is_idle", "is_given"),
    [
        (False, False, False, False, True),
        (False, True, False, True, True),
        (True, True, True, False, True),
        (False, False, True, False, False),
        (False, True, False, False, False),
    ],
)
def test_when_a_kept_input_may_be_given(
    is_urgent: Any, waits: Any, must_be_heard: Any, is_idle: Any, is_given: Any
) -> None:
    inputs = KeptInputs()
    inputs.add(kept(SAID, is_urgent=is_urgent, waits=waits))
    assert (inputs.take(must_be_heard=must_be_heard, is_idle=is_idle) is not None) is is_given


def test_a_key_drops_kept_speech_but_no_call_for_an_agent() -> None:
    inputs = KeptInputs()
    for one in (kept(SAID), kept(SAID, is_urgent=True), kept(KEYED)):
        inputs.add(one)
    inputs.drop_speech()
    assert inputs.take(must_be_heard=False, is_idle=True).is_urgent  # type: ignore[union-attr]
    assert inputs.take(must_be_heard=False, is_idle=True).given == KEYED  # type: ignore[union-attr]
    assert not inputs


def test_a_caller_who_talks_on_means_the_last_things() -> None:
    inputs = KeptInputs()
    for n in range(5):
        inputs.add(kept(CallerKeyed(str(n))))
    assert inputs.take(must_be_heard=False, is_idle=True).given == CallerKeyed("2")  # type: ignore[union-attr]


# --- guard --------------------------------------------------------------------------------


def test_dead_air_is_told_after_its_time_and_a_question_makes_good() -> None:
    guard = Guard(CallConfig(dead_air_ms=5000))
    guard.look(1000, is_dead=True)
    assert guard.due_ms() == 6000
    assert guard.alarm(5999, is_transferring=False) is None
    assert guard.alarm(6000, is_transferring=False) is Alarm.DEAD_AIR
    assert guard.alarm(6000, is_transferring=False) is None
    for _ in range(2):
        guard.look(10_000, is_dead=True)
        guard.asked()
        assert guard.alarm(15_000, is_transferring=False) is Alarm.DEAD_AIR


def test_dead_air_three_times_in_a_row_is_beyond_help() -> None:
    guard = Guard(CallConfig(dead_air_ms=1000))
    alarms = []
    for n in range(3):
        guard.look(n * 2000, is_dead=True)
        alarms.append(guard.alarm(n * 2000 + 1000, is_transferring=False))
    assert alarms == [Alarm.DEAD_AIR, Alarm.DEAD_AIR, Alarm.BEYOND_HELP]


def test_something_happening_stops_the_clock() -> None:
    guard = Guard(CallConfig(dead_air_ms=1000))
    guard.look(0, is_dead=True)
    guard.look(900, is_dead=False)
    assert guard.alarm(2000, is_transferring=False) is None


def test_a_call_that_is_too_long_gets_a_last_minute() -> None:
    guard = Guard(CallConfig(longest_call_ms=100_000))
    assert guard.alarm(100_000, is_transferring=False) is Alarm.TOO_LONG
    assert guard.alarm(159_999, is_transferring=False) is None
    assert guard.alarm(160_000, is_transferring=False) is Alarm.BEYOND_HELP


def test_a_caller_being_transferred_is_not_cut_off() -> None:
    guard = Guard(CallConfig(longest_call_ms=100_000))
    assert guard.alarm(100_000, is_transferring=True) is None
    assert guard.due_ms() == 160_000


# --- journal ------------------------------------------------------------------------------


def test_while_a_secret_question_is_open_words_and_keys_are_masked() -> None:
    lines: list[Command] = []
    journal = CallJournal(lines.append)
    journal.opened(ask(name="pin", is_secret=True))
    journal.pressed("7")
    journal.caller(1, CallerKeyed("7788"), taken="yes")
    journal.caller(2, CallerSaid(Hearing("七七八八")), taken="yes")
    journal.bot_says(say("7788", is_secret=True), 1)
    assert not any(secret in str(lines) for secret in ("7788", "七七八八", "'7'"))
    assert str(lines).count(MASK) == 4
    journal.opened(ask(name="next"))
    journal.pressed("7")
    assert lines[-1] == Journal("key", {"key": "7"})


# --- voice --------------------------------------------------------------------------------


class Studio:
    def __init__(self) -> None:
        self.asked: list[Command] = []
        self.problems: list[tuple[str, dict[str, Value]]] = []
        self.voice = Voice(CallConfig(), self.asked.append, self.problem)

    def problem(self, code: str, **data: Value) -> None:
        self.problems.append((code, data))

    def pump(self, now_ms: int, *, is_caller_speaking: bool = False) -> bool:
        """Was audio sent?"""
        sent = self.voice.pump(now_ms, is_caller_speaking=is_caller_speaking)
        return any(isinstance(c, SendAudio) for c in sent)


def test_sentences_are_asked_for_when_queued_and_prepared_in_the_same_voice() -> None:
    studio = Studio()
    studio.voice.say(say("一", pace=0.8))
    studio.voice.prepare("二")
    assert studio.asked == [Synthesise(1, "一", "voice", 0.8), Prepare("二", "voice", 0.8)]


def test_a_sentence_without_words_is_not_asked_for() -> None:
    studio = Studio()
    studio.voice.say(say("  "))
    assert studio.asked == []
    assert studio.voice.playout.waiting_for() is None


def test_audio_that_does_not_come_is_given_up_one_sentence_after_the_other() -> None:
    studio = Studio()
    studio.voice.say(say("一"))
    studio.voice.say(say("二"))
    studio.pump(0)
    assert studio.voice.due_ms(0) == 8000
    studio.pump(8000)
    assert studio.problems == [("E-TTS-LATE", {"prompt_id": 1})]
    studio.voice.ready(SpeechReady(2, silence(100), is_last=True))
    assert studio.pump(8100)


def test_a_failed_sentence_is_told_once_and_only_while_it_is_wanted() -> None:
    studio = Studio()
    studio.voice.say(say("一"))
    studio.voice.failed(SynthesisFailed(1, "E-TTS"))
    studio.voice.failed(SynthesisFailed(1, "E-TTS"))
    studio.voice.failed(SynthesisFailed(9, "E-TTS"))
    assert [code for code, _ in studio.problems] == ["E-TTS"]


def test_a_prompt_gives_way_to_a_speaking_caller_but_not_for_ever() -> None:
    studio = Studio()
    studio.voice.say(say("一"))
    studio.voice.ready(SpeechReady(1, silence(500), is_last=True))
    assert not studio.pump(100, is_caller_speaking=True)
    assert studio.voice.due_ms(100) == 1300
    assert not studio.pump(1299, is_caller_speaking=True)
    assert studio.pump(1300, is_caller_speaking=True)


def test_a_prompt_begins_when_the_caller_stops() -> None:
    studio = Studio()
    studio.voice.say(say("一"))
    studio.voice.ready(SpeechReady(1, silence(500), is_last=True))
    assert not studio.pump(100, is_caller_speaking=True)
    assert studio.pump(300)


# --- the dialogue, guarded ----------------------------------------------------------------


def test_a_dialogue_that_raises_is_told_it_is_broken_with_the_state_as_it_was() -> None:
    problems: list[str] = []

    def fail(_: object) -> tuple[()]:
        raise ZeroDivisionError

    dialogue = TinyDialogue({"CallerSilent": fail})
    talk = Conversation(dialogue, lambda code, **_: problems.append(code))
    assert talk.advance(CallerSilent()) == (say("抱歉出了点问题"), ask())
    assert dialogue.given == [CallerSilent(), Broken("E-DIALOGUE")]
    assert talk.state == 1
    assert problems == ["E-DIALOGUE"]


# --- hand-overs ---------------------------------------------------------------------------

RECAP = Recap("", "unknown", "", (), "calm", "zh", "")
QUEUES = {"q": Queue("q", Place("queues.yaml", 1, 1), (Agent("a1", "+861"),), ring_ms=5000)}


def hand_overs() -> tuple[HandOvers, list[Command], list[str]]:
    asked: list[Command] = []
    problems: list[str] = []
    return HandOvers(QUEUES, asked.append, lambda code, **_: problems.append(code)), asked, problems


def test_a_transfer_rings_moves_and_ends() -> None:
    overs, asked, _ = hand_overs()
    assert overs.begin(HandOver("q", "r", RECAP), 0) is None
    assert overs.is_running
    overs.step(AgentLegChanged(1, LegEvent.ANSWERED), 1000)
    overs.step(AgentLegChanged(1, LegEvent.ACCEPTED), 2000)
    assert overs.is_moving
    assert not overs.is_bridged
    assert overs.step(CallerBridged(), 3000) == HandOverEnded("connected", "bridged")
    assert overs.is_bridged
    assert not overs.is_running
    assert [type(c) for c in asked if isinstance(c, (RingAgent, BridgeCaller))] == [RingAgent, BridgeCaller]


def test_a_second_transfer_does_not_begin_while_one_is_running() -> None:
    overs, asked, problems = hand_overs()
    overs.begin(HandOver("q", "r", RECAP), 0)
    assert overs.begin(HandOver("q", "r", RECAP), 0) is None
    assert problems == ["E-TRANSFER-TWICE"]
    assert sum(isinstance(c, RingAgent) for c in asked) == 1


def test_a_later_transfer_counts_its_attempts_on() -> None:
    overs, asked, _ = hand_overs()
    overs.begin(HandOver("q", "r", RECAP), 0)
    assert overs.step(AgentLegChanged(1, LegEvent.BUSY), 100) == HandOverEnded("failed", "busy")
    overs.begin(HandOver("q", "r", RECAP), 200)
    assert [c.attempt for c in asked if isinstance(c, RingAgent)] == [1, 2]


def test_an_unknown_queue_fails_at_once() -> None:
    overs, _, problems = hand_overs()
    assert overs.begin(HandOver("nobody", "r", RECAP), 0) == HandOverEnded("failed", "no_agents")
    assert problems == ["E-TRANSFER-QUEUE"]


def test_without_a_transfer_nothing_concerns_it() -> None:
    overs, asked, _ = hand_overs()
    assert overs.step(Woken(), 0) is None
    assert overs.step(CallerBridged(), 0) is None
    assert asked == []
    assert overs.due_ms() is None
