"""Calls as short dialogues: who speaks when, what is heard, what is kept, and that nothing hangs."""

from __future__ import annotations

import doctest
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import voicebot.call_clock
from tests.conversation import (
    STARTED,
    Conversation,
    TinyDialogue,
    ask,
    fetch,
    finish,
    say,
)
from voicebot.audio import silence
from voicebot.call import Call, CallConfig
from voicebot.call_journal import MASK
from voicebot.dialogue.api import (
    Answered,
    Begin,
    Broken,
    CallerKeyed,
    CallerSaid,
    CallerSilent,
    HandOver,
    HandOverEnded,
    Judgement,
    Late,
    Note,
    Refused,
)
from voicebot.dialplan.model import Agent, Keys, Place, Queue
from voicebot.errors import BackOfficeError, EngineError
from voicebot.events import (
    AgentLegChanged,
    BridgeCaller,
    BridgeFailed,
    CallerBridged,
    CancelAgent,
    ClearPlayout,
    Command,
    ConversationEnded,
    Event,
    FrameReceived,
    HangUp,
    Heard,
    Hearing,
    KeyPressed,
    LegEvent,
    MarkReached,
    Prepare,
    Recap,
    Recognise,
    RecognitionFailed,
    Request,
    RequestAnswered,
    RequestFailed,
    RingAgent,
    SpeechReady,
    StreamEnded,
    Synthesise,
    SynthesisFailed,
    TextTyped,
    Woken,
)
from voicebot.virtual import Latencies, takes_the_call

LONG = "这是一段很长很长的说明文字用来让来电的人有时间打断它"  # 26 characters, 4.7 s
YES_NO = Keys(max_keys=1, choices={"1": "yes", "2": "no"})
TAIL = Keys(max_keys=4, min_keys=4)
RECAP = Recap("王先生", "number_known", "退款", (), "calm", "zh", "asked")
QUEUES = {
    "senior": Queue(
        "senior", Place("queues.yaml", 1, 1), (Agent("a1", "+861"), Agent("a2", "+862")), ring_ms=5000
    )
}


def over_a_long_prompt(question: Any = None, **how: Any) -> dict[str, Any]:
    return {"Begin": (say(LONG, **how), question or ask())}


# --- an ordinary turn ---------------------------------------------------------------------


def test_caller_asks_and_bot_answers() -> None:
    call = Conversation().says("我要退款")
    assert call.bot_said == ["您好请说", "好的我要退款"]
    assert call.said_to_dialogue == ["我要退款"]


def test_begin_tells_the_dialogue_who_is_calling() -> None:
    begin = Conversation().given[0]
    assert isinstance(begin, Begin)
    assert (begin.ani, begin.dnis, begin.seed) == ("+8613800000000", "+8695188", 7)


def test_the_turn_is_timed_from_the_last_sound_to_the_first_audio() -> None:
    (turn,) = Conversation(latencies=Latencies(synthesise_ms=40)).says("我要退款").turns
    assert turn.data["waiting_ms"] == 700
    assert turn.data["recognising_ms"] == 0  # recognised ahead, during the silence
    assert turn.data["first_audio_ms"] == 40
    assert turn.data["total_ms"] == 740


def test_a_slow_recogniser_costs_only_what_the_silence_does_not_cover() -> None:
    (turn,) = Conversation(latencies=Latencies(recognise_ms=900)).says("我要退款").turns
    assert turn.data["recognising_ms"] == 900 - (700 - 240)


def test_the_four_parts_of_the_turn_add_up() -> None:
    assert doctest.testmod(voicebot.call_clock).failed == 0
    answers = {"查一下": (fetch(),), "Answered": (say("查到了"), ask())}
    (turn,) = (
        Conversation(answers, perform=lambda _: [], latencies=Latencies(request_ms=300, synthesise_ms=20))
        .says("查一下")
        .turns
    )
    parts = ("waiting_ms", "recognising_ms", "deciding_ms", "first_audio_ms")
    assert sum(turn.data[part] for part in parts) == turn.data["total_ms"]
    assert turn.data["deciding_ms"] == 300


def test_prompts_are_said_in_order_and_all_asked_for_at_once() -> None:
    call = Conversation({"Begin": (say("第一句"), say("第二句"), ask())})
    assert [c.text for _, c in call.line.commands(Synthesise)] == ["第一句", "第二句"]
    assert call.times_of(Synthesise) == [0, 0]
    assert call.bot_said == ["第一句", "第二句"]


def test_what_will_probably_be_needed_is_made_ahead_in_the_same_voice() -> None:
    call = Conversation({"Begin": (say("您好"), ask(prepare=("好的", "请稍等")))})
    assert [(c.text, c.voice) for _, c in call.line.commands(Prepare)] == [
        ("好的", "voice"),
        ("请稍等", "voice"),
    ]


