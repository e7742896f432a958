"""The rules for days: each pattern has the groups its reader asks for, and no rule is dead."""

from __future__ import annotations

from datetime import date

import pytest

from voicebot.language import dates_zh

TODAY = date(2026, 11, 17)

EXAMPLES = (
    "2026-11-01", "十一月三号", "双十一", "上个月15号", "九月份",
    "上个月底", "月初", "上礼拜三", "上周", "昨天", "三天前", "前几天",
    "二十号", "去年", "年初",
)  # fmt: skip


@pytest.mark.parametrize("at", range(len(dates_zh.RULES)))
def test_every_rule_reads_its_example(at: int) -> None:
    pattern, read = dates_zh.RULES[at]
    found = pattern.search(EXAMPLES[at])
    assert found is not None
    reading = read(found, TODAY, "past")
    assert reading is not None
    assert reading[0] <= reading[1]


def test_a_bare_number_may_be_a_day() -> None:
    assert dates_zh.bare_day("十五", TODAY, "past") == (date(2026, 11, 15), date(2026, 11, 15))
    assert dates_zh.bare_day("四十", TODAY, "past") is None
    assert dates_zh.bare_day("不知道", TODAY, "past") is None
