"""How the caller feels, by words and by how they are said: calm, worried, angry; and in a hurry or not.

The lists of words belong to the dialplan ("angry", "worried", "urgent"); a few plain ones are known
here so that a line without lists is not deaf. Exclamation marks and repetition make words weigh
more; alone they prove nothing, because recognisers set them as they like.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from voicebot.language.normalise import plain

_ANGRY = (
    "什么破", "破公司", "破快递", "垃圾", "骗子", "骗人", "忽悠", "投诉", "举报", "曝光", "315",
    "气死", "太过分", "过分了", "受够", "受不了", "有病", "废物", "没用", "滚", "他妈", "妈的", "操",
    "傻", "神经病", "搞什么", "干什么吃", "烦死", "烦不烦", "玩我", "耍我", "糊弄", "推来推去",
    "踢皮球", "没完没了", "说了多少遍", "说了几遍", "听不懂人话", "你听不懂", "不像话", "欺负人",
    "坑人", "坑钱", "凭什么", "ridiculous", "unacceptable", "scam", "fraud", "useless", "terrible",
    "awful", "worst", "angry", "furious", "complain", "complaint", "sue", "bullshit", "fuck",
    "fucking", "damn", "shit", "stupid", "idiot", "fed up", "sick of", "pissed", "crap",
)  # fmt: skip
_ANNOYED = re.compile(
    r"到底|怎么还(?:不|没)|态度|都(?:[好几两三四五六七八九十半\d]+)(?:个)?(?:天|周|星期|礼拜|月|小时|遍|次)了?|"
    r"给?(?:你们?)?(?:打|给)?差评|"
    r"搞没搞|又是|第[二三四五六]次了|有完没完|"
    r"still (?:not|haven't|hasn't|no)|how (?:much longer|many times)|again and again|"
    r"a joke"
)
"""tells impatience; alone it is worry, with more of it or a raised voice it is anger"""
_WORRIED = (
    "担心", "害怕", "着急", "怎么办", "急死", "不放心", "会不会", "万一", "丢了", "被盗", "盗刷",
    "被骗", "心慌", "慌", "焦虑", "不敢", "拜托", "求求", "能不能快", "worried", "afraid", "anxious",
    "concerned", "scared", "nervous", "stolen", "lost my", "what should i do", "help me",
)  # fmt: skip
_URGENT = (
    "急", "马上", "立刻", "赶紧", "尽快", "快点", "赶时间", "等不了", "来不及", "赶快", "今天必须",
    "加急", "急用", "急着", "火急", "urgent", "urgently", "immediately", "right now", "asap",
    "as soon as possible", "hurry", "emergency", "straight away", "right away",
)  # fmt: skip
_NOT_FELT = re.compile(
    r"不(?:着)?急|没(?:有)?(?:着)?急|不用急|别急|不担心|不用担心|不放心吗|没用过|没用完|没用上|还没用|"
    r"不投诉|不是投诉|not angry|not worried|no hurry|no rush|not urgent|not in a hurry|no complaints?|"
    r"急诊|急冻|操作|应急灯|傻瓜"
)
_LOUD = re.compile(r"[!！]{1,}|[?？]{2,}|[?？][!！]")


@dataclass(frozen=True, slots=True)
class Tone:
    mood: str
    """one of MOODS"""
    is_urgent: bool
    score: float
    """how strongly, 0..1"""


def mood_of_text(text: str, words: Mapping[str, Sequence[str]] | None = None) -> str:
    """ "calm", "worried" or "angry".

    text: as heard, with punctuation if there is any. words: the dialplan's lists "angry" and "worried".
    """
    return tone_of_text(text, words).mood


def is_urgent(text: str, words: Mapping[str, Sequence[str]] | None = None) -> bool:
    """True when the caller is in a hurry, by words."""
    return tone_of_text(text, words).is_urgent


def tone_of_text(text: str, words: Mapping[str, Sequence[str]] | None = None) -> Tone:
    """Mood, urgency and strength in one look."""
    words = words or {}
    flat = _NOT_FELT.sub("□", plain(text))
    loud = 0.2 * min(3, len(_LOUD.findall(text))) + (0.2 if _repeats(flat) else 0.0)
    angry = _weigh(flat, (*_ANGRY, *words.get("angry", ())))
    worried = _weigh(flat, (*_WORRIED, *words.get("worried", ())))
    urgent = _weigh(flat, (*_URGENT, *words.get("urgent", ())))
    angry = min(1.0, angry + 0.3 * len(set(_ANNOYED.findall(flat))))
    if angry:
        angry += loud
    if angry >= 0.5 and angry >= worried:
        return Tone("angry", urgent > 0, min(1.0, angry))
    if worried or angry or (urgent and loud):
        return Tone("worried", urgent > 0, min(1.0, max(worried, angry, urgent) + loud / 2))
    return Tone("calm", urgent > 0, 0.0)


def _weigh(text: str, words: Sequence[str]) -> float:
    found = {plain(word) for word in words if plain(word) and _has(text, plain(word))}
    return min(1.0, 0.5 * len(found))


def _has(text: str, word: str) -> bool:
    if word[0].isascii() and word[0].isalpha():
        return re.search(rf"(?<![a-z']){re.escape(word)}(?![a-z'])", text) is not None
    return word in text


def _repeats(text: str) -> bool:
    """The same two or more syllables twice in a row: 「快点快点」."""
    return re.search(r"([一-鿿]{2,6})\s?\1", text) is not None