def test_the_recogniser_is_told_what_to_expect_and_in_which_language() -> None:
    call = Conversation({"Begin": (say("yes or no"), ask(kind="yes_no", language="en"))}).says("yes")
    (_, recognise), *_ = call.line.commands(Recognise)
    assert (recognise.expectation.kind, recognise.language) == ("yes_no", "en")


def test_the_silence_time_is_the_questions() -> None:
    call = Conversation({"Begin": (say("请念订单号"), ask(silence_ms=1500))}).says("8801")
    assert call.turns[0].data["waiting_ms"] == 1500


def test_a_complete_answer_does_not_wait_for_the_silence() -> None:
    dialogue = TinyDialogue(complete=("对",))
    call = Conversation(dialogue=dialogue, latencies=Latencies(recognise_ms=100)).says("对")
    assert call.said_to_dialogue == ["对"]
    assert call.turns[0].data["waiting_ms"] == 240 + 100


def test_an_unfinished_sentence_is_waited_for() -> None:
    call = Conversation(latencies=Latencies(recognise_ms=100))
    call.begins_to_say("我要退款然后").after(800 + 1200)
    call.begins_to_say("换货").after(900).until_quiet()
    assert call.said_to_dialogue == ["我要退款然后换货"]


def test_loudness_is_told_against_the_callers_own_first_utterance() -> None:
    call = Conversation().says("你好").says("我要退款")
    manners = [g.manner for g in call.given if isinstance(g, CallerSaid)]
    assert manners[0].loudness_db == 0.0
    assert abs(manners[1].loudness_db) < 1
    assert manners[1].speech_ms == 800


# --- silence ------------------------------------------------------------------------------


def test_patience_begins_when_the_question_has_been_heard() -> None:
    call = Conversation({"Begin": (say("一二三四五"), ask(no_input_ms=3000))})
    heard_ms = 5 * 180
    call.after(2980)
    assert not call.line.journal("no_input")
    call.after(40)
    assert [at for at, c in call.line.log if getattr(c, "kind", "") == "no_input"] == [heard_ms + 3000]
    assert isinstance(call.given[-1], CallerSilent)


def test_a_reminder_leaves_the_question_open_and_patience_begins_anew() -> None:
    call = Conversation({"Begin": (say("请说"), ask(no_input_ms=3000))}).after(12_000)
    assert call.bot_said.count("您还在吗") == 3


def test_noise_does_not_start_patience_anew() -> None:
    call = Conversation({"Begin": (say("请说"), ask(no_input_ms=3000))})
    for _ in range(4):
        call.makes_noise(200).after(1500)
    assert "您还在吗" in call.bot_said


def test_a_mhm_at_an_open_question_is_only_a_sign_of_life() -> None:
    call = Conversation().says("嗯", for_ms=300)
    assert call.said_to_dialogue == []
    assert [j.data["taken"] for j in call.line.journal("caller_says")] == ["no"]


def test_a_mhm_answers_a_yes_no_question_that_was_heard() -> None:
    call = Conversation({"Begin": (say("是订单1234吗"), ask(kind="yes_no"))}).says("嗯", for_ms=300)
    assert call.said_to_dialogue == ["嗯"]


def test_a_mhm_in_the_middle_of_a_yes_no_question_does_not_answer_it() -> None:
    call = Conversation(over_a_long_prompt(ask(kind="yes_no")), greeted=False).after(1000)
    call.says("嗯", for_ms=240)
    assert call.said_to_dialogue == []
    assert call.clears == []


def test_long_speech_that_gave_no_text_is_told_to_the_dialogue() -> None:
    call = Conversation({"": (say("没听清"), ask())})
    call.makes_noise(1000).after(1020).until_quiet()
    assert call.bot_said[-1] == "没听清"


# --- interruption -------------------------------------------------------------------------


def test_the_bot_stops_at_once_when_the_caller_wants_the_floor() -> None:
    call = Conversation(over_a_long_prompt(), greeted=False).after(1000)
    call.says("我要退款")
    assert len(call.clears) >= 1
    assert call.clears[0] - 1000 <= 320
    assert call.said_to_dialogue == ["我要退款"]
    said = next(g for g in call.given if isinstance(g, CallerSaid))
    assert said.manner.interrupted
    assert said.manner.heard_share == pytest.approx(1280 / (len(LONG) * 180), abs=0.03)


