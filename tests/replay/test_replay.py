"""A recorded call goes the same way again, and what goes otherwise is told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conversation import STARTED, CodedVoice, Conversation, Rule, TinyDialogue, ask, fetch, say
from voicebot.call import Call, CallConfig
from voicebot.dialogue.api import Finish, HandOver, Note, Question
from voicebot.dialplan.model import Agent, Keys, Place, Queue
from voicebot.errors import BackOfficeError, ConfigError
from voicebot.events import Command, Event, Expectation, Hearing, LegEvent, Recap, Recognise, Request, Samples
from voicebot.recorder import Recorder, RecordingHeader
from voicebot.replay.outcome import Outcome, differences, outcome_from, outcome_of, outcome_of_rows
from voicebot.replay.recording import find_recordings, read_recording
from voicebot.replay.run import Ears, Replayed, replay
from voicebot.virtual import VirtualLine, is_loud

RECAP = Recap("王先生", "number_known", "退款", (), "calm", "zh", "asked")
QUEUES = {"q": Queue("q", Place("q", 1, 1), (Agent("a1", "+85230010001"),), ring_ms=20_000)}

ANSWERS: dict[str, Rule] = {
    "我要退款": (Note("step", {"flow": "refund", "step": "ask"}), say("订单尾号是多少"), ask(kind="digits")),
    "1234": (Note("slot", {"slot": "order", "value": "1234"}), fetch(7, is_write=True)),
    "Answered": (say("退款办好了"), Note("outcome", {"outcome": "ended"}), Finish("goodbye")),
    "Refused": (say("抱歉没有办成"), Finish("goodbye")),
    "转人工": (HandOver("q", "asked", RECAP), say("请稍等")),
}


class Recorded:
    """A call with a recorder at its side, as the driver has it."""

    def __init__(self, call: Call, recorder: Recorder) -> None:
        self._call = call
        self._recorder = recorder

    @property
    def is_over(self) -> bool:
        return self._call.is_over

    @property
    def is_waiting(self) -> bool:
        return self._call.is_waiting

    def wake_at(self) -> int | None:
        return self._call.wake_at()

    def receive(self, event: Event, now_ms: int) -> list[Command]:
        self._recorder.write_event(now_ms, event)
        commands = self._call.receive(event, now_ms)
        self._recorder.write_commands(now_ms, commands)
        return commands


class Talk(Conversation):
    """A conversation that is recorded."""

    def __init__(self, folder: Path, answers: Mapping[str, Rule], **line: Any) -> None:
        self.dialogue = TinyDialogue(answers)
        self.voice = CodedVoice()
        self.call = Call(self.dialogue, CallConfig(queues=QUEUES))
        self.recorder = Recorder(folder, RecordingHeader("tiny", "v1"))
        self.line = VirtualLine(Recorded(self.call, self.recorder), recognise=self.voice.recognise, **line)
        self.line.start(STARTED)
        self.line.run_until_quiet()

    def over(self) -> Talk:
        self.line.run_for(8000)
        if not self.line.call.is_over:
            self.line.hang_up()
        self.recorder.close()
        return self


class Ear:
    """The recogniser of the coded voice, as an engine."""

    def __init__(self, voice: CodedVoice) -> None:
        self._voice = voice

    def warm_up(self) -> None: ...

    def recognise(self, samples: Samples, *, language: str, expectation: Expectation) -> Hearing:
        return self._voice.recognise(Recognise(0, 0, samples, language, expectation))


class Detector:
    def is_speech(self, frame: Samples) -> bool:
        return is_loud(frame)


def booked(request: Request) -> Any:
    return {"id": "R1"}


def again(folder: Path, talk: Talk, answers: Mapping[str, Rule]) -> Replayed:
    call = Call(TinyDialogue(answers), CallConfig(queues=QUEUES))
    return replay(read_recording(folder), call, Ears(Ear(talk.voice), Detector))


def refund(folder: Path) -> Talk:
    talk = Talk(folder, ANSWERS, perform=booked)
    talk.says("我要退款").says("1234")
    return talk.over()


def test_the_same_call_goes_the_same_way(tmp_path: Path) -> None:
    talk = refund(tmp_path)
    happened = again(tmp_path, talk, ANSWERS)
    before = outcome_of(talk.line.log)
    assert [row["text"] for row in before.items["says"]] == ["您好请说", "订单尾号是多少", "退款办好了"]
    assert differences(before, happened.outcome) == ()
    assert happened.heard == ("我要退款", "1234")
    assert happened.unanswered == ()


def test_the_recording_tells_how_the_live_call_went(tmp_path: Path) -> None:
    talk = refund(tmp_path)
    assert outcome_of_rows(read_recording(tmp_path).rows) == outcome_of(talk.line.log)


def test_twice_the_same_replay_is_exactly_the_same(tmp_path: Path) -> None:
    talk = refund(tmp_path)
    assert again(tmp_path, talk, ANSWERS) == again(tmp_path, talk, ANSWERS)


def test_a_changed_sentence_is_told_and_nothing_else(tmp_path: Path) -> None:
    talk = refund(tmp_path)
    changed = ANSWERS | {
        "Answered": (say("已经退款"), Note("outcome", {"outcome": "ended"}), Finish("goodbye"))
    }
    found = differences(outcome_of(talk.line.log), again(tmp_path, talk, changed).outcome)
    assert [(d.kind, d.place) for d in found] == [("says", 3)]
    assert "退款办好了" in str(found[0])
    assert "已经退款" in str(found[0])


def test_a_step_that_is_missing_and_what_was_not_done_are_told(tmp_path: Path) -> None:
    talk = refund(tmp_path)
    changed = {name: rule for name, rule in ANSWERS.items() if name != "1234"}
    found = differences(outcome_of(talk.line.log), again(tmp_path, talk, changed).outcome)
    assert {d.kind for d in found} == {"slots", "says", "does", "outcome"}
    assert any(d.kind == "does" and d.happened is None for d in found)


def test_a_question_the_recording_cannot_answer_is_named(tmp_path: Path) -> None:
    talk = refund(tmp_path)
    other = replace(fetch(7, is_write=True), operation="cancel_order")
    found = again(tmp_path, talk, ANSWERS | {"1234": (other,)})
    assert found.unanswered == ("cancel_order",)
    assert "抱歉没有办成" in [row["text"] for row in found.outcome.items["says"]]


def test_a_refusal_of_the_business_is_replayed(tmp_path: Path) -> None:
    def refused(request: Request) -> Any:
        raise BackOfficeError("no", code="already_refunded")

    talk = Talk(tmp_path, ANSWERS, perform=refused)
    talk.says("我要退款").says("1234")
    talk.over()
    assert differences(outcome_of(talk.line.log), again(tmp_path, talk, ANSWERS).outcome) == ()


def test_keys_are_pressed_again(tmp_path: Path) -> None:
    answers = ANSWERS | {"我要退款": (say("请按键"), ask(keys=Keys(4))), "#1234": (fetch(7, is_write=True),)}
    talk = Talk(tmp_path, answers, perform=booked)
    talk.says("我要退款").presses("1234")
    talk.over()
    happened = again(tmp_path, talk, answers)
    assert differences(outcome_of(talk.line.log), happened.outcome) == ()
    assert happened.outcome.items["does"]


def test_agents_behave_as_they_did(tmp_path: Path) -> None:
    def busy(ring: Any) -> Any:
        return [(500, LegEvent.RINGING), (1500, LegEvent.BUSY)]

    talk = Talk(tmp_path, ANSWERS, agent=busy)
    talk.says("转人工")
    talk.over()
    before = outcome_of(talk.line.log)
    assert before.items["transfer"]
    assert differences(before, again(tmp_path, talk, ANSWERS).outcome) == ()


def test_secret_keys_are_not_in_the_recording_and_are_counted(tmp_path: Path) -> None:
    secret = Question(Expectation("digits"), 700, 6000, Keys(4), name="tail", is_secret=True)
    answers = ANSWERS | {"我要退款": (say("请输入证件尾号"), secret)}
    talk = Talk(tmp_path, answers)
    talk.says("我要退款").presses("9876")
    talk.over()
    recording = read_recording(tmp_path)
    assert recording.keys == ()
    assert recording.masked_keys == 4
    assert "9876" not in (tmp_path / "events.jsonl").read_text("utf-8")


def test_an_outcome_can_be_written_and_read() -> None:
    outcome = Outcome({"says": ({"prompt": "p", "text": "您好"},), "outcome": ({"ended": "goodbye"},)})
    assert outcome_from([json.loads(json.dumps(row)) for row in outcome.rows()]) == outcome


@pytest.mark.parametrize(
    "rows", [[], [{"format": "other"}], [{"format": "voicebot-expected", "version": 1}, {"kind": "songs"}]]
)
def test_a_file_of_another_format_is_refused(rows: list[dict[str, Any]]) -> None:
    with pytest.raises(ValueError, match=r"line|kind"):
        outcome_from(rows)


def test_recordings_are_found_in_folders_of_folders(tmp_path: Path) -> None:
    refund(tmp_path / "b" / "call")
    refund(tmp_path / "a")
    assert find_recordings([tmp_path]) == [tmp_path / "a", tmp_path / "b" / "call"]
    with pytest.raises(ConfigError, match="no recording here"):
        find_recordings([tmp_path / "a" / "nothing"])


@pytest.mark.parametrize(
    ("file", "content", "why"),
    [
        ("events.jsonl", b"{}\n", "not the header"),
        ("events.jsonl", b"", "empty"),
        ("caller.wav", b"RIFF", "not a WAV"),
        ("caller.wav", None, "No such file"),
    ],
)
def test_a_broken_recording_is_named(tmp_path: Path, file: str, content: bytes | None, why: str) -> None:
    refund(tmp_path)
    if content is None:
        (tmp_path / file).unlink()
    else:
        (tmp_path / file).write_bytes(content)
    with pytest.raises(ConfigError, match=why):
        read_recording(tmp_path)


def test_a_recording_cut_off_by_a_crash_is_replayed_to_where_it_ends(tmp_path: Path) -> None:
    talk = refund(tmp_path)
    text = (tmp_path / "events.jsonl").read_text("utf-8")
    (tmp_path / "events.jsonl").write_text(text[: len(text) * 2 // 3], "utf-8")
    happened = again(tmp_path, talk, ANSWERS)
    assert happened.outcome.items["says"][0]["text"] == "您好请说"


def test_silence_is_not_speech() -> None:
    assert not Detector().is_speech(np.zeros(160, dtype=np.int16))
