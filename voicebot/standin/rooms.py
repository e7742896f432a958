"""Conferences: who is in which room, and who is told."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from voicebot.standin.webhooks import Webhooks


@dataclass
class Participant:
    """One leg in a room; `left` is set when it must go, whatever the reason."""

    call_sid: str
    label: str
    starts: bool
    ends: bool
    together: asyncio.Event = field(default_factory=asyncio.Event)
    """set while the conference runs"""
    left: asyncio.Event = field(default_factory=asyncio.Event)

    def go(self) -> None:
        self.left.set()
        self.together.set()  # nobody waits for a conference that will not be


class Room:
    """One conference. The first participant decides who is told."""

    def __init__(self, name: str, webhooks: Webhooks) -> None:
        self.name = name
        self.sid = "CF" + uuid.uuid4().hex
        self.participants: list[Participant] = []
        self.is_running = False
        self._webhooks = webhooks
        self._callback = ""
        self._events: frozenset[str] = frozenset()
        self._sequence = 0
        self._last: asyncio.Task[None] | None = None

    def join(self, participant: Participant, noun: Mapping[str, str]) -> None:
        """noun: attributes of `<Conference>`."""
        if not self.participants:
            self._callback = noun.get("statusCallback", "")
            self._events = frozenset(noun.get("statusCallbackEvent", "").split())
        self.participants.append(participant)
        self._tell("join", "participant-join", participant)
        if not self.is_running and len(self.participants) > 1 and any(p.starts for p in self.participants):
            self.is_running = True
            self._tell("start", "conference-start", participant)
        if self.is_running:
            for each in self.participants:
                each.together.set()

    def leave(self, participant: Participant, reason: str = "participant_hung_up") -> None:
        """Take a leg out; closes the room when that leg was to close it, or was the last."""
        if participant not in self.participants:
            return
        self.participants.remove(participant)
        participant.go()
        self._tell("leave", "participant-leave", participant, ReasonParticipantLeft=reason)
        if self.is_running and participant.ends:
            for other in list(self.participants):
                self.participants.remove(other)
                other.go()
                self._tell(
                    "leave", "participant-leave", other, ReasonParticipantLeft="moderator_ended_conference"
                )
        if not self.participants:
            self.is_running = False
            self._tell("end", "conference-end", participant, ReasonConferenceEnded="last-participant-left")

    async def settle(self) -> None:
        """Wait until everything has been told."""
        if self._last is not None:
            await self._last

    def _tell(self, event: str, name: str, participant: Participant, **more: str) -> None:
        if not self._callback or event not in self._events:
            return
        self._sequence += 1
        fields = {
            "ConferenceSid": self.sid,
            "FriendlyName": self.name,
            "SequenceNumber": str(self._sequence),
            "StatusCallbackEvent": name,
            "CallSid": participant.call_sid,
            "ParticipantLabel": participant.label,
            "StartConferenceOnEnter": str(participant.starts).lower(),
            "EndConferenceOnExit": str(participant.ends).lower(),
            "Muted": "false",
            "Hold": "false",
            "Coaching": "false",
            **more,
        }
        self._last = asyncio.ensure_future(self._deliver(self._last, fields))

    async def _deliver(self, before: asyncio.Task[None] | None, fields: Mapping[str, str]) -> None:
        if before is not None:
            await before
        await self._webhooks.post(self._callback, fields)
