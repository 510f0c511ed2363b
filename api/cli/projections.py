"""`projections`: how far the read models are, rebuilding them, and events they could not handle."""

import json
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Annotated

import typer
from pydantic import BaseModel

from api.cli.exit_codes import EXIT_CODES, CannotGoOn, Exit
from api.cli.terminal import Report, complain, log_to_stderr, progress
from api.marketplace import Marketplace, now, open_marketplace
from api.routes.projections import ReadModel, parked_stream, read_model
from infrastructure.projecting import parking, unknown_events, versions, worker
from infrastructure.projecting.parking import Parked
from infrastructure.projecting.progress import Progress
from infrastructure.projecting.progress import progress as progress_of
from infrastructure.projecting.projection import Projection
from infrastructure.projecting.projector import Part, Projector
from infrastructure.projecting.versions import CannotRebuild
from infrastructure.projecting.worker import lanes
from infrastructure.settings import load_settings

SECONDS_BETWEEN_LOOKS = 0.2
"""From one look at a rebuild's progress to the next."""

projections = typer.Typer(
    name="projections",
    help="Show how far the read models are, rebuild them, replay events they could not handle.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    rich_markup_mode=None,
)

Name = Annotated[
    str | None, typer.Argument(help="Only this read model.", metavar="[NAME]", show_default=False)
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]


@projections.command(epilog=EXIT_CODES)
def status(name: Name = None, as_json: Json = False) -> None:
    """Show each read model's version, log position, lag, rate and parked events.

    One that is being rebuilt has a second line, with the time left. The lag in seconds is how long
    the next event has waited.
    """
    with open_marketplace(load_settings()) as marketplace:
        names = {one.name for one in _chosen(marketplace, [name] if name else [])}
        with marketplace.pool.connection() as db:
            found = progress_of(db)
    at = now()
    shown = [read_model(one, at) for one in found if one.projection in names]
    if as_json:
        _print_json(shown)
        return
    rows = [("READ MODEL", "VERSION", "STATE", "EVENT", "LAG", "WAITING", "PER SECOND", "PARKED")]
    _print_table(rows + [_row(one) for one in shown])


@projections.command(epilog=EXIT_CODES)
def rebuild(
    names: Annotated[
        list[str] | None, typer.Argument(help="Which read models.", metavar="[NAME]...")
    ] = None,
    all_of_them: Annotated[bool, typer.Option("--all", help="Rebuild every read model.")] = False,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Leave it to the workers.")] = False,
    cancel: Annotated[
        bool, typer.Option("--cancel", help="Cancel the rebuild and delete what it has built.")
    ] = False,
) -> None:
    """Build read models again from all events, beside the live ones, which readers see meanwhile.

    This works on it together with the workers, and shows the progress. If it is interrupted or
    killed, workers go on; so does this when it is started again. Nothing is sent a second time.
    """
    if bool(names) == all_of_them:
        raise typer.BadParameter("name read models, or give --all", param_hint="NAME")
    settings = load_settings()
    log_to_stderr(settings)
    with open_marketplace(settings) as marketplace:
        chosen = _chosen(marketplace, names or [])
        if cancel:
            for one in chosen:
                was = versions.cancel_rebuild(one, marketplace.pool)
                typer.echo(f"{one.name}: {'cancelled' if was else 'is not being rebuilt'}.")
            return
        try:
            for one in chosen:
                versions.rebuild(one, marketplace.pool)
        except CannotRebuild as reason:
            raise CannotGoOn(str(reason)) from None
        if no_wait:
            with marketplace.pool.connection() as db:
                is_worked_on = worker.running(db) > 0
            typer.echo("Workers rebuild it; see `projections status`.")
            if not is_worked_on:
                complain("No worker is running: start `serve` or `worker`.")
            return
        try:
            with _working(marketplace, chosen), progress() as report:
                _watch(marketplace, chosen, report)
        except KeyboardInterrupt:
            sentence = "Interrupted: workers go on with it, and so does this command."
            raise CannotGoOn(sentence, Exit.INTERRUPTED) from None
        typer.echo(f"Read models rebuilt: {', '.join(one.name for one in chosen)}.")


@projections.command(epilog=EXIT_CODES)
def parked(name: Name = None, as_json: Json = False) -> None:
    """List the events that read models could not handle, and how many wait behind each.

    Behind it wait the later events of the same stream: mostly the same candidate, outreach,
    position or employer. Mend the read model, start the mended program, then run `replay`.

    A read model without streams, like the likelihood, skips such an event and goes on. It is
    applied when the read model is rebuilt.
    """
    with open_marketplace(load_settings()) as marketplace:
        _chosen(marketplace, [name] if name else [])
        if as_json:
            _print_json(parked_stream(one) for one in _parked(marketplace, name))
        else:
            _show_parked(marketplace, name)


