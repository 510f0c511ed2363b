"""The command line: `sourcing`. One module a command; this one puts them together."""

import signal
import sys
from types import FrameType
from typing import NoReturn

import typer

from api.cli.audit import audit
from api.cli.backtest import backtest
from api.cli.demo import demo
from api.cli.exit_codes import EXIT_CODES, ending
from api.cli.import_candidates import importing
from api.cli.model import modelling
from api.cli.projections import projections
from api.cli.serve import api, serve, worker
from api.cli.terminal import complain
from api.cli.token import token
from api.cli.walkthrough import walkthrough

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
app.add_typer(audit)
app.add_typer(importing)
app.add_typer(modelling)
app.add_typer(projections)


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
    """Treat SIGTERM like Ctrl-C."""
    raise KeyboardInterrupt
