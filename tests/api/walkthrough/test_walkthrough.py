"""The walkthrough: plays to its end where all is well, and says what is not where it is not."""

import io
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from uuid import UUID

import pytest
import uvicorn
from rich.console import Console

from api.app import make_app
from api.cli.exit_codes import Exit
from api.demo import fill
from api.http.tokens import make_token
from api.marketplace import Marketplace, now
from api.walkthrough import looks, walk_through
from domain.actor import Actor, Role
from projections import candidate_feed
from tests.support.command_line import Run, address, environment, running
from tests.support.databases import SECRET, Databases

CANDIDATES = 60


@contextmanager
def served(
    marketplace: Marketplace,
) -> Iterator[str]:
    """The API over a marketplace, at an address, in this process."""
    app = make_app(marketplace, with_worker=True)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture(scope="module")
def marketplace_url(
    databases: Databases,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[str]:
    """A server on a database of its own, with a small demo, as the command line starts them."""
    with databases.empty() as url:
        env = environment(
            DATABASE_URL=url,
            SOURCING_SECRET=SECRET,
            SOURCING_DATA_DIR=str(tmp_path_factory.mktemp("served")),
        )
        demo = ("demo", "--candidates", str(CANDIDATES))
        with running(env, *demo, says="There are now") as (process, _):
            process.wait()
        with running(env, "serve", "--port", "0", says="Console") as (_, line):
            yield address(line)


@pytest.mark.slow
def test_it_plays_to_its_end_on_a_small_demo(sourcing: Run, marketplace_url: str) -> None:
    ended = sourcing("walkthrough", "--url", marketplace_url)
    assert ended.code == 0, ended.out + ended.err
    assert "All 29 steps are as they should be, save for 8 left out." in ended.out
    assert "Passive Candidate  interview scheduled" in ended.out


@pytest.mark.slow
def test_where_letters_are_shown_the_people_answer_on_their_pages(
    sourcing: Run, tmp_path: Path
) -> None:
    """On the embedded database, as `make run` does."""
    env = environment(SOURCING_DATA_DIR=str(tmp_path), SOURCING_UNDO_SECONDS="5")
    with running(env, "demo", "--candidates", str(CANDIDATES), says="There are now") as (demo, _):
        demo.wait()
    with running(env, "serve", "--port", "0", says="Console") as (_, line):
        ended = sourcing("walkthrough", "--url", address(line), env=env)
    assert ended.code == 0, ended.out + ended.err
    assert "All 29 steps are as they should be." in ended.out


@pytest.mark.slow
def test_it_plays_again_on_the_same_server(sourcing: Run, marketplace_url: str) -> None:
    first = sourcing("walkthrough", "--url", marketplace_url)
    second = sourcing("walkthrough", "--url", marketplace_url + "/")
    assert (first.code, second.code) == (0, 0), second.out + second.err


@pytest.mark.slow
def test_it_plays_to_its_end_where_many_stand_in_the_feed_by_lot(
    marketplace: Marketplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(candidate_feed, "EXPLORED_SHARE", 0.6)
    monkeypatch.setattr(looks, "PAGE", 10)
    fill(marketplace.store, candidates=3 * CANDIDATES, seed=1, until=now())
    out = Console(record=True, width=200, file=io.StringIO())

    def token_for(role: Role, employer_id: UUID | None) -> str:
        actor = Actor(id=f"walkthrough-{role}", role=role, employer_id=employer_id)
        return make_token(marketplace.settings, actor, now(), timedelta(hours=1))

    with served(marketplace) as url:
        walk_through(url, token_for, out)
    assert "All 29 steps are as they should be, save for 8 left out." in out.export_text()


@pytest.mark.slow
def test_it_says_that_the_secret_differs(sourcing: Run, marketplace_url: str) -> None:
    ended = sourcing("walkthrough", "--url", marketplace_url, SOURCING_SECRET="x" * 40)
    assert ended.code == Exit.WRONG_USAGE
    assert "it runs with another secret" in ended.err


def test_it_says_that_there_are_no_passive_candidates(
    sourcing: Run, marketplace: Marketplace
) -> None:
    with served(marketplace) as url:
        ended = sourcing("walkthrough", "--url", url)
    assert ended.code == Exit.FAILED
    assert ended.err.startswith("There are no passive candidates: ")


def test_where_nothing_answers_it_exits_4(sourcing: Run) -> None:
    ended = sourcing("walkthrough", "--url", "http://127.0.0.1:1")
    assert ended.code == Exit.UNREACHABLE
    assert ended.err.startswith("Nothing answers at http://127.0.0.1:1 (")


def test_without_a_url_it_plays_at_the_port_of_the_settings(sourcing: Run) -> None:
    ended = sourcing("walkthrough", SOURCING_PORT="1")
    assert ended.err.startswith("Nothing answers at http://127.0.0.1:1 (")


@pytest.mark.parametrize("url", ["127.0.0.1:8000", "ftp://here", "http://", "http://a:b"])
def test_what_is_no_address_is_wrong_usage(sourcing: Run, url: str) -> None:
    assert sourcing("walkthrough", "--url", url).code == Exit.WRONG_USAGE


@contextmanager
def impostor(body: bytes, content_type: str) -> Iterator[str]:
    """A server that gives the same answer to everything."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(200)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 - as http.server has it

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_step_that_is_not_as_it_should_be_is_told_with_what_was_expected_and_what_came(
    sourcing: Run,
) -> None:
    with impostor(b'{"status": "ready"}', "application/json") as url:
        ended = sourcing("walkthrough", "--url", url)
    assert ended.code == Exit.FAILED
    assert ended.err == (
        "Not as it should be: POST /v1/employers\n"
        "  expected: status 201\n"
        "  came:     status 200: {'status': 'ready'}\n"
    )


def test_a_server_of_something_else_is_not_played_with(sourcing: Run) -> None:
    with impostor(b"<h1>It works!</h1>", "text/html") as url:
        ended = sourcing("walkthrough", "--url", url)
    assert ended.code == Exit.UNREACHABLE
    assert ended.err == f"What answers at {url} is not a server of `sourcing`.\n"