def test_after_an_interruption_nothing_of_the_old_prompt_is_sent() -> None:
    call = Conversation(over_a_long_prompt(), greeted=False).after(1000)
    call.says("我要退款")
    stop, answer = call.clears[0], call.turns[0].data
    first_audio_ms = answer["last_sound_ms"] + answer["total_ms"]
    assert not [at for at in call.audio_sent if stop <= at < first_audio_ms]


@pytest.mark.parametrize("for_ms", [80, 200])
def test_a_cough_does_not_stop_the_bot(for_ms: Any) -> None:
    call = Conversation(over_a_long_prompt(), greeted=False).after(1000)
    call.makes_noise(for_ms).after(100).until_quiet()
    assert call.clears == []
    assert len(call.line.bot_audio()) >= len(LONG) * 180 * 8


def test_after_a_false_stop_the_prompt_goes_on_where_it_was() -> None:
    call = Conversation(over_a_long_prompt(), greeted=False).after(1000)
    call.makes_noise(400).after(450).until_quiet()
    assert len(call.clears) == 1
    assert call.bot_said == [LONG]
    heard_ms = sum(len(p.samples) for p in call.line.played) // 8
    assert len(LONG) * 180 <= heard_ms <= len(LONG) * 180 + 1500
    assert call.call.is_waiting


def test_a_long_mhm_stops_the_bot_only_for_a_moment() -> None:
    call = Conversation(over_a_long_prompt(), greeted=False).after(1000).says("嗯", for_ms=400)
    assert len(call.clears) == 1
    assert call.said_to_dialogue == []
    assert call.call.is_waiting


def test_noise_that_keeps_stopping_the_bot_loses_the_power_to() -> None:
    call = Conversation(over_a_long_prompt(), greeted=False)
    for _ in range(6):
        call.after(300).makes_noise(400).after(1400)
    assert len(call.clears) == 2


def test_a_short_word_that_means_something_stops_the_prompt_when_understood() -> None:
    call = Conversation(over_a_long_prompt(), greeted=False).after(1000).says("不是", for_ms=220)
    assert call.said_to_dialogue == ["不是"]
    assert len(call.clears) == 1


def test_a_prompt_that_has_not_begun_gives_way_to_a_caller_who_is_speaking() -> None:
    call = Conversation({"查": (fetch(),), "Answered": (say("查到了"), ask())}, perform=lambda _: [])
    call.begins_to_say("查", for_ms=400).after(1360)
    call.begins_to_say("退余额", for_ms=600).until_quiet()
    assert call.said_to_dialogue == ["查", "退余额"]


# --- what must be heard -------------------------------------------------------------------


def test_what_must_be_heard_is_heard_and_what_was_said_meanwhile_is_kept() -> None:
    call = Conversation(over_a_long_prompt(is_interruptible=False), greeted=False).after(1000)
    call.says("退到余额")
    assert call.clears == []
    assert call.said_to_dialogue == ["退到余额"]
    given_at = next(at for at, e in call.line.log if getattr(e, "data", {}).get("text") == "好的退到余额")
    assert given_at >= len(LONG) * 180


def test_an_agent_is_reached_over_a_prompt_that_must_be_heard() -> None:
    call = Conversation(over_a_long_prompt(is_interruptible=False), greeted=False).after(500)
    call.says("转人工")
    assert call.said_to_dialogue == ["转人工"]
    assert call.clears[0] < 500 + 800 + 700
    assert len(call.line.bot_audio()) < len(LONG) * 180 * 8 + 6 * 180 * 8


def test_key_zero_reaches_an_agent_over_a_prompt_that_must_be_heard() -> None:
    call = Conversation(over_a_long_prompt(is_interruptible=False), greeted=False).after(500)
    call.presses("0")
    assert call.said_to_dialogue == ["#0"]
    assert call.clears == [500]


def test_other_keys_over_a_prompt_that_must_be_heard_are_kept() -> None:
    call = Conversation(over_a_long_prompt(ask(keys=YES_NO), is_interruptible=False), greeted=False).after(
        500
    )
    call.presses("1")
    assert call.clears == []
    assert call.said_to_dialogue == []
    assert call.until_quiet().said_to_dialogue == ["#1"]


def test_an_interruption_before_what_must_be_heard_skips_to_it() -> None:
    begin = (say(LONG), say("退款不能撤回", is_interruptible=False), ask())
    call = Conversation({"Begin": begin}, greeted=False).after(500).says("好的明白")
    assert call.bot_said == [LONG, "退款不能撤回", "好的好的明白"]
    heard_ms = sum(len(p.samples) for p in call.line.played) // 8
    assert heard_ms < len(LONG) * 180


# --- keys ---------------------------------------------------------------------------------


