"""The media stream's WebSocket: checked before it is accepted, then a `Line` for the driver."""

from __future__ import annotations

import asyncio
import logging
from collections import deque

from starlette.requests import HTTPConnection
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from voicebot.carrier.signature import SIGNATURE_HEADER, SignatureCheck
from voicebot.carrier.tokens import StreamTokens
from voicebot.mediastream import MediaStream, Parsed, StreamStart
from voicebot.ports import Calls

log = logging.getLogger("voicebot.stream")

START_S = 10.0
"""a connection that has not named its call by then is closed"""
SEND_S = 10.0
"""a connection that takes nothing for so long is gone"""


class StreamLine:
    """One WebSocket as the driver sees it."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket
        self._stream = MediaStream()
        self._parsed: deque[Parsed] = deque()
        self._is_gone = False
        self.call_id = ""

    async def start(self) -> StreamStart | None:
        """Read up to the `start` message; None when it does not come."""
        try:
            async with asyncio.timeout(START_S):
                while (parsed := await self.receive()) is not None:
                    if parsed.started is not None:
                        self._parsed.append(parsed)  # it may carry more than the start
                        self.call_id = parsed.started.call_id
                        return parsed.started
                    if parsed.stopped:
                        return None
        except TimeoutError:
            log.warning("E-STREAM-SILENT: a stream was opened and said nothing; closed.")
        return None

    async def receive(self) -> Parsed | None:
        if self._parsed:
            return self._parsed.popleft()
        if self._is_gone:
            return None
        try:
            message = await self._socket.receive()
        except (WebSocketDisconnect, RuntimeError):
            return self._gone()
        if message["type"] == "websocket.disconnect":
            return self._gone()
        content = message.get("text")
        parsed = self._stream.parse(content if content is not None else message.get("bytes") or b"")
        self._tell(parsed)
        return parsed

    async def send(self, message: str) -> None:
        if self._is_gone:
            return
        try:
            async with asyncio.timeout(SEND_S):
                await self._socket.send_text(message)
        except (WebSocketDisconnect, RuntimeError, OSError):
            self._is_gone = True
        except TimeoutError:
            log.warning("E-STREAM-STUCK call=%s: the carrier takes no audio; closed.", self.call_id)
            await self.close()

    async def close(self) -> None:
        if self._is_gone or self._socket.application_state is not WebSocketState.CONNECTED:
            return
        self._is_gone = True
        try:
            async with asyncio.timeout(SEND_S):
                await self._socket.close(1000)
        except (WebSocketDisconnect, RuntimeError, OSError, TimeoutError):
            log.debug("call=%s: the stream was gone before it was closed", self.call_id)

    def _gone(self) -> Parsed | None:
        """The connection broke: give out what was held back, once."""
        self._is_gone = True
        left = self._stream.close()
        self._tell(left)
        if not left.frames:
            return None
        return Parsed(left.frames, left.events)

    def _tell(self, parsed: Parsed) -> None:
        for problem in parsed.problems:
            log.warning("%s call=%s", problem, self.call_id)


async def serve_stream(
    socket: WebSocket, *, check: SignatureCheck | None, tokens: StreamTokens, calls: Calls
) -> None:
    """Handle one WebSocket from handshake to end. check None: development on this machine only."""
    path = raw_path(socket)
    if check is not None and not check.is_handshake_signed(path, socket.headers.get(SIGNATURE_HEADER)):
        log.warning("E-SIGNATURE: a stream without the carrier's signature was refused.")
        await socket.close(1008)  # before accept: the server answers 403
        return
    await socket.accept()
    line = StreamLine(socket)
    try:
        start = await line.start()
        if start is None:
            return
        redeemed = tokens.redeem(start.parameters.get("token", ""), start.call_id)
        if redeemed is None:
            log.warning("E-STREAM-TOKEN call=%s: no valid token; closed.", start.call_id)
            return
        await calls.serve(start, redeemed.resume, line)
    finally:
        await line.close()


def raw_path(connection: HTTPConnection) -> str:
    """Path and query as requested, undecoded."""
    path: bytes = connection.scope.get("raw_path") or connection.scope["path"].encode()
    query: bytes = connection.scope.get("query_string", b"")
    return (path + (b"?" + query if query else b"")).decode("latin-1")
