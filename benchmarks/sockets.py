"""A process full of subscribers: real WebSocket connections with one subscription each; it notes what arrives when.

`python -m benchmarks.sockets PORT COUNT` takes the subscription's payload as its first line. It says `ready` when
all of them have been told something; each further line is a number, and answered with as many arrivals: the seconds
of the monotonic clock at which that message of theirs reached each subscriber.
"""

import asyncio
import resource
import sys
from typing import cast

import orjson
import uvloop

_UPGRADE = (
    b"GET /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
    b"sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n"
    b"sec-websocket-protocol: graphql-transport-ws\r\n\r\n"
)
_AT_ONCE = 200


class Subscriber(asyncio.Protocol):
    """Speaks just enough of both protocols; every frame of a message is short."""

    def __init__(self, payload: bytes, arrivals: "Arrivals") -> None:
        self._payload, self._arrivals = payload, arrivals
        self._buffer = b""
        self._open = False
        self._messages = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one in all but name
        self._transport.write(_UPGRADE)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._open and b"\r\n\r\n" in self._buffer:
            _, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
            self._open = True
            self._send(b'{"type":"connection_init"}')
        while self._open and (frame := self._frame()):
            self._take(*frame)

    def connection_lost(self, exc: Exception | None) -> None:
        self._arrivals.lost += 1

    def _frame(self) -> tuple[int, bytes] | None:
        buffer = self._buffer
        if len(buffer) < 4:
            return None
        length, start = (int.from_bytes(buffer[2:4]), 4) if buffer[1] == 126 else (buffer[1], 2)
        if len(buffer) < start + length:
            return None
        self._buffer = buffer[start + length :]
        return buffer[0] & 15, buffer[start : start + length]

    def _take(self, opcode: int, text: bytes) -> None:
        if opcode == 9:
            self._send(text, 0x8A)
        elif b'"type":"connection_ack"' in text:
            self._send(self._payload)
        elif text.startswith(b'{"type":"next"'):
            self._arrivals.note(self._messages)
            self._messages += 1
        elif opcode == 1:
            raise SystemExit(f"A subscriber got {text!r}")

    def _send(self, text: bytes, opcode: int = 0x81) -> None:
        length = bytes((0x80 | len(text),)) if len(text) < 126 else b"\xfe" + len(text).to_bytes(2)
        self._transport.write(bytes((opcode,)) + length + bytes(4) + text)  # masked with zeros


class Arrivals:
    """When the messages of each number arrived."""

    def __init__(self) -> None:
        self.lost = 0
        self._clock = asyncio.get_running_loop().time
        self._seen: list[list[float]] = []
        self._news = asyncio.Event()

    def note(self, number: int) -> None:
        while len(self._seen) <= number:
            self._seen.append([])
        self._seen[number].append(self._clock())
        self._news.set()

    async def of(self, number: int, count: int) -> list[float]:
        """Those of one message, once there are so many."""
        while len(self._seen) <= number or len(self._seen[number]) < count:
            if self.lost:
                raise SystemExit(f"{self.lost} subscribers were cut off.")
            self._news.clear()
            await self._news.wait()
        return self._seen[number]


async def _main(port: int, count: int) -> None:
    loop, arrivals = asyncio.get_running_loop(), Arrivals()
    payload = (await asyncio.to_thread(sys.stdin.readline)).strip()
    for start in range(0, count, _AT_ONCE):
        end = min(start + _AT_ONCE, count)
        await asyncio.gather(*[_open(loop, port, payload, number, arrivals) for number in range(start, end)])
        await arrivals.of(0, end)
    print("ready", flush=True)  # noqa: T201 # read by the benchmark
    while line := (await asyncio.to_thread(sys.stdin.readline)).strip():
        found = await arrivals.of(int(line), count)
        print(orjson.dumps(found).decode(), flush=True)  # noqa: T201


async def _open(loop: asyncio.AbstractEventLoop, port: int, payload: str, number: int, arrivals: Arrivals) -> None:
    message = f'{{"type":"subscribe","id":"{number:032x}","payload":{payload}}}'.encode()
    await loop.create_connection(lambda: Subscriber(message, arrivals), "127.0.0.1", port)


if __name__ == "__main__":
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    uvloop.run(_main(int(sys.argv[1]), int(sys.argv[2])))
