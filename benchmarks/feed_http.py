"""Pages of the feed over HTTP at a steady rate, whatever the last one took, among other requests.

python -m benchmarks feed --candidates 1000000 --copies 20 --http 60
"""

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import cycle
from typing import Any
from uuid import uuid4

import httpx2 as httpx
import numpy as np

from benchmarks.figures import Figure
from benchmarks.ingestion import request_body, send, server
from domain.filters import Filters

PAGE = 20
FEEDS, OTHERS = 10.0, 50.0
"""Requests a second: for pages of the feed, and of other kinds."""

MANAGER = {"name": "Maya", "email": "maya@example.org"}
PAY = {"minimum": 50_000, "maximum": 90_000, "currency": "USD"}

Ask = Callable[[], object]


def figures(
    layer: str, database_url: str, positions: Mapping[str, Mapping[str, Any]], seconds: float
) -> Iterator[Figure]:
    """Serve a database that is filled, and ask for feeds of these positions."""
    start = time.perf_counter()
    with server(0, database_url, ("api", "worker")) as (client_in, *_):
        recruiter, feeds = _opened(client_in, positions)
        while recruiter.get(feeds[0]).status_code == httpx.codes.SERVICE_UNAVAILABLE:
            time.sleep(1)  # the candidates are being read
        first = [_page(recruiter, feed) for feed in feeds]
        yield Figure(layer, "start to first page over HTTP", "s", time.perf_counter() - start)
        pages = [(feed, cursor) for feed in feeds for cursor in (None, _to_tenth(recruiter, feed))]
        people = [item["candidate_id"] for page in first for item in page["items"]]
        asking: dict[str, tuple[float, Iterator[Ask]]] = {
            "feed": (FEEDS, cycle([partial(_page, recruiter, *page) for page in pages])),
            "other": (OTHERS, _others(client_in("platform"), recruiter, feeds, people)),
        }
        for name, took in _open_loop(asking, seconds).items():
            what = f"{name} over HTTP, {FEEDS:.0f} + {OTHERS:.0f} requests/s"
            for share, target in ((50, "≤ 10"), (95, ""), (99, "≤ 30")):
                at_most = float(np.percentile(took, share))
                yield Figure(layer, f"{what}, {share} %", "ms", at_most, target=target)


def _opened(
    client_in: Callable[..., httpx.Client], positions: Mapping[str, Mapping[str, Any]]
) -> tuple[httpx.Client, list[str]]:
    """A recruiter of an employer in the beta, and the addresses of its positions' feeds."""
    admin = client_in("admin")
    employer = _posted(admin, "/employers", {"company": "Measured", "manager": MANAGER})
    _posted(admin, f"/employers/{employer}/approval", {})
    recruiter = client_in("recruiter", "--employer", employer)
    _posted(recruiter, f"/employers/{employer}/beta", {})
    feeds = []
    for told in positions.values():
        filters: Filters = told["filters"]
        body = {"title": "Measured", "location": "Berlin", "salary": PAY}
        body["filters"] = filters.model_dump(mode="json")
        id = _posted(recruiter, f"/employers/{employer}/positions", body)
        feeds.append(f"/v1/positions/{id}/passive-candidates")
    return recruiter, feeds


def _others(
    platform: httpx.Client, recruiter: httpx.Client, feeds: list[str], people: list[str]
) -> Iterator[Ask]:
    """What else goes on: counts, profiles, positions, activity."""
    positions = cycle([feed.rpartition("/")[0] for feed in feeds])
    candidates = cycle(people[:PAGE])
    of_first = feeds[0].rpartition("/")[0]
    return cycle(
        [
            lambda: recruiter.get(f"{next(positions)}/counts").raise_for_status(),
            lambda: recruiter.get(f"{of_first}/candidates/{next(candidates)}").raise_for_status(),
            lambda: recruiter.get(next(positions)).raise_for_status(),
            partial(_tell, platform, people),
        ]
    )


def _tell(platform: httpx.Client, people: list[str]) -> None:
    """Some activity; that there is too much at a time is an answer too."""
    try:
        send(platform, request_body(people, 25))
    except httpx.HTTPStatusError as error:
        if error.response.status_code != httpx.codes.TOO_MANY_REQUESTS:
            raise


def _open_loop(
    asking: Mapping[str, tuple[float, Iterator[Ask]]], seconds: float
) -> dict[str, list[float]]:
    """Ask at each rate. What each request took in milliseconds, from when it was due."""
    took: dict[str, list[float]] = {name: [] for name in asking}

    def run(name: str, ask: Ask, due: float) -> None:
        ask()
        took[name].append((time.perf_counter() - due) * 1_000)

    schedule = sorted(
        (number / rate, name)
        for name, (rate, _) in asking.items()
        for number in range(int(seconds * rate))
    )
    begun = time.perf_counter()
    with ThreadPoolExecutor(32) as threads:
        pending = []
        for offset, name in schedule:
            time.sleep(max(begun + offset - time.perf_counter(), 0))  # until it is due
            ask = next(asking[name][1])
            pending.append(threads.submit(run, name, ask, begun + offset))
        for one in pending:
            one.result()
    return took


def _posted(client: httpx.Client, path: str, body: object) -> str:
    headers = {"Idempotency-Key": str(uuid4())}
    answer = client.post(f"/v1{path}", json=body, headers=headers)
    return str(answer.raise_for_status().json().get("id"))


def _page(client: httpx.Client, feed: str, cursor: str | None = None) -> dict[str, Any]:
    asked = {"limit": str(PAGE)} | ({"cursor": cursor} if cursor else {})
    page: dict[str, Any] = client.get(feed, params=asked).raise_for_status().json()
    return page


def _to_tenth(client: httpx.Client, feed: str) -> str | None:
    cursor: str | None = None
    for _ in range(9):
        cursor = _page(client, feed, cursor)["next_cursor"]
    return cursor