@projections.command(epilog=EXIT_CODES)
def replay(name: Name = None) -> None:
    """Apply the parked events in order, each stream in one transaction.

    Workers may run meanwhile. What still fails stays parked, is listed, and makes this end with 3.
    Skipped events are listed too; they are applied by rebuilding.
    """
    settings = load_settings()
    log_to_stderr(settings)
    with open_marketplace(settings) as marketplace:
        remaining = 0
        for chosen in _chosen(marketplace, [name] if name else []):
            applied, failing = _projector(marketplace, [chosen], Part.ALL).replay_parked()
            if applied or failing:
                of = len(applied) + len(failing)
                typer.echo(f"{chosen.name}: streams applied: {len(applied):,} of {of:,}.")
            remaining += len(failing)
        _show_parked(marketplace, name)
    if remaining:
        raise CannotGoOn(
            f"Streams that stay parked: {remaining:,}. Mend what fails, then replay again.",
            Exit.BAD_RECORDS,
        )


def _chosen(marketplace: Marketplace, names: Sequence[str]) -> list[Projection]:
    """The read models of these names, or all."""
    every = {one.name: one for one in marketplace.projections}
    for name in names:
        if name not in every:
            raise typer.BadParameter(
                f"there is none called {name}: {', '.join(sorted(every))}", param_hint="NAME"
            )
    return [every[name] for name in dict.fromkeys(names)] if names else [*every.values()]


def _projector(marketplace: Marketplace, chosen: Sequence[Projection], part: Part) -> Projector:
    size = marketplace.settings.projector_batch_size
    return Projector(chosen, marketplace.store, marketplace.pool, size, part)


# Rebuilding ---------------------------------------------------------------------------------------


@contextmanager
def _working(marketplace: Marketplace, chosen: Sequence[Projection]) -> Iterator[None]:
    """Work on what is being built meanwhile, beside the workers."""
    stop = threading.Event()
    threads = [
        threading.Thread(
            target=_projector(marketplace, lane, Part.BEHIND).run, args=(stop, threading.Event())
        )
        for lane in lanes(chosen)
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _watch(marketplace: Marketplace, chosen: Sequence[Projection], report: Report) -> None:
    """Report the progress of the last of these until none is being built any more."""
    left = {one.name for one in chosen}
    what = chosen[0].name if len(chosen) == 1 else f"{len(chosen)} read models"
    while left:
        with marketplace.pool.connection() as db:
            found = progress_of(db)
        building = [one for one in found if not one.live and one.projection in left]
        left = {one.projection for one in building}
        if building:
            last = min(building, key=lambda one: one.log_position)
            report(what, last.log_position, last.of, _note(building, read_model(last, now())))
            time.sleep(SECONDS_BETWEEN_LOOKS)  # a worker builds it meanwhile
    report(what, found[0].of, found[0].of)


def _note(building: Sequence[Progress], last: ReadModel) -> str:
    failing = [f"{one.projection} fails with {one.failure}" for one in building if one.failure]
    if failing:
        return f"{', '.join(failing)}, and is tried again"
    left = "" if last.seconds_left is None else f", {_duration(last.seconds_left)} left"
    which = f", last is {last.name}" if len(building) > 1 else ""
    return f"{last.events_per_second:,.0f} events/s{left}{which}"


# What is printed ----------------------------------------------------------------------------------


def _row(one: ReadModel) -> tuple[str, ...]:
    state: str = one.state
    if one.failure:
        state = f"failing: {one.failure}"
    elif one.stands_still:
        state = "standing still"
    elif one.state == "building" and one.seconds_left is not None:
        state = f"building, {_duration(one.seconds_left)} left"
    return (
        one.name,
        str(one.version),
        state,
        f"{one.log_position:,}",
        f"{one.lag_events:,}",
        f"{one.lag_seconds:,.1f} s" if one.state == "live" else "",
        f"{one.events_per_second:,.0f}",
        f"{one.parked:,}",
    )


def _duration(seconds: float) -> str:
    return str(timedelta(seconds=round(seconds)))


def _print_table(rows: Sequence[Sequence[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for name, version, state, *numbers in rows:
        words = [name.ljust(widths[0]), version.rjust(widths[1]), state.ljust(widths[2])]
        words += [text.rjust(width) for text, width in zip(numbers, widths[3:], strict=True)]
        typer.echo("  ".join(words))


def _print_json(shown: Iterable[BaseModel]) -> None:
    typer.echo(json.dumps([one.model_dump(mode="json") for one in shown], indent=2))


def _parked(marketplace: Marketplace, name: str | None) -> list[Parked]:
    with marketplace.pool.connection() as db:
        return [one for one in parking.listed(db) if name in (None, one.projection)]


def _show_parked(marketplace: Marketplace, name: str | None) -> None:
    with marketplace.pool.connection() as db:
        unknown = unknown_events.first_of_each_kind(db)
    for kind, first, count in unknown:
        typer.echo(f"Events of kind {kind}, which this program does not know: {count:,}, the first")
        typer.echo(
            f"    is event {first}. No read model has them; run the program that wrote them."
        )
    listed = _parked(marketplace, name)
    if not listed:
        typer.echo("Nothing is parked.")
    keyless = {one.name for one in marketplace.projections if one.key is None}
    for one in listed:
        building = "" if one.live else ", being built"
        event = f"{one.projection}{building}: event {one.log_position} ({one.kind})"
        at = one.parked_at.isoformat(timespec="seconds")
        if one.projection in keyless:
            typer.echo(f"{event}, skipped at {at}; it is applied by rebuilding:")
        else:
            typer.echo(
                f"{event} of stream {one.stream}, parked at {at}, {one.waiting:,} behind it:"
            )
        typer.echo(f"    {one.error}")
