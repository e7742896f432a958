"""The agent's page: for the holder of the link, and for nobody else; what callers say stays text."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta

import httpx
import pytest
from fastapi import FastAPI

from voicebot.carrier.handoff import HandoffTokens, MemoryHandoffs, handoff_routes
from voicebot.carrier.urls import Urls
from voicebot.events import Recap
from voicebot.ports import Handoff

EVIL = '<script>alert("x")</script>'
RECAP = Recap(
    caller="王先生",
    identity="verified",
    wants=f"退款 {EVIL}",
    done=("查过订单", EVIL),
    mood="worried",
    language="zh",
    reason="asked",
    facts={"order": {"tail": "1234", "placed_at": date(2026, 11, 18), "title": EVIL}, "orders": [1, None]},
    transcript=(("bot", "您好"), ("caller", EVIL)),
    spoken="王先生要退款。",
)
TOKENS = HandoffTokens("secret")
ID = "0123456789abcdef"


def get(path: str, *, age: timedelta = timedelta(0), recap: Recap = RECAP, **headers: str) -> httpx.Response:
    async def ask() -> httpx.Response:
        store = MemoryHandoffs()
        created = (datetime.now(UTC) - age).isoformat()
        await store.save(Handoff(ID, "CA1", created, "general", recap))
        app = FastAPI()
        app.include_router(handoff_routes(store, TOKENS))
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://bot") as client:
            return await client.get(path, headers=headers)

    return asyncio.run(ask())


def test_the_holder_of_the_link_sees_the_page() -> None:
    link = TOKENS.link(Urls("https://voice.example.com"), ID)
    assert link.startswith("https://voice.example.com/handoff/")
    answer = get(link.removeprefix("https://voice.example.com"))
    assert answer.status_code == 200
    for told in ("王先生", "已核实", "着急", "查过订单", "1234", "2026-11-18", "您好", "王先生要退款。"):
        assert told in answer.text


def test_what_callers_and_systems_say_cannot_run() -> None:
    answer = get(f"/handoff/{ID}?token={TOKENS.token(ID)}")
    assert "<script" not in answer.text
    assert answer.text.count("&lt;script&gt;") == 4
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"


def test_programs_get_json() -> None:
    answer = get(f"/handoff/{ID}", accept="application/json", authorization=f"Bearer {TOKENS.token(ID)}")
    told = answer.json()
    assert told["queue"] == "general"
    assert told["recap"]["facts"]["order"] == {"tail": "1234", "placed_at": "2026-11-18", "title": EVIL}
    assert told["recap"]["transcript"][1] == ["caller", EVIL]


def test_an_english_caller_gives_an_english_page() -> None:
    english = Recap("Mr Wang", "unknown", "a refund", (), "calm", "en", "asked")
    answer = get(f"/handoff/{ID}?token={TOKENS.token(ID)}", recap=english)
    assert '<html lang="en">' in answer.text
    assert "Mr Wang" in answer.text


@pytest.mark.parametrize(
    ("handoff_id", "token"),
    [
        (ID, ""),
        (ID, "0" * 40),
        (ID, TOKENS.token("another")),
        (ID, HandoffTokens("other secret").token(ID)),
        ("ffffffffffffffff", TOKENS.token("ffffffffffffffff")),  # a good token for what is not there
        ("x.y", TOKENS.token("x.y")),
        (ID, "签"),
    ],
)
def test_everybody_else_gets_one_and_the_same_answer(handoff_id: str, token: str) -> None:
    answer = get(f"/handoff/{handoff_id}?token={token}")
    assert answer.status_code == 404
    assert answer.json() == {"detail": "there is no such handoff, or the link is not complete"}


def test_the_link_ends_after_a_day() -> None:
    path = f"/handoff/{ID}?token={TOKENS.token(ID)}"
    assert get(path, age=timedelta(hours=23)).status_code == 200
    assert get(path, age=timedelta(hours=25)).status_code == 404


def test_no_secret_no_tokens() -> None:
    with pytest.raises(ValueError, match="guessed"):
        HandoffTokens("")
