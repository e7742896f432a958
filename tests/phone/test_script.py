"""A phone script says what it means, and every mistake in it is told with its place."""

from __future__ import annotations

import pytest

from voicebot.errors import DialplanError
from voicebot.phone.script import HangUp, Noise, Play, Press, Quiet, Say, WaitFor, read_script, say_script

WHOLE = """
about: a refund, with a change of mind
caller: "+8613800138000"
dialed: "+864001234567"
voice: caller_woman
patience_ms: 600
noise: {file: pub.wav, snr_db: 15}
agents: [busy, accepts]
moves:
  - say: 我要退款
  - wait_for: bot_says 订单尾号
  - say: 不对
    interrupt_after_ms: 900
  - keys: "1234#"
  - silence_ms: 1500
  - play: cough.wav
  - wait_for: agent
    within_ms: 60000
  - hang_up: true
"""


def test_everything_a_script_can_say() -> None:
    script = read_script(WHOLE, "refund.yaml", behaviours=("accepts", "busy"))
    assert (script.caller, script.dialed, script.voice) == ("+8613800138000", "+864001234567", "caller_woman")
    assert script.noise == Noise("pub.wav", 15)
    assert script.agents == ("busy", "accepts")
    assert script.patience_ms == 600
    kinds = [type(move) for move in script.moves]
    assert kinds == [Say, WaitFor, Say, Press, Quiet, Play, WaitFor, HangUp]
    waits = [move for move in script.moves if isinstance(move, WaitFor)]
    assert [(move.what, move.text, move.within_ms) for move in waits] == [
        ("bot_says", "订单尾号", 30_000),
        ("agent", "", 60_000),
    ]
    interruption = script.moves[2]
    assert isinstance(interruption, Say)
    assert interruption.interrupt_after_ms == 900
    assert interruption.place.line == 12


def test_the_shortest_script() -> None:
    script = read_script("moves: [{say: 你好}, hang_up]", "x.yaml")
    assert [type(move) for move in script.moves] == [Say, HangUp]
    assert script.agents == ("accepts",)


def test_sentences_on_the_command_line_are_a_script_too() -> None:
    script = say_script(["我要退款", "对"], caller="+8613800138000")
    assert [move.text for move in script.moves if isinstance(move, Say)] == ["我要退款", "对"]
    assert script.moves[0].place != script.moves[1].place


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "x.yaml:1:1: error: the script is empty"),
        ("- say: 你好", "must be a mapping"),
        ("moves: []", "moves must be a list"),
        ("moves: [{sya: 你好}]", 'did you mean "say"'),
        ("moves:\n  - say: 你好\n    keys: '1'", "x.yaml:2:5: error: a move does exactly one thing"),
        ("moves:\n  - {}", "exactly one thing"),
        ("moves: [{say: ''}]", "say is empty"),
        ("moves: [{keys: 12a}]", "keys must be 0-9"),
        ("moves: [{silence_ms: -5}]", "must be from 0 to"),
        ("moves: [{silence_ms: 100, interrupt_after_ms: 5}]", "interrupt_after_ms has no meaning here"),
        ("moves: [{say: 好, within_ms: 500}]", "within_ms has no meaning here"),
        ("moves: [{wait_for: bot_sings}]", 'wait_for cannot be "bot_sings"'),
        ("moves: [{wait_for: bot_says}]", "needs the words"),
        ("caller: 13800138000\nmoves: [hang_up]", "x.yaml:1:9: error: caller must be a number in E.164"),
        ("agents: [sleeps]\nmoves: [hang_up]", "behaviour"),
        ("noise: {snr_db: 3}\nmoves: [hang_up]", "noise needs a file"),
        ("moves: [", "cannot be read as YAML"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_what_to_do(text: str, says: str) -> None:
    with pytest.raises(DialplanError) as error:
        read_script(text, "x.yaml")
    assert says in str(error.value)


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(DialplanError, match="3 errors"):
        read_script("colour: red\nmoves:\n  - {say: ''}\n  - {keys: x}", "x.yaml")
