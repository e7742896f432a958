"""Agents by name, for scripts."""

from __future__ import annotations

import pytest

from voicebot.standin.people import PEOPLE, Pickup, person


def test_a_behaviour_can_be_changed() -> None:
    slow = person("accepts", rings_s=9.0, key="2")
    assert (slow.rings_s, slow.key, slow.pickup) == (9.0, "2", Pickup.PICKS_UP)
    assert PEOPLE["accepts"].rings_s != 9.0


def test_unknown_names_are_refused() -> None:
    with pytest.raises(KeyError):
        person("sleeps")


def test_only_who_presses_one_takes_the_call() -> None:
    takers = {name for name, one in PEOPLE.items() if one.pickup is Pickup.PICKS_UP and one.key == "1"}
    assert takers == {"accepts", "accepts_at_once", "slow"}
