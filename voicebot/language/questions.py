"""Does a sentence ask something, or does it say something?

Recognisers put question marks as they please, so the words decide: question words, and the
particles that end a question. A request in the form of a question (「退余额可以吗」) says what is
wanted; it asks nothing.
"""

from __future__ import annotations

import re

from voicebot.language.normalise import plain

_REQUEST = re.compile(
    r"(?:可以|行|好|成|对|是)(?:吗|么|嘛|不|吧)$|(?:可不可以|行不行|好不好|能不能|可否)$|"
    r"^(?:能不能|可不可以|可以|能)?(?:帮|给)我.*(?:吗|么|嘛)$|"
    r"^(?:can|could|would) (?:you|i)\b(?!.*\b(?:how|what|when)\b)"
)
_ASKS = re.compile(
    r"什么|啥|怎么|怎样|咋|多久|多长|多少|几(?:天|个|点|号|时|次|块|元|小时|日)|哪|为何|谁|"
    r"是不是|会不会|要不要|收不收|有没有|能不能|可不可以|需不需要|吗$|么$|呢$|"
    r"^(?:how|what|when|where|why|which|who|is|are|do|does|did|will|would|can|could)\b|"
    r"\b(?:how (?:long|much|many)|what's|where's)\b"
)
_TRAILING = re.compile(r"[\s啊呀哦哈啦嘞喽呗?？!！。,，.]+$")


def asks(text: str) -> bool:
    """Is this a question that wants an answer?

    >>> asks("原路退回要多久才到账啊"), asks("退到余额可以吗"), asks("对，原路吧")
    (True, False, False)
    """
    bare = _TRAILING.sub("", plain(text))
    return bool(_ASKS.search(bare)) and not _REQUEST.search(bare)