def test_a_key_answers_and_stops_the_prompt() -> None:
    call = Conversation(over_a_long_prompt(ask(keys=YES_NO)), greeted=False).after(1000).presses("1")
    assert call.clears == [1000]
    assert call.said_to_dialogue == ["#1"]


def test_keys_beat_half_heard_speech() -> None:
    call = Conversation({"Begin": (say("请输入后四位"), ask(keys=TAIL))})
    call.begins_to_say("一二三四", for_ms=600).after(900)
    call.presses("5678").until_quiet()
    assert call.said_to_dialogue == ["#5678"]


def test_a_key_during_recognition_discards_it() -> None:
    call = Conversation({"Begin": (say("请选"), ask(keys=YES_NO))}, latencies=Latencies(recognise_ms=2000))
    call.begins_to_say("是的", for_ms=600).after(1500)
    call.presses("2").after(4000)
    assert call.said_to_dialogue == ["#2"]


def test_an_unfinished_entry_is_finished_by_a_pause() -> None:
    call = Conversation({"Begin": (say("请输入"), ask(keys=replace(TAIL, inter_key_ms=2000)))})
    call.presses("12").after(2100)
    assert call.said_to_dialogue == ["#12"]
    assert call.turns[0].data["by"] == "keys"
    assert call.turns[0].data["waiting_ms"] == 2000


def test_keys_pressed_ahead_count_for_the_next_question() -> None:
    answers = {"Begin": (say("一还是二"), ask(keys=YES_NO)), "#1": (say("请输入后四位"), ask(keys=TAIL))}
    call = Conversation(answers).presses("15678").until_quiet()
    assert call.said_to_dialogue == ["#1", "#5678"]


def test_secret_keys_and_words_do_not_reach_the_journal() -> None:
    begin = (say("请输入密码"), ask(keys=TAIL, is_secret=True))
    call = Conversation({"Begin": begin, "#1234": (say("不对"),), "ohno": ()})
    call.presses("1234").until_quiet().says("七七八八")
    lines = str(call.line.journal("key") + call.line.journal("caller_says"))
    assert MASK in lines
    assert not any(secret in lines for secret in ("1234", "七七八八"))


def test_secret_sentences_do_not_reach_the_journal() -> None:
    assert Conversation({"Begin": (say("您的尾号是1234", is_secret=True), ask())}).bot_said == [MASK]


def test_an_opened_question_is_told_to_the_journal() -> None:
    call = Conversation({"Begin": (say("密码"), ask(name="pin", is_secret=True))})
    assert call.line.journal("question")[0].data == {"name": "pin", "is_secret": True}


# --- business systems ---------------------------------------------------------------------

LOOK_UP = {"查": (fetch(),), "Answered": (say("查到了"), ask()), "Refused": (say("没查到"), ask())}


def test_an_answer_of_a_business_system_is_told() -> None:
    call = Conversation(LOOK_UP, perform=lambda _: ["order"]).says("查")
    assert call.given[-1] == Answered(1, ["order"])
    assert call.bot_said[-1] == "查到了"


def test_a_refusal_keeps_its_code() -> None:
    def refuse(_: Request) -> Any:
        raise BackOfficeError("no", code="not_refundable")

    assert Conversation(LOOK_UP, perform=refuse).says("查").given[-1] == Refused(1, "not_refundable")


def test_a_slow_answer_is_bridged_by_a_filler() -> None:
    call = Conversation(LOOK_UP, perform=lambda _: [], latencies=Latencies(request_ms=1500)).says("查")
    assert call.bot_said[-2:] == ["请稍等", "查到了"]
    assert sum(isinstance(g, Late) for g in call.given) == 1


def waiting_for_business() -> tuple[Call, TinyDialogue]:
    """A call whose request nobody answers, not even with a time-out."""
    dialogue = TinyDialogue(LOOK_UP)
    call = Call(dialogue)
    call.receive(STARTED, 0)
    assert any(isinstance(c, Request) for c in call.receive(TextTyped(Hearing("查")), 100))
    return call, dialogue


def test_a_system_that_never_answers_is_given_up() -> None:
    call, dialogue = waiting_for_business()
    assert dialogue.given[-1] != Refused(1, "timeout")
    call.receive(Woken(), 100 + 2000 + 499)
    assert Refused(1, "timeout") not in dialogue.given
    commands = call.receive(Woken(), 100 + 2000 + 500)
    assert dialogue.given[-1] == Refused(1, "timeout")
    assert "E-BACKOFFICE-LATE" in str(commands)


@pytest.mark.parametrize("late", [RequestAnswered(1, ["late"]), RequestFailed(1, "unavailable")])
def test_an_answer_after_giving_up_is_dropped(late: Any) -> None:
    call, dialogue = waiting_for_business()
    call.receive(Woken(), 3000)
    before = list(dialogue.given)
    call.receive(late, 3100)
    assert dialogue.given == before


