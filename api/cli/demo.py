"""`demo`: fills an empty marketplace with a simulated past."""

import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Annotated, Any, BinaryIO

import typer

from api.cli.documents import entries
from api.cli.exit_codes import CannotGoOn, Exit
from api.cli.terminal import Report, complain, program, progress
from api.demo import Summary, fill
from api.demo.survey_2019 import to_profile
from api.demo.teams import settle_teams
from api.formats.documents import BadDocument
from api.identifiers import claim_known_addresses
from api.marketplace import Marketplace, now, open_marketplace
from api.upgrade import note_contact_keys
from infrastructure.projecting.checkpoints import log_positions
from infrastructure.projecting.projector import Projector
from infrastructure.projecting.worker import lanes
from infrastructure.settings import Settings, load_settings

CANDIDATES = 1_000
MOST_CANDIDATES = 1_000_000


def demo(
    seed: Annotated[int, typer.Option(help="The same seed gives the same marketplace.")] = 1,
    candidates: Annotated[
        int | None,
        typer.Option(
            min=20,
            max=MOST_CANDIDATES,
            help=f"How many. Default: {CANDIDATES:,}, or all of the profiles.",
            show_default=False,
        ),
    ] = None,
    profiles: Annotated[
        typer.FileBinaryRead | None,
        typer.Option(
            metavar="FILE",
            help="JSON Resume documents of real people (NDJSON or JSON) in place of generated "
            "ones. What they do not say of sign-up, consent and activity is made up.",
        ),
    ] = None,
    if_empty: Annotated[
        bool, typer.Option("--if-empty", help="Do nothing if there is anything already.")
    ] = False,
    until: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], metavar="DATE", help="The last day, YYYY-MM-DD. Default: today."
        ),
    ] = None,
) -> None:
    """Fill an empty marketplace with companies and candidates.

    All are made up. Eighteen months of dated activity and outreach come from a simulated world in
    which people have reasons to answer or not, so that there is something true for the likelihood
    model to find.
    """
    settings = load_settings()
    end = until.replace(tzinfo=UTC) if until else now()
    if end > now():
        raise typer.BadParameter("the last day lies in the future", param_hint="--until")
    with open_marketplace(settings) as marketplace:
        if marketplace.started_at_log_position:
            _leave(settings, if_empty=if_empty)
            return
        documents, bad = _read(profiles) if profiles else (None, 0)
        with _marked_as_unfinished(settings), progress() as report:
            summary = fill(
                marketplace.store,
                candidates=candidates or (CANDIDATES if documents is None else MOST_CANDIDATES),
                seed=seed,
                until=end,
                profiles=documents,
                progress=report,
            )
            claim_known_addresses(marketplace.store, marketplace.address_key, end)
            note_contact_keys(marketplace.store, marketplace.address_key, end)
            settle_teams(
                marketplace.store,
                marketplace.address_key,
                seed=seed,
                candidates=summary.candidates,
                at=end,
            )
        with progress() as report:
            _catch_up(marketplace, marketplace.store.recorder.max_notification_id() or 0, report)
    _tell(summary)
    if bad:
        complain(f"{bad:,} of the profiles were bad and left out.")
        raise typer.Exit(Exit.BAD_RECORDS)


def _leave(settings: Settings, *, if_empty: bool) -> None:
    """Do nothing to a marketplace in which there is something."""
    if _mark(settings).exists():
        raise CannotGoOn(f"An earlier demo was interrupted. {_how_to_start_again(settings)}")
    if not if_empty:
        raise CannotGoOn(
            "The marketplace is not empty, and the demo fills only an empty one: set "
            "SOURCING_DATA_DIR or DATABASE_URL to a new one, or leave this one as it is with "
            "--if-empty."
        )
    complain("There is a marketplace already; it is left as it is.")


def _read(file: BinaryIO) -> tuple[list[Mapping[str, Any]], int]:
    """The readable documents, and how many are not; each of those is reported."""
    documents: list[Mapping[str, Any]] = []
    bad = 0
    for entry in entries(file):
        fault = entry.fault
        if fault is None:
            try:
                to_profile(entry.document)
            except BadDocument as error:
                fault = str(error)
        if fault is None:
            documents.append(entry.document)
        else:
            bad += 1
            complain(f"{entry.where}: {fault}")
    if not documents:
        raise CannotGoOn("There is no profile that can be read, so nothing was filled.")
    return documents, bad


@contextmanager
def _marked_as_unfinished(settings: Settings) -> Iterator[None]:
    """Leave a mark in the data folder unless this comes to its end."""
    if settings.database_url is None:
        _mark(settings).touch()
    try:
        yield
    except KeyboardInterrupt:
        complain(f"Interrupted. {_how_to_start_again(settings)}")
        raise
    _mark(settings).unlink(missing_ok=True)


def _how_to_start_again(settings: Settings) -> str:
    where = f"remove {settings.data_dir / 'postgres'}"
    if settings.database_url is not None:
        where = "make a new database"
    return f"The marketplace is only half filled: {where}, then start again."


def _mark(settings: Settings) -> Path:
    return settings.data_dir / "demo-unfinished"


def _catch_up(marketplace: Marketplace, position: int, report: Report) -> None:
    """Bring the read models up to a position; those that another worker keeps are waited for."""
    stop = Event()

    def run(projector: Projector) -> None:
        while not stop.is_set() and min(_reached(marketplace).values()) < position:
            if not projector.catch_up():
                time.sleep(0.1)  # a worker beside us has it

    projectors = [
        Projector(
            lane, marketplace.store, marketplace.pool, marketplace.settings.projector_batch_size
        )
        for lane in lanes(marketplace.projections)
    ]
    with ThreadPoolExecutor(len(projectors)) as threads:
        runs = [threads.submit(run, projector) for projector in projectors]
        try:
            while not all(run.done() for run in runs):
                report("Read models catch up", min(_reached(marketplace).values()), position)
                time.sleep(0.1)  # as often as a progress bar need move
            report("Read models catch up", position, position)
        finally:
            stop.set()
        for finished in runs:
            finished.result()


def _reached(marketplace: Marketplace) -> dict[str, int]:
    return log_positions(marketplace.projections, marketplace.pool)


def _tell(summary: Summary) -> None:
    typer.echo(
        f"There are now {summary.employers:,} employers with {summary.positions:,} positions, and "
        f"{summary.candidates:,} candidates: {summary.opted_in:,} agreed to be written to, "
        f"{summary.passive:,} have been silent for six months or more.\n"
        f"Of {summary.outreaches:,} outreaches {summary.accepted:,} were accepted, "
        f"{summary.declined:,} declined, {summary.expired:,} never answered. "
        f"All of it is {summary.events:,} events.\n"
        f"Next: {program()} serve"
    )
