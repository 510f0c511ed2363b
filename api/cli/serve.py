"""`serve`, `api` and `worker`: the processes that run until they are interrupted."""

import errno
import logging
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from types import FrameType
from typing import Annotated

import typer
import uvicorn

from api.app import make_app
from api.cli.exit_codes import CannotGoOn, Exit
from api.cli.terminal import log_to_stderr, program
from api.cli.walkthrough import WALKTHROUGH
from api.console.demo_users import demo_key, has_demo
from api.delivery.channels import shows_letters
from api.demo import SimulatedPeople, is_filled
from api.http.metrics import serving_metrics
from api.http.protocol import LimitedProtocol, raise_file_limit
from api.links import without_tokens
from api.marketplace import Marketplace, open_marketplace
from infrastructure.projecting.worker import PeriodicTask
from infrastructure.settings import Settings, load_settings
from infrastructure.telemetry import tracing

SECONDS_TO_FINISH = 20
"""How long requests may take to finish after the signal to stop."""

DEMO_UNDO_SECONDS = 20.0
"""How long a message can be undone in a demo, unless the settings say so."""

SWITCH_SECONDS = 0.0005
"""How long a thread keeps the interpreter while others wait for it. A request asks the database a
dozen times, and would wait up to Python's usual 5 ms after each answer."""

ANSWER_SECONDS = 0.5
"""Seconds from one look of the simulated people at their mail to the next."""

Port = Annotated[
    int | None,
    typer.Option(min=0, max=65535, help="Port to listen on, 0 for a free one. [SOURCING_PORT]"),
]
Host = Annotated[str | None, typer.Option(help="Address to listen on. [SOURCING_HOST]")]
AccessLog = Annotated[bool, typer.Option("--access-log", help="Log every request.")]


def serve(port: Port = None, host: Host = None, access_log: AccessLog = False) -> None:
    """Serve the API and keep its read models, in one process.

    It runs on a PostgreSQL of its own in the data folder, unless DATABASE_URL names another. Ctrl-C
    stops it; the data stays.
    """
    _listen(_settings(port, host), with_worker=True, access_log=access_log)


def api(port: Port = None, host: Host = None, access_log: AccessLog = False) -> None:
    """Serve the API alone, beside a `worker` or more.

    Several may run on one database, each on a port or machine of its own.
    """
    _listen(_settings(port, host), with_worker=False, access_log=access_log)


def worker() -> None:
    """Keep the read models and run the periodic tasks, beside an `api`.

    Several may run on one database: each read model is kept by one of them at a time.
    """
    settings = load_settings()
    log_to_stderr(settings)
    with (
        _until_interrupted(),
        tracing.exporting(settings, "worker"),
        open_marketplace(settings, rebuild=True) as marketplace,
        marketplace.working(),
        serving_metrics(marketplace),
    ):
        names = ", ".join(projection.name for projection in marketplace.projections)
        typer.echo(f"Keeping up to date: {names}. Ctrl-C stops it.")
        while True:
            time.sleep(1.0)  # a signal that comes right before a wait is handled after it


def _settings(port: int | None, host: str | None) -> Settings:
    given = {"port": port, "host": host}
    return load_settings().model_copy(update={k: v for k, v in given.items() if v is not None})


@contextmanager
def _until_interrupted() -> Iterator[None]:
    """Being interrupted is how this is meant to end."""
    # A shell makes its background jobs ignore this signal.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        yield


def _listen(settings: Settings, *, with_worker: bool, access_log: bool) -> None:
    log_to_stderr(settings)
    logging.getLogger("uvicorn.access").addFilter(shorten_links)
    if settings.log_level != "debug":
        # What uvicorn has to say about starting and stopping we say ourselves.
        logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    raise_file_limit()
    sys.setswitchinterval(SWITCH_SECONDS)
    with _until_interrupted(), _bound(settings) as listener:
        address = _address(listener)
        if settings.public_url is None:
            settings = settings.model_copy(update={"public_url": address})
        with (
            tracing.exporting(settings, "serve" if with_worker else "api"),
            open_marketplace(settings, rebuild=True) as marketplace,
        ):
            if has_demo(settings):
                play_demo(marketplace)
            config = uvicorn.Config(
                make_app(marketplace, with_worker=with_worker),
                loop="uvloop",
                http=LimitedProtocol,
                log_config=None,
                access_log=access_log,
                server_header=False,
                timeout_graceful_shutdown=SECONDS_TO_FINISH,
            )
            demo = f"/sign-in?demo={demo_key(settings)}" if has_demo(settings) else ""
            listening = partial(_announce, address, demo, with_worker)
            _Server(config, listening, marketplace.stopping).run_on(listener)


