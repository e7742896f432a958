"""The page holds everything, fetches nothing, and works in a real browser."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.report.test_facts import HEADER, STARTED, journal, request
from voicebot.report.facts import facts_of
from voicebot.report.page import CallPage, render
from voicebot.report.waveform import envelope_path

RATE_HZ = 8000


def tone(start_ms: int, end_ms: int, length_ms: int) -> Any:
    samples = np.zeros(length_ms * 8, dtype=np.int16)
    samples[start_ms * 8 : end_ms * 8] = (np.sin(np.arange((end_ms - start_ms) * 8) / 3) * 9000).astype(
        np.int16
    )
    return samples


def a_call(text: str = "我要退款") -> CallPage:
    rows = [
        HEADER,
        STARTED,
        journal(200, "bot_says", prompt="greet", text="王先生您好"),
        journal(2600, "caller_says", turn=1, text=text, taken="yes", confidence=0.9),
        journal(
            2600,
            "turn",
            turn=1,
            by="speech",
            last_sound_ms=2000,
            waiting_ms=500,
            recognising_ms=60,
            deciding_ms=30,
            first_audio_ms=10,
            total_ms=600,
        ),
        request(2650, "k"),
        {"at_ms": 2700, "event": "RequestAnswered", "request_id": 4, "result": {"amount": 29_900}},
        journal(4000, "outcome", outcome="ended"),
    ]
    return CallPage(
        "A refund",
        facts_of(rows),
        caller=tone(1500, 2000, 4000),
        bot=tone(200, 1200, 3000),
        waits_ms=[640],
        answers=[(2000, 2640)],
        checks=[(True, "one refund"), (False, "never")],
    )


@pytest.fixture
def page() -> str:
    return render("Two calls", [a_call(), a_call("<script>alert(1)</script>")], made_at="2026-11-11")


def test_it_fetches_nothing(page: str) -> None:
    links = re.findall(r"""(?:src|href)\s*=\s*["']([^"']+)|url\(([^)]+)""", page)
    assert [link for link in links if not "".join(link).startswith(("#", "data:"))] == []
    assert "http://" not in page
    assert "https://" not in page


def test_it_tells_what_was_said_done_and_how_long_it_took(page: str) -> None:
    for text in ("王先生您好", "我要退款", "book refund", "¥299.00", "640 ms", "✓ one refund", "✗ never"):
        assert text in page


def test_what_callers_say_cannot_become_script(page: str) -> None:
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_a_call_nobody_recorded_still_has_a_page() -> None:
    silent = np.zeros(0, dtype=np.int16)
    assert "not recorded" in render("x", [CallPage("quiet", facts_of([]), silent, silent)], made_at="")


def test_the_shape_is_wide_where_it_is_loud() -> None:
    path = envelope_path(tone(1000, 2000, 4000), length_ms=4000)
    points = [tuple(map(float, point.split(","))) for point in path.strip("MZ").split("L")]
    quiet = [y for x, y in points if x < 900]
    loud = [y for x, y in points if 1100 < x < 1900]
    assert set(quiet) == {50.0}
    assert min(loud) < 30 < 70 < max(loud)


def until(tab: Any, is_so: str) -> None:
    """Wait for a condition; the page's own rules forbid playwright's way, which needs eval."""
    for _ in range(100):
        if tab.evaluate(f"() => Boolean({is_so})"):
            return
        tab.wait_for_timeout(50)
    raise AssertionError(f"never came true: {is_so}")


@pytest.mark.slow
def test_in_a_real_browser_everything_is_there_and_plays(page: str, tmp_path: Path) -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("needs the chromium browser: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    file = tmp_path / "report.html"
    file.write_text(page, encoding="utf-8")
    flags = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    flags += ["--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required"]
    complaints: list[str] = []
    requests: list[str] = []
    with sync_playwright() as browsers:
        browser = browsers.chromium.launch(executable_path=chromium, args=flags)
        try:
            tab = browser.new_page()
            tab.on("console", lambda message: complaints.append(message.text))
            tab.on("pageerror", lambda error: complaints.append(str(error)))
            tab.on("request", lambda asked: requests.append(asked.url))
            tab.goto(file.as_uri())
            first = tab.locator("#call-1")
            assert first.locator(".said.caller").inner_text().endswith("我要退款")
            until(tab, "document.querySelector('#call-1 audio').duration > 3.9")
            first.locator(".said.caller").click()
            until(tab, "document.querySelector('#call-1 audio').currentTime > 2.4")
            until(tab, "document.querySelector('#call-1 .said.caller.on')")
            first.locator(".inner").click(position={"x": 5, "y": 20})
            until(tab, "document.querySelector('#call-1 audio').currentTime < 2")
            width = "document.querySelector('#call-1 .inner').clientWidth"
            before = tab.evaluate(width)
            first.get_by_label("Show less time").click()
            assert tab.evaluate(width) == pytest.approx(2 * before, abs=2)
            assert tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        finally:
            browser.close()
    assert complaints == []
    assert [url for url in requests if not url.startswith(("file:", "blob:", "data:"))] == []
