"""Requests over HTTP as fast as so many callers get their answers, with little work of its own."""

import asyncio
import time
from collections.abc import Callable
from urllib.parse import urlsplit

NextRequest = Callable[[], bytes]


def request(method: str, url: str, headers: dict[str, str], body: bytes) -> bytes:
    """A request as it goes over the wire."""
    parts = urlsplit(url)
    lines = [f"{method} {parts.path} HTTP/1.1", f"Host: {parts.netloc}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += [f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body


def rate(url: str, next_request: NextRequest, callers: int, seconds: float) -> float:
    """Answers a second. Raises `RuntimeError` at the first that is no success."""
    return asyncio.run(_rate(url, next_request, callers, seconds))


async def _rate(url: str, next_request: NextRequest, callers: int, seconds: float) -> float:
    parts = urlsplit(url)
    until = time.perf_counter() + seconds
    counts = await asyncio.gather(
        *(
            _call(parts.hostname or "", parts.port or 80, next_request, until)
            for _ in range(callers)
        )
    )
    return sum(counts) / seconds


async def _call(host: str, port: int, next_request: NextRequest, until: float) -> int:
    reader, writer = await asyncio.open_connection(host, port)
    count = 0
    while time.perf_counter() < until:
        writer.write(next_request())
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 2"):
            raise RuntimeError(head.decode("latin-1"))
        length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        await reader.readexactly(int(length))
        count += 1
    writer.close()
    return count
