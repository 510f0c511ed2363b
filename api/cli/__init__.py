"""The command line: `sourcing`. One module a command; this one puts them together."""

import signal
import sys
from types import FrameType
from typing import NoReturn

import typer

from api.cli.backtesting import backtest
from api.cli.exits import EXIT_CODES, ending
from api.cli.filling import demo
from api.cli.importing import importing
from api.cli.modelling import modelling
from api.cli.replaying import parked
from api.cli.screen import complain
from api.cli.serving import api, serve, worker
from api.cli.tokens import token
from api.cli.walking import walkthrough

app = typer.Typer(
    name="sourcing",
    help="""
    Reach former members of a hiring marketplace who fell silent, and agreed to hear from employers.

    Start with demo, then serve, then, in another terminal, walkthrough. Everything is set by
    environment variables SOURCING_... and DATABASE_URL; the README lists them.
    """,
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (demo, serve, walkthrough, token, api, worker, backtest):
    app.command(epilog=EXIT_CODES)(command)
app.add_typer(importing)
app.add_typer(modelling)
app.add_typer(parked)


def main() -> None:
    """Run the command line."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        app(prog_name="sourcing")
    except Exception as error:
        end = ending(error)
        if end is None:
            raise
        complain(str(end))
        sys.exit(end.exit)


def _interrupt(_: int, __: FrameType | None) -> NoReturn:
    """Being told to stop by another program is the same as by Ctrl-C."""
    raise KeyboardInterrupt
