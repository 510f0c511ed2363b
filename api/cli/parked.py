"""`parked`: the poison events of projections, and their replay once the projections are mended."""

from collections.abc import Sequence
from typing import Annotated

import typer

from api.cli.exit_codes import EXIT_CODES, CannotGoOn, Exit
from api.cli.terminal import log_to_stderr
from api.marketplace import Marketplace, open_marketplace
from infrastructure.projecting import parking, unknown_events
from infrastructure.projecting.projection import Projection
from infrastructure.projecting.projector import Projector
from infrastructure.settings import load_settings

parked = typer.Typer(
    name="parked",
    help="List the events that projections could not handle, and replay them.",
    epilog=EXIT_CODES,
    invoke_without_command=True,
    rich_markup_mode=None,
)


@parked.callback()
def show(context: typer.Context) -> None:
    """List the events that projections could not handle, and how many wait behind each.

    Behind it wait the later events of the same stream: mostly the same candidate, outreach,
    position or employer. Mend the projection, start the mended program, then run `parked replay`.

    A projection without streams, like the likelihood, skips such an event and goes on. It is
    applied when the projection is rebuilt under a new version.
    """
    if context.invoked_subcommand:
        return
    with open_marketplace(load_settings()) as marketplace:
        _show_parked(marketplace)


@parked.command(epilog=EXIT_CODES)
def replay(
    projection: Annotated[
        str | None, typer.Option(help="Only those of this projection.", show_default=False)
    ] = None,
) -> None:
    """Apply the parked events in order, each stream in one transaction.

    Workers may run meanwhile. What still fails stays parked, is listed, and makes this end with 3.
    Skipped events are listed too; they are applied by rebuilding.
    """
    settings = load_settings()
    log_to_stderr(settings)
    with open_marketplace(settings) as marketplace:
        remaining = 0
        for chosen in _chosen(marketplace.projections, projection):
            projector = Projector(
                [chosen], marketplace.store, marketplace.pool, settings.projector_batch_size
            )
            applied, failing = projector.replay_parked()
            if applied or failing:
                of = len(applied) + len(failing)
                typer.echo(f"{chosen.name}: streams applied: {len(applied):,} of {of:,}.")
            remaining += len(failing)
        _show_parked(marketplace, projection)
    if remaining:
        raise CannotGoOn(
            f"Streams that stay parked: {remaining:,}. Mend what fails, then replay again.",
            Exit.BAD_RECORDS,
        )


def _chosen(every: Sequence[Projection], name: str | None) -> list[Projection]:
    chosen = [one for one in every if name is None or one.name == name]
    if not chosen:
        names = ", ".join(sorted(one.name for one in every))
        raise typer.BadParameter(f"there is none called {name}: {names}", param_hint="--projection")
    return chosen


def _show_parked(marketplace: Marketplace, projection: str | None = None) -> None:
    with marketplace.pool.connection() as db:
        listed = [one for one in parking.listed(db) if projection in (None, one.projection)]
        unknown = unknown_events.first_of_each_kind(db)
    for kind, first, count in unknown:
        typer.echo(f"Events of kind {kind}, which this program does not know: {count:,}, the first")
        typer.echo(
            f"    is event {first}. No read model has them; run the program that wrote them."
        )
    if not listed:
        typer.echo("Nothing is parked.")
    keyless = {one.name for one in marketplace.projections if one.key is None}
    for one in listed:
        event = f"{one.projection}: event {one.log_position} ({one.kind})"
        at = one.parked_at.isoformat(timespec="seconds")
        if one.projection in keyless:
            typer.echo(f"{event}, skipped at {at}; it is applied by rebuilding:")
        else:
            typer.echo(
                f"{event} of stream {one.stream}, parked at {at}, {one.waiting:,} behind it:"
            )
        typer.echo(f"    {one.error}")