def test_what_is_said_while_a_system_works_is_kept_until_its_answer_was_heard() -> None:
    call = Conversation(LOOK_UP, perform=lambda _: [], latencies=Latencies(request_ms=1900))
    call.begins_to_say("查", for_ms=400).after(1200)
    call.begins_to_say("退到余额", for_ms=600).until_quiet()
    assert call.said_to_dialogue == ["查", "退到余额"]
    texts = [type(g).__name__ for g in call.given]
    assert texts.index("Answered") < len(texts) - 1
    assert call.bot_said[-1] == "好的退到余额"


def test_an_answer_is_heard_even_if_the_caller_talks_over_the_filler_before_it() -> None:
    answers = {**LOOK_UP, "查": (say(LONG), fetch()), "Answered": (say("退款已经到账了"), ask())}
    call = Conversation(answers, perform=lambda _: [], latencies=Latencies(request_ms=1200))
    call.begins_to_say("查", for_ms=400).after(400 + 700 + 600)
    call.begins_to_say("谢谢你啊", for_ms=900).after(8000)
    assert call.said_to_dialogue == ["查", "谢谢你啊"]
    assert call.bot_said[-2:] == ["退款已经到账了", "好的谢谢你啊"]
    told_at = next(at for at, c in call.line.log if getattr(c, "text", "") == "退款已经到账了")
    taken_at = next(at for at, c in call.line.log if getattr(c, "text", "") == "好的谢谢你啊")
    assert taken_at - told_at >= 7 * 180
    heard = sum(len(p.samples) for p in call.line.played) // 8
    assert heard < len(LONG) * 180 + 3000  # the filler was stopped


@pytest.mark.parametrize(("is_write", "order"), [(False, ["人工", "done"]), (True, ["done", "人工"])])
def test_a_call_for_an_agent_waits_only_for_a_booking(is_write: Any, order: Any) -> None:
    answers = {
        "退": (fetch(is_write=is_write, timeout_ms=4000),),
        "Answered": (say("办好了"), ask()),
        "转人工": (say("好的"), ask()),
    }
    call = Conversation(answers, perform=lambda _: [], latencies=Latencies(request_ms=3500))
    call.begins_to_say("退", for_ms=400).after(1200)
    call.begins_to_say("转人工", for_ms=600).after(4000)
    seen = [
        "人工" if isinstance(g, CallerSaid) else "done" for g in call.given[2:] if not isinstance(g, Late)
    ]
    assert seen == order


# --- engines that fail --------------------------------------------------------------------


def test_a_recogniser_that_fails_is_an_utterance_not_understood() -> None:
    def fail(_: Recognise) -> Hearing:
        raise EngineError("broken", code="E-ASR")

    call = Conversation({"": (say("没听清"), ask())}, recognise=fail)
    call.makes_noise(600).after(620).until_quiet()
    assert call.bot_said[-1] == "没听清"
    assert call.problems == ["E-ASR"]


def test_a_recogniser_that_never_answers_is_told_as_late() -> None:
    call = Conversation({"": (say("没听清"), ask())}, latencies=Latencies(recognise_ms=60_000))
    call.begins_to_say("你好").after(8000)
    assert call.problems == ["E-ASR-LATE"]
    assert "没听清" in call.bot_said


def test_a_late_text_is_dropped_by_its_turn_number() -> None:
    call = Conversation({"": (say("没听清"), ask())}, latencies=Latencies(recognise_ms=60_000))
    call.begins_to_say("你好").after(8000)
    before = list(call.given)
    call.line.tell(Heard(1, 1, Hearing("你好")))
    call.line.tell(RecognitionFailed(1, 2, "E-ASR"))
    assert call.given == before


def test_a_sentence_without_audio_is_skipped_and_the_rest_goes_on() -> None:
    def speak(command: Synthesise) -> Any:
        if command.text == "第一句":
            raise EngineError("no voice", code="E-TTS")
        return silence(500)

    call = Conversation({"Begin": (say("第一句"), say("第二句"), ask())}, synthesise=speak)
    assert call.problems == ["E-TTS"]
    assert call.call.is_waiting
    assert sum(len(p.samples) for p in call.line.played) == 500 * 8


def test_a_synthesiser_that_never_answers_does_not_leave_the_caller_in_silence() -> None:
    call = Conversation(greeted=False, latencies=Latencies(synthesise_ms=10**6), has_audio=False)
    call.after(20_000)
    assert "E-TTS-LATE" in call.problems
    assert isinstance(call.given[1], CallerSilent)


