"""Whole conversations, as a script writer would tell them."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable

import pytest

from tests.dialogue.line import Line, Refusal
from tests.dialogue.shop import LAMP, SHIRT, Shop
from voicebot.dialogue import Dialogue, api
from voicebot.events import Hearing

Call = Callable[..., Line]


def test_a1_the_bot_knows_who_rings_and_guesses_why(rings: Call) -> None:
    rings().hears("王先生您好", "昨天订购的黑色L码衬衫", "已经打包", "预计明天发出", "您是关心物流吗")


def test_a1_another_request_is_taken_at_once_without_a_menu(rings: Call) -> None:
    rings().caller_says("不是，我要退款").hears("是订单尾号1234的这笔").does_not_hear("请按")


def test_a1_a_no_without_a_pause_is_not_a_refused_request(rings: Call) -> None:
    rings().caller_says("不是我要退款").hears("是订单尾号1234的这笔")


def test_a1_an_unknown_number_is_greeted_neutrally_and_asked_for_an_account_only_when_needed(
    rings: Call,
) -> None:
    line = rings(find_customer=None)
    line.hears("您好").does_not_hear("先生", "账号").asks("open")
    line.caller_says("我要退款").hears("账号").asks("account")
    line.caller_says("八八零一二三四五").hears("您的账号是88012345").caller_says("对")
    line.hears("王先生您好", "是订单尾号1234的这笔")


def test_a2_where_is_my_refund(rings: Call, shop: Shop) -> None:
    shop.book("o5678", "original")
    line = rings().caller_says("我有一笔交易退款不知道到哪了")
    line.hears("优衣良品", "459元", "点账单", "短信")
    line.caller_says("好的发我吧").has_done("send_message", template="refund_steps")
    line.hears("短信已经发出")


def test_a3_a_refund_in_five_turns(rings: Call) -> None:
    line = rings().caller_says("我要退款").hears("是订单尾号1234的这笔")
    line.caller_says("对").hears("原路", "余额").asks("refund_method")
    line.caller_says("原路吧").hears("退299元", "原路退回").has_not_done("book_refund")
    line.caller_says("对").has_done("book_refund", order_id="o1234", method="original").hears("299元")
    line.caller_says("没有了").ends().hears("祝您生活愉快")


def test_a3_correcting_the_order_and_the_method(rings: Call) -> None:
    line = rings().caller_says("我要退款").caller_says("不对，是尾号5678那个").asks("refund_method")
    line.caller_says("原路").hears("白色跑鞋", "原路退回")
    line.caller_says("还是退余额吧").hears("退到余额", "459元")
    line.caller_says("对").has_done("book_refund", order_id="o5678", method="balance")


def test_a3_by_keys(rings: Call) -> None:
    line = rings().caller_says("我要退款").presses("2").asks("order")
    line.presses("5678").asks("refund_method").presses("2").hears("退到余额")
    line.presses("1").has_done("book_refund", order_id="o5678", method="balance")


def test_a3_misheard_words_that_sound_right_are_understood(rings: Call) -> None:
    line = rings().caller_says("我要退款").caller_says("对").caller_says("援路退回")
    line.hears("原路退回").caller_says("对").has_done("book_refund", method="original")


def test_a3_everything_in_one_breath(rings: Call) -> None:
    line = rings().caller_says("我要退款，尾号5678那笔，退到余额")
    line.hears("白色跑鞋", "459元", "退到余额").has_not_done("book_refund")


def test_a3_a_refund_asked_for_twice_is_booked_once(rings: Call) -> None:
    line = rings()
    for _ in range(2):
        line.caller_says("我要退款").caller_says("尾号1234那笔").caller_says("原路").caller_says("对")
    assert [name for name, _ in line.done] == ["book_refund"]
    line2 = "".join(line.everything)
    assert "之前已经申请过退款" in line2


def test_a3_the_same_wish_in_the_same_call_has_the_same_key(rings: Call) -> None:
    def ledger(order_id: str, method: str) -> dict[str, object]:
        return {**Shop().book(order_id, method)}

    line = rings(book_refund=ledger)
    for _ in range(2):
        line.caller_says("我要退款").caller_says("尾号1234那笔").caller_says("原路").caller_says("对")
    assert len(line.keys) == 2
    assert len(set(line.keys)) == 1


def test_a4_a_relative_date_picks_the_order(rings: Call) -> None:
    rings().caller_says("我上礼拜三买的东西没收到").hears("台灯", "上海", "爆仓")


def test_a4_several_matches_give_a_short_choice(rings: Call, shop: Shop) -> None:
    twin = {**LAMP, "id": "o3456", "tail": "3456", "title": "书架"}
    line = rings(list_orders=[SHIRT, LAMP, twin]).caller_says("我上礼拜三买的东西没收到")
    line.hears("台灯", "书架", "哪一笔").does_not_hear("衬衫")
    line.caller_says("第二个").hears("书架")


def test_x1_a_human_whenever_asked_for(rings: Call) -> None:
    for before in ([], ["我要退款"], ["我要退款", "对"], ["我要退款", "对", "原路"]):
        line = rings()
        for text in before:
            line.caller_says(text)
        line.caller_says("转人工").is_transferred_to("general")
    rings().presses("0").is_transferred_to("general")


def test_x2_the_agent_hears_who_what_and_mood(rings: Call) -> None:
    line = rings().caller_says("我要退款").caller_says("尾号5678").caller_says("什么破系统，转人工")
    assert line.hand_over is not None
    recap = line.hand_over.recap
    assert (recap.caller, recap.identity, recap.mood, recap.wants) == (
        "王先生",
        "number_known",
        "angry",
        "退款",
    )
    assert "白色跑鞋" in recap.spoken
    assert "比较生气" in recap.spoken


def test_x2_nobody_takes_the_call_and_the_bot_comes_back_with_a_promise(rings: Call) -> None:
    line = rings().caller_says("我要退款").caller_says("转人工").agents_are_busy()
    line.hears("非常抱歉", "20262", "18").has_done("open_ticket", topic="callback")
    line.hears("尾号1234", "退款")


def test_x5_each_try_is_asked_differently_and_the_third_failure_takes_another_way(rings: Call) -> None:
    line = rings().caller_says("我要退款").presses("2")
    asked = [line.said[-1]]
    for _ in range(2):
        line.caller_says("阿巴阿巴")
        asked.append(line.said[-1])
    assert len(set(asked)) == 3
    line.caller_says("阿巴阿巴").is_transferred_to("general")


def test_x6_patience_repeating_and_pace(rings: Call) -> None:
    line = rings().caller_says("我要退款").caller_says("等一下我找找")
    assert line.question is not None
    assert line.question.no_input_ms >= 15_000
    line.silence().does_not_hear("尾号")
    line.caller_says("再说一遍").caller_says("对").asks("refund_method")
    line.caller_says("你说慢点").hears("慢", "余额").asks("refund_method")
    assert line.state.pace < 1


def test_x6_silence_is_met_with_patience_then_goodbye(rings: Call) -> None:
    line = rings(find_customer=None)
    reminder = "".join(line.silence().said)
    narrower = "".join(line.silence().said)
    assert reminder
    assert narrower
    assert reminder != narrower
    line.silence().ends()


def test_x7_a_changed_order_asks_again_what_depends_on_nothing_else(rings: Call) -> None:
    line = rings().caller_says("我要退款").caller_says("对").caller_says("原路")
    line.caller_says("不对，我说的是跑鞋").hears("白色跑鞋", "原路退回", "459元")


def test_x9_a_side_question_is_answered_and_the_question_comes_back(rings: Call) -> None:
    line = rings().caller_says("我要退款").caller_says("对").caller_says("退款要手续费吗")
    line.hears("不收手续费", "余额").asks("refund_method")


def test_x9_another_task_in_the_middle_and_back(rings: Call) -> None:
    line = rings().caller_says("我要退款").caller_says("对").caller_says("帮我查一下快递到哪了")
    line.caller_says("台灯").hears("台灯").caller_says("不用").hears("退款").asks("refund_method")


def test_x10_english_on_request(rings: Call) -> None:
    line = rings().caller_says("我要退款").caller_says("English please")
    line.hears("English", "1234").caller_says("yes").hears("card", "balance")
    line.caller_says("balance please").hears("to your balance").caller_says("yes that's right")
    line.has_done("book_refund", method="balance")


@pytest.mark.parametrize("code", ["timeout", "unavailable", "invalid"])
def test_x11_a_business_system_that_fails_is_owned_up_to(rings: Call, code: str) -> None:
    def fails(**_: object) -> None:
        raise Refusal(code)

    line = rings(list_orders=fails).caller_says("我要退款").hears("非常抱歉")
    line.caller_says("好").is_transferred_to("general")


def test_x11_a_failed_greeting_look_up_still_greets(rings: Call) -> None:
    def fails(**_: object) -> None:
        raise Refusal("timeout")

    rings(find_customer=fails).hears("您好").asks("open")


def test_x12_out_of_scope_is_answered_politely_and_the_question_stays(rings: Call) -> None:
    line = rings().caller_says("我要退款").caller_says("今天天气怎么样").asks("order")
    line.hears("1234")


def test_no_wording_twice_in_a_row(rings: Call) -> None:
    line = rings(find_customer=None)
    for _ in range(3):
        line.caller_says("退款要手续费吗")
    assert all(a != b for a, b in itertools.pairwise(line.everything))


def test_the_state_given_is_left_as_it_was(payments: Dialogue, rings: Call) -> None:
    line = rings().caller_says("我要退款")
    before = copy.deepcopy(line.state)
    first = payments.advance(line.state, api.CallerSaid(Hearing(text="对")))
    second = payments.advance(line.state, api.CallerSaid(Hearing(text="对")))
    assert line.state == before
    assert first == second


@pytest.mark.parametrize(
    ("text", "backchannel", "urgent", "unfinished"),
    [
        ("嗯", True, False, False),
        ("嗯嗯 对对", True, False, False),
        ("", True, False, False),
        ("转人工", False, True, False),
        ("我想咨询一下关于", False, False, True),
        ("不是这个", False, False, False),
    ],
)
def test_judging_a_partial_hearing(
    payments: Dialogue, rings: Call, text: str, backchannel: bool, urgent: bool, unfinished: bool
) -> None:
    line = rings().caller_says("我要退款")
    judged = payments.judge(line.state, Hearing(text=text))
    assert (judged.is_backchannel, judged.is_urgent, judged.is_unfinished) == (
        backchannel,
        urgent,
        unfinished,
    )


def test_a_full_tail_is_complete_and_half_a_tail_is_not(payments: Dialogue, rings: Call) -> None:
    line = rings().caller_says("我要退款").caller_says("不是").asks("order")
    assert payments.judge(line.state, Hearing(text="五六七八")).is_complete
    assert not payments.judge(line.state, Hearing(text="我找一下啊")).is_complete


def test_what_will_be_said_next_is_known_ahead(rings: Call) -> None:
    line = rings().caller_says("我要退款").caller_says("对").asks("refund_method")
    assert line.question is not None
    ahead = line.question.prepare
    assert len(ahead) == 2
    _, actions = line.dialogue.advance(line.state, api.CallerSaid(Hearing(text="原路吧")))
    spoken = [action.spoken for action in actions if isinstance(action, api.SayAction)]
    assert set(spoken) <= set(ahead)
