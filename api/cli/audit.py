"""`audit`: whether the event log is what was recorded."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from api.cli.exit_codes import EXIT_CODES, CannotGoOn
from api.cli.terminal import progress
from api.marketplace import open_marketplace
from infrastructure.evidence.verifying import Verdict
from infrastructure.evidence.verifying import verify as verified
from infrastructure.settings import load_settings

audit = typer.Typer(
    name="audit",
    help="Verify the event log against its signed checkpoints.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    rich_markup_mode=None,
)


@audit.command(epilog=EXIT_CODES)
def key() -> None:
    """Print the public key of the log's checkpoints."""
    with open_marketplace(load_settings()) as marketplace:
        typer.echo(marketplace.signer.verifier)


@audit.command(epilog=EXIT_CODES)
def verify(
    checkpoint: Annotated[
        Path | None,
        typer.Option(
            help="A checkpoint that was kept elsewhere. Without it the latest one in the database.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    first: Annotated[int, typer.Option("--from", min=1, help="First event to compare.")] = 1,
    last: Annotated[
        int | None, typer.Option("--to", min=1, help="Last event to compare.", show_default="all")
    ] = None,
) -> None:
    """Compare every event with the log's tree, and the tree with a signed checkpoint.

    Names the first event that was altered, removed, inserted or reordered. Erasing a person
    destroys a key and leaves the events as they are, so it is no finding.
    """
    note = checkpoint.read_text(encoding="utf-8") if checkpoint else None
    with (
        open_marketplace(load_settings()) as marketplace,
        marketplace.pool.connection() as db,
        progress() as report,
    ):
        key, compared = marketplace.signer.verifier, partial(report, "Comparing events")
        verdict = verified(db, key, note, first, last, compared)
    _tell(verdict)


def _tell(verdict: Verdict) -> None:
    if finding := verdict.finding:
        where = f"Event {finding.log_position}: " if finding.log_position else ""
        raise CannotGoOn(f"{where}{finding.what}. {finding.detail}")
    typer.echo(f"{verdict.events:,} events are what was recorded.")
    if verdict.checkpoint is None:
        typer.echo("Nothing is signed yet: a worker signs the log every few seconds.")
    else:
        typer.echo(f"Signed: {verdict.checkpoint.size:,} events, by {verdict.checkpoint.origin}.")