def test_a_mark_that_never_comes_does_not_stop_the_call() -> None:
    call = Conversation(greeted=False, has_audio=False, latencies=Latencies(mark_ms=10**7))
    call.after(20_000)
    assert "E-MEDIA-MARK" in call.problems
    assert isinstance(call.given[1], CallerSilent)


# --- the end ------------------------------------------------------------------------------


def test_goodbye_is_heard_to_its_end_before_the_call_is_hung_up() -> None:
    call = Conversation({"再见": finish("祝您生活愉快")}).says("再见")
    call.line.run_to_the_end(at_most_ms=10_000)
    assert call.hung_up == "goodbye"
    heard = sum(len(p.samples) for p in call.line.played) // 8
    assert heard == (4 + 6) * 180
    assert call.call.is_over
    assert call.call.wake_at() is None


def test_goodbye_without_a_mark_still_ends() -> None:
    call = Conversation({"再见": finish()}, greeted=False, latencies=Latencies(mark_ms=10**7))
    call.after(3000).begins_to_say("再见")
    call.line.run_to_the_end(at_most_ms=10_000)
    assert call.hung_up == "goodbye"


def test_the_caller_may_hang_up_at_any_moment() -> None:
    for at_ms in range(0, 4000, 130):
        call = Conversation({"Begin": (say(LONG), ask()), **LOOK_UP}, greeted=False, perform=lambda _: [])
        call.begins_to_say("查", for_ms=600).after(at_ms)
        call.line.hang_up()
        assert call.call.is_over
        assert call.call.wake_at() is None
        assert call.call.receive(Woken(), at_ms + 5000) == []
        assert call.line.journal("outcome")[-1].data["ended"] == "caller_hung_up"


def test_nothing_happens_before_the_start_or_after_the_end() -> None:
    call = Call(TinyDialogue())
    assert call.receive(KeyPressed("1"), 0) == []
    assert call.wake_at() is None
    assert call.receive(StreamEnded("caller_hung_up"), 0) == []
    assert call.is_over
    assert call.receive(STARTED, 0) == []


# --- trouble ------------------------------------------------------------------------------


def raises(_: Any) -> Any:
    raise KeyError("the order number 4111222233334444")


def test_a_dialogue_that_raises_ends_the_turn_and_not_the_call() -> None:
    call = Conversation({"坏": raises}).says("坏").says("你好")
    assert call.bot_said[1:] == ["抱歉出了点问题", "好的你好"]
    (problem,) = call.line.journal("problem")
    assert problem.data["code"] == "E-DIALOGUE"
    assert problem.data["error"] == "KeyError"
    assert str(problem.data["at"]).startswith("test_call.py:")
    assert "4111" not in str(problem)


def test_a_dialogue_that_cannot_even_apologise_ends_the_call() -> None:
    assert Conversation({"坏": raises, "Broken": raises}).says("坏").hung_up == "trouble"


def test_a_judge_that_raises_is_not_worth_a_turn() -> None:
    class BadJudge(TinyDialogue):
        def judge(self, state: int, heard: Hearing) -> Judgement:
            raise ValueError

    assert Conversation(dialogue=BadJudge()).says("你好").said_to_dialogue == ["你好"]


def test_trouble_outside_ends_the_turn() -> None:
    call = Conversation()
    call.call.broken("E-SOMETHING", call.line.now_ms)
    assert call.given[-1] == Broken("E-SOMETHING")


def test_a_dialogue_that_falls_silent_is_told_so() -> None:
    call = Conversation({"Begin": (), "Broken": (say("抱歉"), ask())}, greeted=False).after(5100)
    assert call.problems == ["E-CALL-DEAD-AIR"]
    assert call.bot_said == ["抱歉"]


def test_a_dialogue_that_stays_silent_is_ended() -> None:
    call = Conversation({"Begin": (), "Broken": ()}, greeted=False).after(16_000)
    assert call.hung_up == "trouble"


def test_a_call_cannot_last_for_ever() -> None:
    config = CallConfig(longest_call_ms=60_000)
    call = Conversation(config=config, has_audio=False).after(61_000)
    assert Broken("E-CALL-LONG") in call.given
    assert call.after(61_000).hung_up == "trouble"


# --- transfer -----------------------------------------------------------------------------

HAND_OVER = {"转人工": (say("正在转接"), HandOver("senior", "asked", RECAP), ask(no_input_ms=4000))}


def transfer(**line: Any) -> Conversation:
    return Conversation(HAND_OVER, config=CallConfig(queues=QUEUES), **line)


