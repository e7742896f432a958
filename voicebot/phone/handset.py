"""The telephone in the caller's hand: one call, in real time, over a real WebSocket.

Theory of operation
-------------------
One loop ticks every 20 ms from the moment the call is answered, by the machine's clock and without
drift: tick n happens n * 20 ms after the first, however long the ticks between took. A tick asks the
caller (`caller.py`) what is said, sends it down the open stream, if there is one, and hears what the
stream plays meanwhile. A tick that comes more than 100 ms late is noted: then the machine, not the bot,
was slow, and measured times are worth nothing.

`stream` is the carrier's end of one `<Connect><Stream>`. Whoever plays the carrier runs it, and cancels
it when the leg goes elsewhere: then `stop` is sent and the socket closed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from voicebot.audio import FRAME_MS, FRAME_SAMPLES
from voicebot.events import Samples
from voicebot.phone.caller import Caller, Senses
from voicebot.phone.line import MediaLine
from voicebot.phone.script import HangUp, Play, Say
from voicebot.phone.tape import Background, Tape

LATE_MS = 100
CLOSE_S = 2.0

_SILENCE: Samples = np.zeros(FRAME_SAMPLES, dtype=np.int16)


@dataclass(slots=True)
class _Open:
    """The stream that is open now."""

    line: MediaLine
    outbox: asyncio.Queue[str]


class Handset:
    """One telephone, one call."""

    def __init__(
        self,
        caller: Caller,
        tape: Tape,
        *,
        hang_up: Callable[[], None],
        background: Background | None = None,
    ) -> None:
        """hang_up: called once, when the caller puts the receiver down."""
        self._caller = caller
        self._tape = tape
        self._hang_up = hang_up
        self._background = background
        self._open: _Open | None = None
        self._answered = asyncio.Event()
        self._over = asyncio.Event()
        self._bot_said: list[str] = []
        self._has_hung_up = False
        self._last_heard = _SILENCE
        self.is_with_agent = False
        """set by whoever plays the carrier while caller and agent are in one room"""
        self.gave_up = ""
        """why the script could not be played to its end; "" when it was"""
        self.worst_delay_ms = 0
        """longest a tick came late"""

    @property
    def hung_up_first(self) -> bool:
        """The caller ended the call, not the bot."""
        return self._has_hung_up

    async def live(self) -> None:
        """Tick until `put_down`. Nothing happens before the first stream opens."""
        await self._answered.wait()
        loop = asyncio.get_running_loop()
        began_s, ticks = loop.time(), 0
        while not self._over.is_set():
            self._tick()
            ticks += 1
            ahead_s = began_s + ticks * FRAME_MS / 1000 - loop.time()
            if ahead_s > 0:
                await asyncio.sleep(ahead_s)
            else:
                self._was_late(round(-ahead_s * 1000))
                await asyncio.sleep(0)

    def put_down(self) -> None:
        """The call is over."""
        self._over.set()
        self._answered.set()

    def told(self, bot_said: Sequence[str]) -> None:
        """The server's journal tells what the bot says."""
        self._bot_said.extend(bot_said)

    async def stream(
        self,
        url: str,
        parameters: Mapping[str, str],
        *,
        call_id: str,
        stream_id: str,
        account_id: str,
        signature: str,
    ) -> None:
        """Run one media stream until the server closes it, or until cancelled.

        url: where to connect; signature: of the handshake, "" for none.
        """
        headers = {"X-Twilio-Signature": signature} if signature else {}
        try:
            socket = await connect(
                url, additional_headers=headers, compression=None, max_size=None, proxy=None, open_timeout=5
            )
        except (OSError, InvalidHandshake, TimeoutError) as error:
            self._tape.note("carrier", "warning", f"31920: the stream was refused: {error}")
            return
        line = MediaLine(stream_id, call_id, account_id, parameters)
        outbox: asyncio.Queue[str] = asyncio.Queue()
        for message in line.begin():
            outbox.put_nowait(message)
        sender = asyncio.create_task(_send_all(socket, outbox))
        self._tape.note("carrier", "stream", "opens")
        self._open = _Open(line, outbox)
        self._answered.set()
        try:
            await self._listen(socket, line, outbox)
        finally:
            self._open = None
            self._tape.note("carrier", "stream", "ends")
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)
            await _say_goodbye(socket, line.end())

    # --- inside ---

    async def _listen(self, socket: ClientConnection, line: MediaLine, outbox: asyncio.Queue[str]) -> None:
        try:
            async for message in socket:
                received = line.receive(message)
                for answer in received.messages:
                    outbox.put_nowait(answer)
                if received.warning is not None:
                    self._tape.note("carrier", "warning", str(received.warning))
                if received.cleared_ms:
                    self._tape.note("bot", "cleared", f"{received.cleared_ms} ms not heard")
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd is not None else None
            self._tape.note("carrier", "warning", f"31921: the server closed the stream with code {code}")

    def _tick(self) -> None:
        said, self._bot_said = tuple(self._bot_said), []
        doing = self._caller.step(Senses(self._last_heard, said, self.is_with_agent))
        if isinstance(doing.begins, Say):
            self._tape.note("caller", "says", doing.begins.text)
        elif isinstance(doing.begins, Play):
            self._tape.note("caller", "says", f"[{doing.begins.file}]")
        elif isinstance(doing.begins, HangUp):
            self._tape.note("caller", "hangs_up")
        line = self._background.add_to(doing.voice) if self._background is not None else doing.voice
        now_heard = _SILENCE
        if self._open is not None:
            for key in doing.keys:
                self._open.outbox.put_nowait(self._open.line.press(key))
            tick = self._open.line.tick(line)
            for message in tick.messages:
                self._open.outbox.put_nowait(message)
            now_heard = tick.heard
        if doing.keys:
            self._tape.note("caller", "keys", doing.keys)
            self._tape.keys_ms.append(self._tape.length_ms)
        self._tape.frame(doing.voice, line, now_heard)
        self._last_heard = now_heard
        if doing.hangs_up and not self._has_hung_up:
            self._has_hung_up = True
            self.gave_up = doing.gave_up
            if doing.gave_up:
                self._tape.note("phone", "gave_up", doing.gave_up)
            self._hang_up()

    def _was_late(self, late_ms: int) -> None:
        if late_ms > LATE_MS and late_ms > self.worst_delay_ms:
            self._tape.note("phone", "late", f"{late_ms} ms; this machine is too busy to measure on")
        self.worst_delay_ms = max(self.worst_delay_ms, late_ms)


async def _send_all(socket: ClientConnection, outbox: asyncio.Queue[str]) -> None:
    try:
        while True:
            await socket.send(await outbox.get())
    except ConnectionClosed:
        return


async def _say_goodbye(socket: ClientConnection, stop: str) -> None:
    """`stop`, then close; a server that does not answer is left after two seconds."""
    try:
        async with asyncio.timeout(CLOSE_S):
            await socket.send(stop)
            await socket.close()
    except (ConnectionClosed, TimeoutError):
        socket.transport.abort()