def shorten_links(access: logging.LogRecord) -> bool:
    """Leave the tokens of links out of an access log; takes every record of uvicorn's."""
    said = access.args if isinstance(access.args, tuple) else ()
    access.args = tuple(without_tokens(one) if isinstance(one, str) else one for one in said)
    return True


def play_demo(marketplace: Marketplace) -> None:
    """Let the people of a filled marketplace answer letters, which leave soon."""
    settings = marketplace.settings
    if settings.demo_speed and shows_letters(settings):
        people = SimulatedPeople(marketplace, settings.demo_speed, leave_alone=WALKTHROUGH)
        task = PeriodicTask("answer as simulated people", ANSWER_SECONDS, people.answer_due)
        marketplace.tasks.append(task)
    if "undo_seconds" not in settings.model_fields_set and is_filled(marketplace):
        marketplace.settings = settings.model_copy(update={"undo_seconds": DEMO_UNDO_SECONDS})


class _Server(uvicorn.Server):
    """Tells when it is really listening, and why if it cannot."""

    def __init__(
        self, config: uvicorn.Config, listening: Callable[[], None], stopping: threading.Event
    ) -> None:
        super().__init__(config)
        self._listening = listening
        self._stopping = stopping

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        # Streams of events would otherwise go on until their time to finish is over.
        self._stopping.set()
        super().handle_exit(sig, frame)

    def run_on(self, listener: socket.socket) -> None:
        try:
            self.run(sockets=[listener])
        except SystemExit:
            raise CannotGoOn("The server did not start; the lines above say why.") from None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        except OSError as error:  # another process took the port since it was bound
            await self.lifespan.shutdown()
            raise _cannot_listen(error, *_host_and_port(sockets)) from None
        self._listening()


def _bound(settings: Settings) -> socket.socket:
    """The bound socket; connections are refused until the server listens."""
    host, port = settings.host, settings.port
    try:
        family, kind, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
        except BaseException:
            listener.close()
            raise
    except OSError as error:
        raise _cannot_listen(error, host, port) from None
    return listener


def _cannot_listen(error: OSError, host: str, port: int) -> CannotGoOn:
    if error.errno == errno.EADDRINUSE:
        sentence = (
            f"Port {port} of {host} is in use: stop what uses it, or choose another with --port "
            "or SOURCING_PORT."
        )
    else:
        sentence = (
            f"It cannot listen on port {port} of {host} ({error.strerror}): choose others with "
            "--host and --port, or SOURCING_HOST and SOURCING_PORT."
        )
    return CannotGoOn(sentence, Exit.UNREACHABLE)


def _host_and_port(sockets: list[socket.socket] | None) -> tuple[str, int]:
    host, port = sockets[0].getsockname()[:2] if sockets else ("", 0)
    return host, port


def _address(listener: socket.socket) -> str:
    """Where a browser on this machine finds it."""
    host, port = _host_and_port([listener])
    if host in ("0.0.0.0", "::"):  # noqa: S104 - compared with, not bound to
        host = "localhost"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _announce(address: str, demo: str, with_worker: bool) -> None:
    alone = "" if with_worker else f"Read models are kept by `{program()} worker` beside it.\n"
    typer.echo(
        f"Console: {address}{demo}\nAPI:     {address}/docs\n{alone}"
        "\n"
        "Next, in another terminal in the same folder:\n"
        f"  {program()} walkthrough --url {address}\n"
        "      see the whole of Passive Candidate Sourcing happen, step by step\n"
        f"  {program()} token recruiter\n"
        "      a token to call the API with, or to authorize in its documentation\n"
        "\n"
        "Ctrl-C stops it."
    )
