"""Yes or no, as people really answer.

The utterance is cut into clauses; each is a yes, a no, or neither, and the last that decides
wins, except that an opening no with a better idea (「不是，尾号5678那个」) stays a no. Words
that only begin like an answer are taken away first: 对不起, 对了, 好像, 是不是, no idea.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from voicebot.language import match
from voicebot.language.normalise import normalise, plain
from voicebot.language.pinyin import tokens

_NOISE = re.compile(
    r"你好|您好|对不起|对不住|不好意思|不客气|(?<![就这才])对了(?!$)|对方|对于|对面|好像是|好像(?!不|没)|好久|好多|好几|"
    r"好慢|哎[呀哟呦]|唉|好吗|可以不可以|好不好|行不行|可不可以|(?<!不)是不是|(?<!不)对不对|要不要|有没有|能不能|"
    r"可以吗|行吗|是吗|对吗|真的吗|确定吗|不知道|不清楚|不晓得|不记得|不太清楚|没听清楚?|没听懂|没听见|"
    r"听不清楚?|听不见|听不懂|不懂|不明白|没明白|"
    r"是什么|是谁|是哪|什么|怎么|为什么|不一定|不确定|要不然|要是|要么|"
    r"不过|但是|可是|是这样的?|成功|行李|行程|得到|得了吧|没事吧|好的吗|也行吗|没收到|没到账?|"
    r"不是很(?:确定|清楚|明白|懂|肯定)|"
    r"(?<![a-z'])(?:no idea|not sure|no clue|don't know|dont know|do not know|i know|yes or no|what|how come|"
    r"right now|right away|ok so what|know|not yet|didn't hear|did not hear|can't hear|sure about)(?![a-z'])"
)
"""none of these is an answer"""

_DOUBLE = re.compile(
    r"不是不(?:行|可以|对|好|要|想|同意|愿意)|没(?:有)?(?:说)?不(?:对|行|同意|要)|不能说不(?:对|行)|"
    r"不(?:会|得)不(?:要|同意)?|not wrong|not bad|isn't wrong|not a problem|"
    r"no problem|no worries|(?:don't|wouldn't) mind|no objections?"
)
"""two negations: a yes, said with some reserve"""
_SURELY_NOT = re.compile(
    r"^.{0,4}算了(?:吧|啊|不用了)?$|怎么可能|才怪|^哪里对|谁说的?是|"
    r"(?:of course|certainly|absolutely|definitely) not"
)
"""a no that holds no plain no"""

_YES_ZH = (
    r"没(?:有)?(?:什么)?(?:问题|毛病|意见)|没错|不错|没关系|就(?:是)?(?:这个|那个|它|他|她|这笔|这单|那笔|"
    r"了)|就是|就这样|算是|差不多|可以|行|好|是|对|嗯|恩|要|需要|确认|确定|同意|正确|"
    r"当然|必须|肯定|愿意|想|成|中|得嘞|妥|好嘞|哎|诶|可不|那当然|麻烦(?:你|您)?了?|办吧|退吧|弄吧|来吧|"
    r"昂|噢|哦|有|能|准|"
    r"随便|都行|都可以|都好|听你的|按你说的|ok|okay|yes|yeah"
)
_NO_ZH = (
    r"不太对|不完全对|不全对|不大对|不太行|不怎么对|不是(?:这个|那个|的|这笔|那笔|这单|那单|它|我)?|不对|不要|不用|不行|不可以|不同意|不需要|不必|不了|"
    r"不好|不想|不愿意|不正确|不成|不中|不得行|不确认|不能|不会|不|"
    r"没有|没|错|错了|搞错了?|弄错了?|说错了?|听错了?|别|甭|算了|否|拒绝|取消|非也|莫|不是我|哪有|才不|"
    r"no|nope"
)
_ADVERB_ZH = (
    r"(?:嗯|啊|哦|呃|哎呀?|诶|那|就|都|也|还|还是|好像|真的?|确实|的确|应该|当然|这个?|那个?|我|你|您|它|"
    r"说得?|说的|其实|完全|绝对|就是|肯定|可能|大概|先|当然|暂时|根本|可|倒){0,5}"
)
_TAIL_ZH = (
    r"(?:的|了|呐|啊|呀|吧|呢|嘛|哦|噢|啦|哈|嘞|哟|呗|喔|耶|滴|哒|诶|就这样|就是|谢谢|谢了|麻烦了?|你|您|"
    r"就行|先|这样|没错|对|是|行|好|可以|要|嗯){0,8}"
)

_PURE_NO_ZH = re.compile(
    rf"^{_ADVERB_ZH}(?:{_NO_ZH})(?:的|了|啊|呀|吧|呢|嘛|哦|噢|啦|哈|哟|呗|喔|谢谢|你|您|就算了|算了|不是|"
    r"不对|不用|不要|没有)*$"
)
_PURE_YES_ZH = re.compile(rf"^{_ADVERB_ZH}(?:{_YES_ZH}){_TAIL_ZH}$")
_OPENS_NO_ZH = re.compile(
    r"^(?:嗯|啊|哦|哎呀?|诶|那|就|我|这个?|那个?|都|真的?|还|先)*(?:不是|不对|不要|不用|不行|不可以|"
    r"不同意|不需要|不想(?!到)|没有(?!人|办法|货|地方|其他|别的)|错了|搞错|弄错|算了|别|不(?=\s|$|[啊呀哦]))"
)
_OPENS_YES_ZH = re.compile(
    r"^(?:嗯|啊|哦|噢|哎|诶|那|就)*(?:是的|是啊|是呀|是我|对的|对啊|对呀|对对|好的|好啊|好呀|好吧|行吧|"
    r"行啊|可以(?=$|[的啊呀吧了呢哦嘛你您我那就麻谢没])|没错|没问题|当然|确认|同意|麻烦|要的|就是[这那它]|就这[个笔单件]|就那[个笔单件]|就这样(?=吧|$)|嗯嗯|"
    r"是(?=[这那它他她我第尾昨前上周\d一二三四五六七八九幺零]|[^不没否什谁哪怎]{1,8}(?:[个笔单件条的]|吧|啊)$)|"
    r"对(?=[就我是那这请你您])|行(?=[就那你我])|好(?=[就那你我]))"
)

_YES_EN = (
    r"i (?:guess|think|suppose|believe|hope) so|that(?: will|'ll)? (?:works|do)|go on|"
    r"yes|yeah|yep|yup|ya|yah|yea|aye|sure|ok|okay|okey|right|correct|exactly|absolutely|definitely|"
    r"of course|certainly|indeed|affirmative|fine|please(?: do)?|go ahead|go for it|do it|sounds good|"
    r"that's (?:right|it|correct|the one|fine|me)|that is (?:right|it|correct|fine)|it is|i do|i am|i would|"
    r"i'd (?:like|love) (?:that|to)|mhm|mm hmm|uh huh|uh-huh|alright|all right|perfect|great|good|"
    r"works for me|you bet|why not|this is (?:he|she|him|her|me)|speaking|true|no problem"
)
_NO_EN = (
    r"no|nope|nah|naw|not(?: really| that one| this one| at all| me| now| it)?|never|negative|wrong|"
    r"incorrect|that's (?:wrong|not (?:right|it|correct|the one|mine))|that is (?:wrong|not (?:right|it|"
    r"correct))|it's not|it is not|it isn't|isn't|i don't(?: think so)?|i do not|don't|dont|i'm not|i am not|"
    r"i didn't|neither|none|cancel|forget it|never mind|no thanks?(?: you)?|no way|nothing|don't do (?:it|"
    r"that)|rather not|i'd rather not"
)
_WORD_EN = r"(?:hell|oh|well|um|uh|so|and|then|um|yeah|hmm|ah|actually|i think|i guess|i suppose|just)"
_PURE_NO_EN = re.compile(
    rf"^(?:{_WORD_EN}\s)*(?:{_NO_EN})(?:\s(?:{_NO_EN}|thanks?|thank you|please|sir|madam|mate|it|that|"
    r"it's|at all|at the moment|i don't|that's all|all))*$"
)
_PURE_YES_EN = re.compile(
    rf"^(?:{_WORD_EN}\s)*(?:{_YES_EN})(?:\s(?:{_YES_EN}|thanks?|thank you|please|sir|madam|mate|it|that|"
    r"one|that one|this one|with me))*$"
)
_OPENS_NO_EN = re.compile(
    r"^(?:(?:oh|well|um|uh|ah|hmm|actually|of course|certainly|absolutely|definitely|probably|hell|"
    r"heck|please|i'm afraid|i think|i guess)\s)*(?:no|nope|nah|not|wrong|that's not|that is not|it's not|"
    r"it isn't|i don't|i do not|never|don't)(?![a-z'])"
)
_OPENS_YES_EN = re.compile(
    r"^(?:(?:oh|well|um|uh|ah|so)\s)*(?:yes|yeah|yep|yup|yea|sure|ok|okay|right|correct|exactly|"
    r"of course|absolutely|definitely|please do|that's (?:right|correct|it)|go ahead|alright|"
    r"all right)(?![a-z'])"
)
_QUESTION = re.compile(r"(?:吗|么|没有啊|呢)$")


@dataclass(frozen=True, slots=True)
class Answer:
    """yes, no, or None; how sure; and whether more than the answer was said."""

    value: str | None
    confidence: float
    has_more: bool = False
    is_question: bool = False


NEITHER = Answer(None, 0.0)


def parse(text: str, options: Mapping[str, Sequence[str]] | None = None) -> Answer:
    """Read one utterance as the answer to a yes/no question.

    options: "yes" and "no" -> further wordings of the dialplan.
    """
    text = normalise(text)
    if not text:
        return NEITHER
    if options:
        own = _own_wording(text, options)
        if own is not None:
            return own
    clauses = _clauses(text)
    answers = [(clause, _judge(clause)) for clause in clauses]
    decided = _worth_hearing(answers)
    if not decided:
        return _by_sound(text, options or {})
    first_at, first = decided[0]
    _, last = decided[-1]
    has_more = (
        any(answer.value is None and len(clause) > 2 for clause, answer in answers)
        or last.has_more
        or first.has_more
    )
    pure = [answer for _, answer in decided if not answer.has_more]
    if first.value == "no" and first_at == 0 and last.value == "yes" and (last.has_more or not pure):
        return Answer("no", 0.85, True)
    if first.value != last.value:
        return Answer(last.value, min(last.confidence, 0.75), has_more)
    return Answer(
        last.value, max(answer.confidence for _, answer in decided) - (0.05 if has_more else 0.0), has_more
    )


def _worth_hearing(answers: list[tuple[str, Answer]]) -> list[tuple[int, Answer]]:
    """The clauses that decide. After talk of something else only a plain yes or no counts, and less."""
    out: list[tuple[int, Answer]] = []
    elsewhere = 0
    for at, (clause, answer) in enumerate(answers):
        if answer.value is None:
            elsewhere += len(clause) if not out else 0
        elif elsewhere < 5:
            out.append((at, answer))
        elif not answer.has_more:
            out.append((at, replace(answer, confidence=min(answer.confidence, 0.65))))
    return out


def _own_wording(text: str, options: Mapping[str, Sequence[str]]) -> Answer | None:
    """Exactly one of the dialplan's wordings, apart from particles."""
    start, end = match.bare(text, 0, len(text))
    for value in ("no", "yes"):
        for saying in options.get(value, ()):
            if plain(saying) in (text, text[start:end]):
                return Answer(value, 1.0)
    return None


