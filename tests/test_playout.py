"""What the caller has heard, on a line that plays in real time and echoes marks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicebot.audio import level_db
from voicebot.events import ClearPlayout, Command, Samples, SendAudio, SendMark
from voicebot.playout import Heard, Playout


def voice(for_ms: int, amplitude: int = 4000) -> Samples:
    return np.full(for_ms * 8, amplitude, dtype=np.int16)


class Phone:
    """An honest carrier: plays 8 samples a millisecond, echoes marks, forgets on clear."""

    def __init__(self, playout: Playout) -> None:
        self.playout = playout
        self.now_ms = 0
        self.buffer: list[Samples | str] = []
        self.heard: list[Samples] = []
        self.heard_prompts: list[Heard] = []
        self.echoes: list[str] = []
        self.most_ahead_ms = 0
        self.is_echoing = True

    def carry_out(self, commands: list[Command]) -> None:
        for command in commands:
            if isinstance(command, SendAudio):
                self.buffer.append(command.samples)
            elif isinstance(command, SendMark):
                self.buffer.append(command.name)
            elif isinstance(command, ClearPlayout):
                self.echoes += [item for item in self.buffer if isinstance(item, str)]
                self.buffer.clear()
        self._echo()
        ahead = sum(len(i) for i in self.buffer if not isinstance(i, str)) // 8
        self.most_ahead_ms = max(self.most_ahead_ms, ahead)

    def _echo(self) -> None:
        while self.buffer and isinstance(self.buffer[0], str):
            self.echoes.append(self.buffer.pop(0))  # type: ignore[arg-type]
        while self.echoes:
            name = self.echoes.pop(0)
            if self.is_echoing:
                self.heard_prompts += self.playout.mark_reached(name, self.now_ms)

    def run(self, for_ms: int) -> Phone:
        for _ in range(for_ms // 20):
            self.carry_out(self.playout.pump(self.now_ms))
            self.now_ms += 20
            left = 160
            while left and self.buffer:
                head = self.buffer[0]
                if isinstance(head, str):
                    self._echo()
                    continue
                self.heard.append(head[:left])
                self.buffer[0] = head[left:]
                left -= len(self.heard[-1])
                if not len(self.buffer[0]):
                    self.buffer.pop(0)
            self._echo()
            self.heard_prompts += self.playout.tick(self.now_ms)
        return self

    def interrupt(self) -> Phone:
        self.carry_out(self.playout.clear(self.now_ms))
        return self

    @property
    def heard_ms(self) -> int:
        return sum(len(s) for s in self.heard) // 8


def say(playout: Playout, prompt_id: int, audio: Samples, **manner: bool) -> None:
    playout.begin(prompt_id, **manner)
    playout.add(prompt_id, audio, is_last=True)


def test_a_prompt_is_heard_to_its_end_and_then_told() -> None:
    playout = Playout()
    phone = Phone(playout)
    say(playout, 1, voice(2500))
    phone.run(2400)
    assert phone.heard_prompts == []
    assert not playout.is_idle
    phone.run(200)
    assert phone.heard_prompts == [Heard(1)]
    assert phone.heard_ms == 2500
    assert playout.is_idle


def test_audio_is_sent_at_most_a_second_ahead() -> None:
    playout = Playout(lead_ms=1000)
    phone = Phone(playout)
    say(playout, 1, voice(10_000))
    phone.run(9000)
    assert 700 <= phone.most_ahead_ms <= 1000


def test_the_first_audio_goes_out_at_once() -> None:
    playout = Playout()
    say(playout, 1, voice(3000))
    assert isinstance(playout.pump(0)[0], SendAudio)


def test_there_is_a_mark_every_second_and_at_the_end() -> None:
    playout = Playout(lead_ms=60_000)
    say(playout, 1, voice(3500))
    assert sum(isinstance(c, SendMark) for c in playout.pump(0)) == 4


def test_prompts_are_heard_in_order_even_if_their_audio_comes_in_another() -> None:
    playout = Playout()
    phone = Phone(playout)
    playout.begin(1)
    playout.begin(2)
    playout.add(2, voice(500, 2000), is_last=True)
    phone.run(400)
    assert phone.heard_ms == 0
    assert playout.waiting_for() == 1
    playout.add(1, voice(300, 1000), is_last=False)
    playout.add(1, voice(300, 1000), is_last=True)
    phone.run(1400)
    heard = np.concatenate(phone.heard)
    assert heard[: 600 * 8].tolist() == [1000] * 4800
    assert heard[600 * 8 :].tolist() == [2000] * 4000
    assert phone.heard_prompts == [Heard(1), Heard(2)]


def test_a_prompt_without_audio_is_skipped() -> None:
    playout = Playout()
    phone = Phone(playout)
    playout.begin(1)
    say(playout, 2, voice(200))
    playout.fail(1)
    phone.run(400)
    assert phone.heard_prompts == [Heard(1), Heard(2)]


def test_audio_that_comes_too_slowly_leaves_a_hole_and_goes_on() -> None:
    playout = Playout()
    phone = Phone(playout)
    playout.begin(1)
    playout.add(1, voice(200), is_last=False)
    phone.run(1000)
    playout.add(1, voice(200), is_last=True)
    assert phone.run(300).heard_prompts == [Heard(1)]
    assert phone.heard_ms == 400


def test_an_interruption_stops_the_voice_at_once_and_nothing_stale_follows() -> None:
    playout = Playout()
    phone = Phone(playout)
    say(playout, 1, voice(5000))
    phone.run(1000).interrupt().run(3000)
    assert phone.heard_ms == 1000
    playout.drop()
    assert playout.add(1, voice(500), is_last=True) is False
    phone.run(1000)
    assert phone.heard_ms == 1000
    assert playout.is_idle


def test_marks_echoed_because_of_a_clear_are_not_heard() -> None:
    playout = Playout()
    phone = Phone(playout)
    say(playout, 1, voice(900))
    phone.run(500).interrupt()  # the end mark was already on its way, and is echoed now
    assert phone.heard_prompts == []
    assert playout.heard_share(phone.now_ms) == pytest.approx(500 / 900, abs=0.03)


def test_after_a_false_stop_the_bot_goes_on_where_the_caller_was() -> None:
    playout = Playout()
    phone = Phone(playout)
    audio = np.concatenate([voice(1000, 1000), voice(100, 0), voice(1000, 2000)])
    say(playout, 1, audio)
    phone.run(1500).interrupt().run(600)
    playout.resume()
    phone.run(2000)
    assert phone.heard_prompts == [Heard(1)]
    again = np.concatenate(phone.heard)[1500 * 8 :]
    assert set(again.tolist()) == {0, 2000}  # from the pause at 1 s: the broken sentence is said again
    assert len(again) == pytest.approx(1020 * 8, abs=160)


def test_without_a_pause_near_the_bot_steps_back_a_moment() -> None:
    playout = Playout()
    phone = Phone(playout)
    say(playout, 1, voice(6000))
    phone.run(4000).interrupt()
    playout.resume()
    phone.run(4000)
    assert phone.heard_ms == pytest.approx(6000 + 300, abs=20)


def test_a_prompt_stopped_in_its_last_breath_is_not_repeated() -> None:
    playout = Playout()
    phone = Phone(playout)
    say(playout, 1, voice(2000))
    phone.run(1960).interrupt()
    playout.resume()
    phone.run(500)
    assert phone.heard_ms == pytest.approx(2000, abs=20)
    assert phone.heard_prompts == [Heard(1)]


def test_what_must_be_heard_survives_an_interruption_of_what_came_before() -> None:
    playout = Playout()
    phone = Phone(playout)
    say(playout, 1, voice(2000, 1000))
    say(playout, 2, voice(400, 2000), is_interruptible=False)
    assert playout.must_be_heard
    assert playout.is_interruptible()
    phone.run(500).interrupt()
    playout.drop()
    phone.run(1000)
    assert np.concatenate(phone.heard)[500 * 8 :].tolist() == [2000] * 3200
    assert not playout.must_be_heard


def test_somebody_urgent_is_more_important_than_what_must_be_heard() -> None:
    playout = Playout()
    phone = Phone(playout)
    say(playout, 1, voice(2000), is_interruptible=False)
    phone.run(500).interrupt()
    playout.drop(with_must_hear=True)
    assert phone.run(2000).heard_ms == 500


def test_a_mark_that_never_comes_is_waited_for_two_seconds_after_the_end() -> None:
    playout = Playout(mark_grace_ms=2000)
    phone = Phone(playout)
    phone.is_echoing = False
    say(playout, 1, voice(1000))
    assert phone.run(2960).heard_prompts == []
    assert phone.run(60).heard_prompts == [Heard(1, is_assumed=True)]


def test_how_much_of_the_last_prompt_was_heard() -> None:
    playout = Playout()
    phone = Phone(playout)
    assert playout.heard_share(0) == 1.0
    say(playout, 1, voice(1000))
    say(playout, 2, voice(1000))
    assert phone.run(800).playout.heard_share(800) == 0.0
    assert phone.run(700).playout.heard_share(1500) == pytest.approx(0.5, abs=0.03)
    assert phone.run(800).playout.heard_share(2300) == 1.0


def test_marks_nobody_sent_change_nothing() -> None:
    playout = Playout()
    say(playout, 1, voice(500))
    playout.pump(0)
    for name in ("", "1.0.99", "weather"):
        assert playout.mark_reached(name, 100) == []
    assert not playout.is_idle


def test_gain_is_applied_on_the_way_out() -> None:
    playout = Playout()
    playout.begin(1, gain_db=6)
    playout.add(1, voice(100), is_last=True)
    (sent,) = [c for c in playout.pump(0) if isinstance(c, SendAudio)]
    assert level_db(sent.samples) - level_db(voice(100)) == pytest.approx(6, abs=0.1)


def test_the_bot_is_sounding_as_long_as_sent_audio_plays() -> None:
    playout = Playout()
    say(playout, 1, voice(500))
    assert not playout.is_sounding(0)
    playout.pump(0)
    assert playout.is_sounding(1)
    assert playout.is_sounding(499)
    assert not playout.is_sounding(500)


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("say"), st.integers(0, 1500)),
            st.tuples(st.just("run"), st.integers(0, 900)),
            st.tuples(st.just("stop"), st.booleans()),
        ),
        max_size=15,
    )
)
@settings(deadline=None, max_examples=60)
def test_everything_ends_whatever_is_said_and_interrupted(script: Any) -> None:
    playout = Playout()
    phone = Phone(playout)
    for n, (what, value) in enumerate(script):
        if what == "say":
            say(playout, n, voice(int(value)))
        elif what == "run":
            phone.run(int(value))
        else:
            phone.interrupt()
            if value:
                playout.resume()
            else:
                playout.drop()
    phone.run(1500 * 30)
    assert playout.is_idle
    assert playout.due_ms(phone.now_ms) is None
    assert phone.most_ahead_ms <= 1000