def test_an_agent_takes_the_call_and_the_bot_falls_silent() -> None:
    call = transfer(agent=takes_the_call).says("转人工")
    call.after(12_000)
    ring = call.line.commands(RingAgent)[0][1]
    assert (ring.agent, ring.phone, ring.recap) == ("a1", "+861", RECAP)
    assert len(call.line.commands(BridgeCaller)) == 1
    assert call.given[-1] == HandOverEnded("connected", "bridged")
    assert call.hung_up is None
    assert call.line.journal("outcome")[-1].data["ended"] == "transferred"
    assert call.call.is_over


def test_the_caller_stays_with_the_bot_while_agents_are_rung() -> None:
    call = transfer().begins_to_say("转人工").after(1600 + 720 + 4200)
    assert any(isinstance(g, CallerSilent) for g in call.given)
    assert call.bot_said[-1] == "您还在吗"


def test_when_nobody_answers_the_bot_comes_back() -> None:
    call = transfer().says("转人工").after(25_000)
    assert [c.agent for _, c in call.line.commands(RingAgent)] == ["a1", "a2"]
    assert HandOverEnded("failed", "no_answer") in call.given
    assert "抱歉同事都在忙" in call.bot_said
    assert not call.call.is_over


def test_a_queue_nobody_knows_fails_at_once() -> None:
    call = Conversation(HAND_OVER).says("转人工")
    assert "E-TRANSFER-QUEUE" in call.problems
    assert "抱歉同事都在忙" in call.bot_said


def test_a_caller_who_hangs_up_meanwhile_frees_the_agent() -> None:
    call = transfer(agent=takes_the_call).begins_to_say("转人工").after(5000)
    call.line.hang_up()
    assert len(call.line.commands(CancelAgent)) == 1
    assert HandOverEnded("caller_left", "caller_hung_up") in call.given
    assert call.line.journal("outcome")[-1].data["ended"] == "caller_hung_up"
    assert len(call.line.journal("outcome")) == 1


def test_a_stream_that_ends_because_the_caller_was_moved_is_not_a_hang_up() -> None:
    call = transfer(agent=takes_the_call, latencies=Latencies(bridge_ms=10**6))
    call.begins_to_say("转人工").after(12_000)
    call.line.tell(StreamEnded("moved"))
    assert not call.call.is_over
    assert call.call.receive(CallerBridged(), call.line.now_ms) != []
    assert call.call.is_over


def test_a_bridge_that_fails_brings_the_bot_back() -> None:
    call = transfer(agent=takes_the_call, latencies=Latencies(bridge_ms=10**6))
    call.begins_to_say("转人工").after(12_000)
    call.line.tell(BridgeFailed("21220"))
    call.after(1000)
    assert call.bot_said[-1] == "抱歉同事都在忙"


# --- text chat ----------------------------------------------------------------------------


def test_typed_text_is_a_turn() -> None:
    call = Conversation(has_audio=False)
    call.line.type_text(Hearing("我要退款"))
    call.until_quiet()
    assert call.bot_said[-1] == "好的我要退款"
    assert call.turns[0].data["by"] == "text"


def test_typed_text_interrupts_a_prompt() -> None:
    call = Conversation(over_a_long_prompt(), greeted=False, has_audio=False).after(1000)
    call.line.type_text(Hearing("我要退款"))
    assert call.clears == [1000]


# --- whatever happens ---------------------------------------------------------------------

MOVES = st.one_of(
    st.tuples(st.just("after"), st.integers(0, 3000)),
    st.tuples(
        st.just("says"), st.sampled_from(["你好", "嗯", "查", "退", "转人工", "再见", "坏", "我要然后"])
    ),
    st.tuples(st.just("noise"), st.integers(20, 900)),
    st.tuples(st.just("keys"), st.sampled_from("0123456789*#")),
    st.tuples(
        st.just("event"),
        st.sampled_from(
            [
                Woken(),
                STARTED,
                MarkReached("1.0.1"),
                MarkReached("?"),
                SpeechReady(1, silence(300), is_last=True),
                SpeechReady(99, silence(300), is_last=False),
                SynthesisFailed(1, "E-TTS"),
                SynthesisFailed(2, "E-TTS"),
                Heard(1, 1, Hearing("鬼")),
                Heard(9, 9, Hearing("鬼")),
                RecognitionFailed(1, 1, "E-ASR"),
                RequestAnswered(1, []),
                RequestFailed(1, "timeout"),
                AgentLegChanged(1, LegEvent.ACCEPTED),
                AgentLegChanged(1, LegEvent.LEFT),
                AgentLegChanged(7, LegEvent.ANSWERED),
                BridgeFailed("x"),
                TextTyped(Hearing("好的吧")),
            ]
        ),
    ),
)

