"""The engines without a model: honest enough to build tests on."""

import numpy as np
import pytest

from voicebot.engines.scripted import (
    BagEmbedder,
    EnergyDetector,
    ScriptedRecogniser,
    SilentSynthesiser,
    audio_key,
)
from voicebot.events import Candidate, Expectation, Hearing

QUIET = np.zeros(8000, dtype=np.int16)
TONE = (8000 * np.sin(2 * np.pi * 440 * np.arange(8000) / 8000)).astype(np.int16)
FREE = Expectation()


def test_recogniser_answers_in_order_and_then_hears_nothing() -> None:
    ear = ScriptedRecogniser(["我要退款", Hearing(text="对", log_prob=-0.1)])
    heard = [ear.recognise(TONE, language="zh", expectation=FREE).text for _ in range(3)]
    assert heard == ["我要退款", "对", ""]


def test_recogniser_knows_recordings_by_their_sound() -> None:
    ear = ScriptedRecogniser({audio_key(TONE): "转人工"})
    assert ear.recognise(TONE.copy(), language="zh", expectation=FREE).text == "转人工"
    assert ear.recognise(QUIET, language="zh", expectation=FREE).text == ""


def test_recogniser_can_be_a_function_of_what_is_expected() -> None:
    ear = ScriptedRecogniser(lambda samples, language, expectation: f"{language} {expectation.kind}")
    assert ear.recognise(TONE, language="en", expectation=Expectation(kind="date")).text == "en date"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("原路退回", "original"),
        ("原路", "original"),
        ("balance", "balance"),
        ("退到余额", None),  # not among the sayings, and a fake does not guess
        ("", None),
    ],
)
def test_recogniser_picks_a_candidate_only_when_it_was_said(text: str, value: str | None) -> None:
    expectation = Expectation(
        kind="choice",
        candidates=(Candidate("original", ("原路退回", "原路")), Candidate("balance", ("余额",))),
    )
    hearing = ScriptedRecogniser([text]).recognise(TONE, language="zh", expectation=expectation)
    assert hearing.best_expected == value


def test_silence_lasts_as_long_as_the_text_and_less_at_a_quicker_pace() -> None:
    voice = SilentSynthesiser(ms_per_character=200)

    def length_ms(text: str, pace: float) -> int:
        return sum(len(part) for part in voice.synthesise(text, voice="any", pace=pace)) // 8

    assert length_ms("您好请讲", 1.0) == 800
    assert length_ms("您好请讲", 2.0) == 400
    assert length_ms("", 1.0) == 0
    assert voice.spoken == ["您好请讲", "您好请讲", ""]


def test_long_text_comes_in_parts() -> None:
    parts = list(SilentSynthesiser(ms_per_character=100, part_ms=500).synthesise("一" * 12, voice="any"))
    assert [len(part) for part in parts] == [4000, 4000, 1600]


def test_energy_detector_hears_what_is_loud() -> None:
    detector = EnergyDetector()
    assert detector.is_speech(TONE[:160])
    assert not detector.is_speech(QUIET[:160])
    assert not detector.is_speech(TONE[:160] // 400)


def test_bag_embedder_is_deterministic_unit_length_and_knows_shared_characters() -> None:
    bag = BagEmbedder()
    refund = bag.embed("我要退款")
    assert np.array_equal(refund, BagEmbedder().embed("我要 退款"))
    assert np.linalg.norm(refund) == pytest.approx(1.0, abs=1e-5)
    assert refund @ bag.embed("我想要退款") > 0.6
    assert refund @ bag.embed("快递到哪里了") < 0.3
    assert np.linalg.norm(bag.embed("")) == pytest.approx(1.0)
