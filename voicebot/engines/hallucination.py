"""Text that Whisper writes when nobody speaks, and how to tell it from speech.

Whisper learned from subtitles, so silence, music and noise make it write what stands in
subtitles while nobody speaks: credits, thanks for watching, requests to subscribe. Two kinds
are told apart: some never occur in a call; others ("thank you", 「谢谢」) a caller does say,
and count as invented only when the sound itself is doubtful.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass

NEVER_SAID = {
    "zh": (
        r"字幕",
        r"请不吝点赞",
        r"点赞.{0,6}(订阅|转发|打赏)",
        r"(订阅|关注).{0,6}(频道|点赞|转发|打赏|明镜)",
        r"明镜(与|和)?点点",
        r"打赏支持",
        r"(感谢|谢谢)(大家|您|你|各位)?的?(观看|收看|收听|聆听)",
        r"(下期|下集|下次|下个视频)(视频)?(再见|见)",
        r"优优独播剧场",
        r"yoyo television",
        r"中文(字幕|配音)",
        r"(由|本字幕).{0,12}(志愿者|提供|制作)",
        r"amara",
        r"(作词|作曲|编曲|词曲|演唱)[:: ]",
        r"^(词|曲|编)[:: ]",
        r"未经.{0,6}(许可|授权).{0,8}(转载|翻唱|使用)",
        r"以下是普通",
        r"^[\[(（【].{0,8}[\])）】]$",
        r"^.?(音乐|掌声|笑声|鼓掌)[声]?.?$",
    ),
    "en": (
        r"thank(s| you)( so much| very much)? for (watching|viewing|listening)",
        r"(please )?(like and )?subscribe",
        r"(subtitles|captions|transcri\w+|translated|subtitled) (by|provided)",
        r"amara\.org",
        r"see you (in the )?next (time|video|one)",
        r"don't forget to (like|subscribe)",
        r"^[\[(].{0,24}[\])]$",
        r"^(music|applause|laughter|silence|beep(ing)?)\W*$",
        r"www\.\S+",
        r"copyright",
    ),
}
"""patterns that no caller says to a hotline, whatever the sound"""

SELDOM_SAID = {
    "zh": (
        r"^(谢谢|多谢|再见|拜拜|嗯+|啊+|哦+|呃+|好|好的|是|对|你|我|他|的|了|哈+|呵+|嘿|喂|字|请)[。.!?!?,,]*$",
        r"^(我们|大家好|我不知道|今天|小心|来|走|快|等等|妈妈|爸爸|哎呀?|唉)[。.!?!?,,]*$",
    ),
    "en": (
        r"^(you|the|i|a|so|oh|uh|um|hm+|mm+|bye|bye[- ]bye|okay|ok|yeah|thank you( very much| so much)?)\W*$",
        r"^(i'm (sorry|going to)|all right|let's go|what)\W*$",
    ),
}
"""short texts that silence also produces: believed only when a voice was plainly there"""

REPEATS_AT_LEAST = 2.4
"""zlib ratio above which a text is one phrase over and over (the reference decoder's limit)"""
LOOP = re.compile(r"(.{2,12}?)\1{3,}")
"""the same two to twelve characters four times running"""
FEW_KINDS = 0.5
"""share of different characters below which a longer text is babble: 诶诶语语诶诸语诸诸诶"""
NUMBERS = re.compile(r"[0-9零〇一二三四五六七八九幺\s,.,。、-]+")
LOG_PROB_WEIGHT = 0.5
MOST_DOUBT = 0.97
"""noise, music and rooms stay above 0.99; of 140 real clips, with and without noise, five
single words lay above, all of them misheard, and no sentence (highest 0.92)"""
SOME_DOUBT = 0.75
"""above this, texts that silence also produces are not believed"""
HOPELESS = -1.6
"""mean log probability below which the text has nothing to do with the sound; real clips end at -1.53"""
UNSURE = -1.2
"""mean log probability below which even a number may be invented"""
BRIEF_MS = 120
"""less voice than a syllable"""


@dataclass(frozen=True, slots=True)
class Sound:
    """What the samples alone say about an utterance."""

    snr_db: float
    """loud parts against quiet parts"""
    voiced_ms: int
    """time in which a voice is likely"""


def doubt(log_prob: float, no_speech_prob: float) -> float:
    """How likely nobody spoke, about 0..2: the decoder's opinion of the sound and of its text.

    Neither is enough: music is sung in confident words, and a mumbled word is a guess.
    """
    return no_speech_prob - LOG_PROB_WEIGHT * log_prob


def is_subtitle(text: str) -> bool:
    """Written by subtitlers, never said to a hotline; or no text at all."""
    plain = text.strip().lower()
    if not re.search(r"\w", plain) or is_looping(plain):
        return True
    return any(re.search(pattern, plain) for patterns in NEVER_SAID.values() for pattern in patterns)


def is_invented(text: str, *, language: str, log_prob: float, no_speech_prob: float, sound: Sound) -> bool:
    """Judge whether nobody said this.

    log_prob: mean log probability per token of the reading.
    """
    if is_subtitle(text):
        return True
    if NUMBERS.fullmatch(text) and log_prob > UNSURE:
        return False  # a lone 「八」 looks like no speech, but nothing except speech becomes a number
    doubts = doubt(log_prob, no_speech_prob)
    if doubts > MOST_DOUBT or log_prob < HOPELESS:
        return True
    seldom = SELDOM_SAID.get(language, ())
    is_doubtful = doubts > SOME_DOUBT or sound.voiced_ms < BRIEF_MS
    return is_doubtful and any(re.search(pattern, text.strip().lower()) for pattern in seldom)


def is_looping(text: str) -> bool:
    """One phrase over and over. Numbers are exempt: 88888888 is a good account."""
    if NUMBERS.fullmatch(text):
        return False
    if LOOP.search(text):
        return True
    letters = [character for character in text if character.isalnum()]
    if len(letters) >= 12 and not text.isascii() and len(set(letters)) < FEW_KINDS * len(letters):
        return True
    raw = text.encode()
    return len(raw) > 60 and len(raw) / len(zlib.compress(raw)) > REPEATS_AT_LEAST