def _clauses(text: str) -> list[str]:
    """Chinese clauses are split by pauses; English has none left, so its own joints are used."""
    parts: list[str] = []
    for clause in re.split(r"(?<=[㐀-鿿])\s|\s(?=[㐀-鿿])|\s(?=but\s)|(?=但是|不过|可是)", text):
        parts.extend(piece for piece in [clause.strip()] if piece)
    return parts


def _judge(clause: str) -> Answer:
    hidden = _DOUBLE.sub("可以", clause)
    if hidden != clause:
        return Answer("yes", 0.7)
    if _PURE_YES_ZH.match(clause) and re.match(r"^没(?:有)?(?:什么)?(?:问题|毛病|意见)|^没关系", clause):
        return Answer("yes", 0.95)
    if _SURELY_NOT.search(clause):
        return Answer("no", 0.7, True)
    hidden = _NOISE.sub("□", clause)
    if _QUESTION.search(hidden) and len(hidden) <= 4:
        return Answer(None, 0.0, is_question=True)
    if hidden[0] == "□":
        return NEITHER
    if _PURE_NO_ZH.match(hidden) or _PURE_NO_EN.match(hidden):
        return Answer("no", 0.97)
    if _PURE_YES_ZH.match(hidden) or _PURE_YES_EN.match(hidden):
        weak = re.fullmatch(r"[嗯恩哦噢哎诶有能想都随便行就是算差不多吧啊了]+", hidden) is not None
        return Answer("yes", 0.85 if weak else 0.97)
    if re.search(r"[吗么]$", clause):
        return Answer(None, 0.0, is_question=True)
    if _OPENS_NO_ZH.match(hidden) or _OPENS_NO_EN.match(hidden):
        return Answer("no", 0.8, True)
    if _OPENS_YES_ZH.match(hidden) or _OPENS_YES_EN.match(hidden):
        return Answer("yes", 0.8, True)
    closing = re.search(r"(?:不对|不行|不可以|不要|不用|不需要|算了|不是)(?:了|的|吧|啊)?$", hidden)
    if closing and len(hidden) <= 10 and "□" not in hidden:
        return Answer("no", 0.75, True)
    closing = re.search(r"(?:都?是对的|没错|没问题|可以的?|就行|就好|也行|都行|对的)(?:了|啊)?$", hidden)
    if closing and len(hidden) <= 10 and "□" not in hidden:
        return Answer("yes", 0.75, True)
    return NEITHER


_SHORT = {
    "yes": ("对", "对的", "是", "是的", "好", "好的", "可以", "没错", "行", "嗯", "确认"),
    "no": ("不是", "不对", "不要", "不用", "不行", "没有", "不可以"),
}


def _by_sound(text: str, options: Mapping[str, Sequence[str]]) -> Answer:
    """A very short utterance that is no answer as written may sound like one: 队 -> 对, 部队 -> 不对."""
    start, end = match.bare(text, 0, len(text))
    heard = tuple(token.sound for token in tokens(text[start:end]))
    if not heard or len(heard) > 3 or _NOISE.search(text) or any(token.isdigit() for token in text):
        return NEITHER
    for value in ("yes", "no"):
        for saying in (*_SHORT[value], *options.get(value, ())):
            if tuple(token.sound for token in tokens(plain(saying))) == heard:
                return Answer(value, 0.7)
    return NEITHER
