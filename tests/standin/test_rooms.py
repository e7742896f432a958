"""Rooms: who starts them, who closes them, and who is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from urllib.parse import parse_qsl

import httpx
import pytest

from voicebot.standin.rooms import Participant, Room
from voicebot.standin.webhooks import Webhooks

NOUN = {"statusCallback": "https://b.example/room", "statusCallbackEvent": "start end join leave"}


def tell(story: Callable[[Room], None]) -> list[str]:
    """Run a story in a room; what was told about it, in order."""
    told: list[str] = []

    def hear(request: httpx.Request) -> httpx.Response:
        told.append(dict(parse_qsl(request.content.decode()))["StatusCallbackEvent"])
        return httpx.Response(204)

    async def test() -> None:
        async with httpx.AsyncClient(transport=httpx.MockTransport(hear)) as http:
            room = Room("t-1", Webhooks(http, "AC1", "secret"))
            story(room)
            await room.settle()

    asyncio.run(test())
    return told


def somebody(label: str, *, starts: bool = True, ends: bool = True) -> Participant:
    return Participant("CA" + label, label, starts, ends)


def test_a_conference_starts_with_two() -> None:
    def story(room: Room) -> None:
        first, second = somebody("agent"), somebody("caller")
        room.join(first, NOUN)
        assert not first.together.is_set()
        room.join(second, NOUN)
        assert first.together.is_set()
        assert second.together.is_set()

    assert tell(story) == ["participant-join", "participant-join", "conference-start"]


def test_nothing_starts_without_one_who_may_start_it() -> None:
    def story(room: Room) -> None:
        room.join(somebody("a", starts=False), NOUN)
        room.join(somebody("b", starts=False), NOUN)
        assert not room.is_running

    assert "conference-start" not in tell(story)


@pytest.mark.parametrize(("ends", "closes"), [(True, True), (False, False)])
def test_who_may_close_the_room_closes_it_by_leaving(ends: bool, closes: bool) -> None:
    def story(room: Room) -> None:
        agent, caller = somebody("agent", ends=ends), somebody("caller")
        room.join(agent, NOUN)
        room.join(caller, NOUN)
        room.leave(agent)
        room.leave(agent)  # once is enough
        assert caller.left.is_set() is closes

    assert ("conference-end" in tell(story)) is closes


def test_only_the_first_ones_wishes_count() -> None:
    def story(room: Room) -> None:
        room.join(somebody("agent"), {})
        room.join(somebody("caller"), NOUN)

    assert tell(story) == []
