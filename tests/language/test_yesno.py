"""Yes or no, in many words."""

from __future__ import annotations

import pytest

from voicebot.language.normalise import normalise
from voicebot.language.yesno import parse

YES = """
对|是的|嗯对|没错|可以|行吧|好的|嗯|对对对|是啊|确认|没问题|不是不行|就是这个|是，就是那笔|是我
队|嗯嗯|要的|好嘞|那行吧|都行|对呀，我就是要退|没有问题|对，没错|OK|嗯，都是对的。
是尾号1234的那个|行，谢谢|需要|当然可以|我确定|没意见|好的吧但是我想问一下|可以啊可以啊|对的没错
是这个|就它了|那就这样吧好的|是的是的，麻烦你了|嗯呐|对哒|是滴|可以，麻烦快一点|没毛病|好呀
应该是对的|是的，没错，就是这个|好的好的好的|对，这个就是我要的|说得对|那就退吧|行行行|yes|yeah
sure|yep that's right|yes please|correct|that's the one|okay go ahead|of course|uh huh
I think so yes|yes but how long will it take|yes it is|that's me|fine|sounds good|absolutely
right|yeah sure why not
"""

NO = """
不太对|好吧算了|怎么可能|当然不是|of course not|please don't|hell no|是不对的
都不对的，我刚才报的是卡号|不对。不对。我说了几次了不对|没有，我的那张卡|你搞错了，你真的搞错了
不是|不对|不用|算了|没有|不要|不用了谢谢|不行|不是这个|不是，是尾号5678那个|不对不对|不是的
不，谢谢|还是算了吧|错了|暂时不用|我不要|不可以|没有了|不需要|部队|不对啊，是另一个|好像不对
对，不对，不是这个|不用麻烦了|不是我要的|取消吧|不想|你说得不对|先不用了|都不是|不是这笔
我没有买过这个|搞错了吧|哪有啊不是|别退了|不了不了|不好|不同意|嗯，不是|啊不是不是|no|nope
no thanks|not really|that's wrong|no, the other one|I don't think so|that is not it|no no no
it's not|not that one|never mind|no that's not mine|nah I'm good
"""

NEITHER = """
我不是很确定|对的吗|maybe|哎呀，怎么回事|不能开门了|可以开收据不|我换了手机，不登录就能查到吧
商家那边没有人接|我住在城东，不是城西那边|我地址写错了，怎么改，就是最上面那一个
我想退到余额里可不可以呢|需要发票没问题吧|对不起|对了我想问一下|等一下|不知道|什么|是不是
你说什么|我想退款|行不行|多少钱|喂|你好|一二三四|昨天买的|好久了|可以吗|我的快递怎么还不动
没听清|请再说一遍|对方没收到|转人工|什么意思|为什么|好慢啊|行李丢了|我不太清楚|能不能快点
是什么东西|要多久|对面的人|可不可以|是谁|好多钱|我的订单没收到|退到余额|不好意思你说什么|不懂
听不见|没听懂你说的|what|no idea|hello|not sure|I want a refund|yes or no|how long|I don't know
what is the right way|I know my order number|not yet decided|right now I can't hear you
"""


def rows(text: str) -> list[str]:
    return [row.strip() for row in text.replace("\n", "|").split("|") if row.strip()]


@pytest.mark.parametrize("heard", rows(YES))
def test_a_yes(heard: str) -> None:
    assert parse(heard).value == "yes"
    assert parse(normalise(heard)).value == "yes"


@pytest.mark.parametrize("heard", rows(NO))
def test_a_no(heard: str) -> None:
    assert parse(heard).value == "no"
    assert parse(normalise(heard)).value == "no"


@pytest.mark.parametrize("heard", rows(NEITHER))
def test_neither(heard: str) -> None:
    assert parse(heard).value is None
    assert parse(normalise(heard)).value is None


def test_a_no_with_a_better_idea_says_that_there_is_more() -> None:
    answer = parse("不是，是尾号5678那个")
    assert (answer.value, answer.has_more) == ("no", True)


def test_a_plain_yes_is_surer_than_a_half_one() -> None:
    assert parse("对的没错").confidence > parse("不是不行").confidence
    assert parse("是的").confidence > parse("队").confidence


def test_the_dialplans_own_wording_counts() -> None:
    assert parse("中", {"yes": ("中",)}).value == "yes"
    assert parse("莫得", {"no": ("莫得",)}).value == "no"
    assert parse("莫得").value is None
