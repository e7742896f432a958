"""The transfers of one call, one after the other at most, and what they mean for the bot."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from voicebot import transfer
from voicebot.dialogue.api import HandOver, HandOverEnded
from voicebot.dialplan.model import Queue
from voicebot.events import Command, Event


class HandOvers:
    """Runs `transfer` for a call; tells when the bot must fall silent, and how it ended."""

    def __init__(
        self,
        queues: Mapping[str, Queue],
        emit: Callable[[Command], None],
        problem: Callable[..., None],
    ) -> None:
        self._queues = queues
        self._emit = emit
        self._problem = problem
        self._state: transfer.TransferState | None = None

    @property
    def is_running(self) -> bool:
        return self._state is not None and not self._state.is_over

    @property
    def is_bridged(self) -> bool:
        """Caller and agent are talking; the bot's part is over."""
        return self._state is not None and self._state.phase is transfer.Phase.CONNECTED

    @property
    def is_moving(self) -> bool:
        """The caller is on the way to an agent, or there: the bot neither speaks nor listens."""
        return self._state is not None and self._state.phase in (
            transfer.Phase.BRIDGING,
            transfer.Phase.CONNECTED,
        )

    def due_ms(self) -> int | None:
        return self._state.deadline_ms if self._state is not None else None

    def begin(self, action: HandOver, now_ms: int) -> HandOverEnded | None:
        """Ring the first agent. A queue nobody knows, or without agents, fails at once."""
        if self.is_running:
            self._problem("E-TRANSFER-TWICE", queue=action.queue)
            return None
        queue = self._queues.get(action.queue)
        if queue is None:
            self._problem("E-TRANSFER-QUEUE", queue=action.queue)
        return self._follow(
            transfer.begin(
                action.queue,
                queue.agents if queue is not None else (),
                ring_ms=queue.ring_ms if queue is not None else 0,
                recap=action.recap,
                now_ms=now_ms,
                first_attempt=self._state.attempt + 1 if self._state is not None else 1,
            )
        )

    def step(self, event: Event, now_ms: int) -> HandOverEnded | None:
        """Tell the transfer what happened; returns how it ended, once."""
        return self._follow(transfer.step(self._state, event, now_ms)) if self._state is not None else None

    def _follow(self, stepped: transfer.Stepped) -> HandOverEnded | None:
        self._state = stepped.state
        for command in stepped.commands:
            self._emit(command)
        return stepped.outcome
