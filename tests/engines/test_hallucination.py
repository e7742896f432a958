"""Silence must not become a turn; a caller who speaks must."""

from __future__ import annotations

import pytest

from voicebot.engines.hallucination import Sound, is_invented, is_looping

CLEAR = Sound(snr_db=25, voiced_ms=1500)
FAINT = Sound(snr_db=3, voiced_ms=60)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("字幕by索兰娅", "zh"),
        ("请不吝点赞 订阅 转发 打赏支持明镜与点点栏目", "zh"),
        ("谢谢大家收看", "zh"),
        ("感谢观看,下期再见。", "zh"),
        ("优优独播剧场——YoYo Television Series Exclusive", "zh"),
        ("以下是普通话的句子。", "zh"),  # our own prompt, echoed
        ("(音乐)", "zh"),
        ("诶诶语语诶诸语诸诸诶试试诸试语试", "zh"),
        ("Thanks for watching!", "en"),
        ("Subtitles by the Amara.org community", "en"),
        ("[Music]", "en"),
        ("", "zh"),
        ("。", "zh"),
    ],
)
def test_subtitles_are_never_believed(text: str, language: str) -> None:
    assert is_invented(text, language=language, log_prob=-0.1, no_speech_prob=0.0, sound=CLEAR)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("谢谢", "zh"),
        ("再见", "zh"),
        ("嗯", "zh"),
        ("我要退款。", "zh"),
        ("我的订单还没收到,谢谢你帮我看看", "zh"),
        ("我想订阅短信通知", "zh"),  # subscribes to our messages, not to a channel
        ("Thank you.", "en"),
        ("Goodbye", "en"),
        ("I was watching the parcel on the map", "en"),
        ("8", "zh"),
    ],
)
def test_callers_are_believed_when_they_spoke_clearly(text: str, language: str) -> None:
    assert not is_invented(text, language=language, log_prob=-0.4, no_speech_prob=0.1, sound=CLEAR)


@pytest.mark.parametrize(
    ("text", "log_prob", "no_speech_prob", "sound", "invented"),
    [
        ("我不知道。", -0.9, 0.5, CLEAR, True),  # silence makes this, and the sound is doubtful
        ("我不知道。", -0.4, 0.1, CLEAR, False),
        ("谢谢", -0.5, 0.2, FAINT, True),
        ("谢谢你", -0.3, 0.1, CLEAR, False),
        ("这次比较多。", -1.3, 0.53, CLEAR, True),  # pub
        ("我会哄哄哭", -0.76, 0.85, CLEAR, True),  # singing
        ("带动更多孩子参与其中。", -0.8, 0.13, CLEAR, False),  # real, in noise
        ("八", -0.5, 0.92, CLEAR, False),  # a lone digit looks like no speech, and is
        ("八", -1.5, 0.92, CLEAR, True),
        ("说什么都不对", -1.8, 0.0, CLEAR, True),  # hopeless guess
    ],
)
def test_doubt_is_weighed(
    text: str, log_prob: float, no_speech_prob: float, sound: Sound, invented: bool
) -> None:
    assert (
        is_invented(text, language="zh", log_prob=log_prob, no_speech_prob=no_speech_prob, sound=sound)
        is invented
    )


@pytest.mark.parametrize(
    ("text", "looping"),
    [
        ("我们我们我们我们我们", True),
        ("no, no, no, no, no, no, ", True),
        ("好的好的", False),  # callers do
        ("88888888", False),
        ("八八八八八八八八", False),
        ("对对对对", False),
        ("我的手机号是幺三八零零幺三八零零零不是幺三九", False),
    ],
)
def test_loops(text: str, looping: bool) -> None:
    assert is_looping(text) is looping