ANSWERS: dict[str, Any] = {
    **HAND_OVER,
    "Begin": (say(LONG), ask(keys=TAIL)),
    "查": (fetch(1), ask()),
    "退": (say("要退的话", is_interruptible=False), fetch(2, is_write=True)),
    "Answered": (say("查到了"), Note("step", {"x": 1}), ask(keys=YES_NO)),
    "Refused": (say("没查到"), ask()),
    "再见": finish(),
    "坏": raises,
}


@given(st.lists(MOVES, max_size=14), st.sampled_from([0, 200, 3000, 10**7]), st.sampled_from([0, 400, 10**7]))
@settings(deadline=None, max_examples=80)
def test_no_sequence_of_events_raises_or_leaves_dead_air(
    moves: Any, recognise_ms: Any, synthesise_ms: Any
) -> None:
    call = Conversation(
        ANSWERS,
        config=CallConfig(queues=QUEUES),
        greeted=False,
        perform=lambda _: [],
        agent=takes_the_call,
        latencies=Latencies(recognise_ms, synthesise_ms, request_ms=600),
        has_audio=True,
    )
    for what, value in moves:
        if call.call.is_over:
            break
        if what == "after":
            call.after(value)
        elif what == "says":
            call.begins_to_say(value, for_ms=500)
        elif what == "noise":
            call.makes_noise(value)
        elif what == "keys":
            call.presses(value)
        else:
            call.line.tell(value)
    began = len(call.line.log)
    call.after(55_000)
    if not call.call.is_over and not call.call.is_bridged:
        assert call.call.wake_at() is not None
        asked = [c for _, c in call.line.log[began:] if isinstance(c, (Synthesise, RingAgent, HangUp))]
        assert asked, "55 seconds without a word"


EVENTS: list[Event] = [
    KeyPressed("5"),
    KeyPressed("0"),
    MarkReached("x"),
    StreamEnded("moved"),
    SpeechReady(3, silence(20), is_last=False),
    SynthesisFailed(3, "E"),
    Heard(0, 0, Hearing("x")),
    Heard(1, 1, Hearing("x")),
    RecognitionFailed(1, 1, "E"),
    RequestAnswered(5, None),
    RequestFailed(5, "x"),
    AgentLegChanged(1, LegEvent.BUSY),
    CallerBridged(),
    BridgeFailed("x"),
    ConversationEnded(),
    Woken(),
    STARTED,
    TextTyped(Hearing("")),
    FrameReceived(np.full(160, 9000, dtype=np.int16), is_speech=True),
    FrameReceived(np.zeros(160, dtype=np.int16), is_speech=False),
]


@given(st.lists(st.tuples(st.sampled_from(EVENTS), st.integers(-50, 4000)), max_size=40), st.booleans())
@settings(deadline=None, max_examples=150)
def test_no_raw_events_at_any_times_raise(events: Any, starts: Any) -> None:
    call = Call(TinyDialogue(ANSWERS), CallConfig(queues=QUEUES))
    now_ms = 0
    if starts:
        call.receive(STARTED, 0)
    for event, later_ms in events:
        now_ms += later_ms
        for command in call.receive(event, now_ms):
            assert isinstance(command, Command)
        wake_ms = call.wake_at()
        assert wake_ms is None or wake_ms >= 0
        if starts and not call.is_over:
            assert wake_ms is not None or call.is_bridged


@pytest.mark.parametrize(
    "event",
    [
        Heard(5, 1, Hearing("鬼")),
        RecognitionFailed(5, 1, "E-ASR"),
        MarkReached("9.9.9"),
        SpeechReady(99, silence(100), is_last=True),
        SynthesisFailed(99, "E-TTS"),
        RequestAnswered(42, []),
        RequestFailed(42, "timeout"),
        CallerBridged(),
        BridgeFailed("x"),
        ConversationEnded(),
        STARTED,
        Woken(),
    ],
    ids=lambda e: type(e).__name__,
)
def test_an_event_nobody_waits_for_changes_nothing(event: Any) -> None:
    call = Conversation()
    before = (call.call.wake_at(), call.call.state, list(call.given))
    assert call.call.receive(event, call.line.now_ms) == []
    assert (call.call.wake_at(), call.call.state, call.given) == before


def test_clears_are_only_sent_when_something_is_on_the_line() -> None:
    assert Conversation().says("你好").clears == []
    assert ClearPlayout not in [type(c) for _, c in Conversation().presses("5").line.log]


def test_keys_and_speech_meet_the_dialogue_in_their_own_words() -> None:
    call = Conversation({"Begin": (say("请选"), ask(keys=YES_NO))}).presses("1").until_quiet().says("你好")
    assert [type(g) for g in call.given[1:]] == [CallerKeyed, CallerSaid]
