"""The person on the phone waits for a turn, interrupts when told to, and notices when nobody answers."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest

from voicebot.dialplan.model import Place
from voicebot.events import Samples
from voicebot.phone.caller import Caller, Senses
from voicebot.phone.script import Play, Say, read_script

LOUD = np.full(160, 6000, dtype=np.int16)
QUIET = np.zeros(160, dtype=np.int16)


@dataclass
class Scene:
    """A caller in a room where the bot can be heard or not; says what happened and when."""

    caller: Caller
    now_ms: int = 0
    began_ms: list[int] = field(default_factory=list)
    keys: list[tuple[int, str]] = field(default_factory=list)
    voice: list[Samples] = field(default_factory=list)
    hung_up_ms: int | None = None
    gave_up: str = ""

    def passes(self, for_ms: int, *, bot: bool = False, said: str = "", agent: bool = False) -> Scene:
        for index in range(for_ms // 20):
            senses = Senses(LOUD if bot else QUIET, (said,) if said and not index else (), agent)
            doing = self.caller.step(senses)
            self.voice.append(doing.voice)
            if doing.begins is not None:
                self.began_ms.append(self.now_ms)
            self.keys += [(self.now_ms, key) for key in doing.keys]
            if doing.hangs_up and self.hung_up_ms is None:
                self.hung_up_ms, self.gave_up = self.now_ms, doing.gave_up
            self.now_ms += 20
        return self

    def spoke_ms(self) -> list[int]:
        return [index * 20 for index, frame in enumerate(self.voice) if frame.any()]


def scene(moves: str, *, say_ms: int = 400, patience_ms: int = 500) -> Scene:
    script = read_script(f"patience_ms: {patience_ms}\nmoves:\n{moves}", "x.yaml")
    sound = np.full(say_ms * 8, 3000, dtype=np.int16)
    sounds: dict[Place, Samples] = {m.place: sound for m in script.moves if isinstance(m, Say | Play)}
    return Scene(Caller(script, sounds))


def test_a_sentence_waits_until_the_bot_has_spoken_and_is_quiet() -> None:
    on_line = scene("  - say: 我要退款")
    on_line.passes(1000).passes(1000, bot=True).passes(1000)
    assert on_line.began_ms == [2480]
    assert (min(on_line.spoke_ms()), max(on_line.spoke_ms())) == (2480, 2860)


def test_a_short_pause_of_the_bot_is_no_invitation() -> None:
    on_line = scene("  - say: 我要退款")
    on_line.passes(500, bot=True).passes(400).passes(500, bot=True).passes(400)
    assert on_line.began_ms == []


def test_the_second_sentence_waits_for_the_answer_to_the_first() -> None:
    on_line = scene("  - say: 我要退款\n  - say: 对")
    on_line.passes(500, bot=True).passes(2000)
    assert len(on_line.began_ms) == 1
    on_line.passes(500, bot=True).passes(600)
    assert len(on_line.began_ms) == 2


def test_an_interruption_begins_that_long_after_the_bot_began() -> None:
    on_line = scene("  - say: 不对\n    interrupt_after_ms: 900")
    on_line.passes(300).passes(3000, bot=True)
    assert on_line.began_ms == [1200]


def test_keys_are_pressed_one_after_another() -> None:
    on_line = scene('  - silence_ms: 100\n  - keys: "12#"')
    on_line.passes(1000)
    assert [key for _, key in on_line.keys] == ["1", "2", "#"]
    times = [at_ms for at_ms, _ in on_line.keys]
    assert times[1] - times[0] == times[2] - times[1] == 200


def test_after_a_silence_the_caller_speaks_whoever_speaks() -> None:
    on_line = scene("  - silence_ms: 700\n  - say: 喂")
    on_line.passes(2000, bot=True)
    assert on_line.began_ms == [700, 720]


def test_waiting_for_words_of_the_bot_needs_its_journal() -> None:
    on_line = scene("  - wait_for: bot_says 原路退回\n  - say: 原路吧")
    on_line.passes(600, bot=True, said="请问订单尾号？").passes(1000)
    assert on_line.began_ms == []
    on_line.passes(600, bot=True, said="您是原路，退回还是退到余额？").passes(480)
    assert on_line.began_ms == []
    on_line.passes(100)
    assert len(on_line.began_ms) == 2


def test_words_that_are_told_before_they_are_heard_are_waited_for() -> None:
    on_line = scene("  - wait_for: bot_says 单号\n  - say: 好的")
    on_line.passes(600, bot=True, said="请稍等").passes(5000).passes(300, said="单号是一二三")
    assert on_line.began_ms == []
    on_line.passes(2000, bot=True).passes(600)
    assert len(on_line.began_ms) == 2


def test_words_so_short_that_the_journal_came_after_them() -> None:
    on_line = scene("  - wait_for: bot_says 好\n  - say: 谢谢")
    on_line.passes(300, bot=True).passes(400).passes(2900, said="好")
    assert on_line.began_ms == []
    on_line.passes(200)
    assert len(on_line.began_ms) == 2


def test_waiting_in_vain_ends_the_call_and_says_where() -> None:
    on_line = scene("  - wait_for: bot_says 原路\n    within_ms: 1000")
    on_line.passes(2000)
    assert on_line.hung_up_ms == 1020
    assert "x.yaml:3:5" in on_line.gave_up
    assert "原路" in on_line.gave_up


def test_waiting_for_the_agent() -> None:
    on_line = scene("  - wait_for: agent\n  - hang_up: true")
    on_line.passes(1000, bot=True)
    assert on_line.hung_up_ms is None
    on_line.passes(100, agent=True)
    assert on_line.hung_up_ms is not None
    assert on_line.gave_up == ""


def test_hanging_up_waits_for_its_turn_too() -> None:
    on_line = scene("  - say: 再见\n  - hang_up")
    on_line.passes(100, bot=True).passes(2000)
    assert on_line.hung_up_ms is None
    on_line.passes(400, bot=True).passes(600)
    assert on_line.hung_up_ms is not None


@pytest.mark.parametrize(("quiet_ms", "speaks"), [(14_000, False), (15_100, True)])
def test_a_bot_that_never_speaks_is_addressed_in_the_end(quiet_ms: int, speaks: bool) -> None:
    on_line = scene("  - say: 喂")
    assert bool(on_line.passes(quiet_ms).began_ms) is speaks


def test_a_bot_that_never_hangs_up_is_left_in_the_end() -> None:
    on_line = scene("  - silence_ms: 0")
    on_line.passes(91_000)
    assert on_line.hung_up_ms is not None
    assert "neither spoke nor hung up" in on_line.gave_up
