"""`import candidates`: signs candidates up from JSON Resume documents, each once."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Annotated, BinaryIO
from uuid import uuid4

import typer

from api.cli import import_report
from api.cli.documents import Entry, entries
from api.cli.exit_codes import EXIT_CODES, Exit
from api.cli.sign_ups import BadRecord, Outcome, Result, sign_up, sign_up_of
from api.cli.terminal import Report, complain, progress
from api.formats.documents import DocumentWarning
from api.marketplace import Marketplace, now, open_marketplace
from domain.actor import Actor, Cause, Role
from domain.identifier import SignUpCandidate
from infrastructure.settings import load_settings

importing = typer.Typer(
    name="import",
    help="Import data from elsewhere.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    rich_markup_mode=None,
)

IMPORT = Actor(id="import", role=Role.PLATFORM)
AT_ONCE = 500
"""Documents signed up in one transaction."""

MOST_SHOWN = 20
"""Warnings that are written to the screen; all of them are in the report."""


@dataclass
class Totals:
    """What became of the documents so far."""

    report: import_report.Report
    counts: Counter[Outcome] = field(default_factory=Counter)
    warned: int = 0

    def add(self, result: Result, warnings: Sequence[DocumentWarning] = ()) -> None:
        where, outcome, reason = result
        self.counts[outcome] += 1
        problems = [(one.path, one.problem) for one in warnings]
        self.report(where, outcome, problems or [("", reason)])
        if reason:
            complain(f"{where}: {reason}")
        for warning in warnings:
            self.warned += 1
            if self.warned <= MOST_SHOWN:
                complain(f"{where}: {warning}")

    def summary(self) -> str:
        """How many of each, in a line."""
        taken, known, bad = (self.counts[outcome] for outcome in Outcome)
        warned = f" Warnings: {self.warned:,}." if self.warned else ""
        return f"Candidates taken: {taken:,}. Already there: {known:,}. Bad: {bad:,}.{warned}"


@importing.callback()
def _import() -> None: ...


@importing.command(epilog=EXIT_CODES)
def candidates(
    file: Annotated[
        typer.FileBinaryRead, typer.Argument(metavar="FILE", help="A file, or - for standard input")
    ],
    report: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write what became of each record, and every warning: CSV if it ends in .csv, "
            "else JSON lines",
            dir_okay=False,
            writable=True,
        ),
    ] = None,
) -> None:
    """Sign candidates up from JSON Resume documents (https://jsonresume.org/schema).

    FILE is NDJSON (a document per line, read line by line), a JSON array or a single document; the
    format is detected. Fields that JSON Resume lacks stand under meta.sourcing: candidate_id,
    external_id, opted_in, signed_up_at, last_active_at, roles and more. A candidate with
    last_active_at counts as active until then; without signed_up_at they signed up then, and
    without either today.

    What can be read of a document is read; the rest is left out with a warning that names its path.
    A record is bad, reported and skipped only if it is no JSON or names nobody: neither a name nor
    an address nor an id. Nobody is signed up twice: a person is known by candidate_id, by
    external_id, by e-mail address (however it is written) or, with none of them, by the document
    itself. A changed document of a known person updates their profile, with the date in
    meta.lastModified or today; it never undoes an opt-out.
    """
    with open_marketplace(load_settings()) as marketplace, import_report.writing(report) as write:
        totals = Totals(write)
        try:
            with progress() as shown:
                _import_all(marketplace, file, totals, shown)
        except KeyboardInterrupt:
            complain("Interrupted; importing the same again takes the rest.")
            raise
        finally:
            if totals.warned > MOST_SHOWN:
                complain(f"{totals.warned - MOST_SHOWN:,} more warnings; --report FILE has them.")
            typer.echo(totals.summary())
    if totals.counts[Outcome.REFUSED]:
        raise typer.Exit(Exit.BAD_RECORDS)


def _import_all(marketplace: Marketplace, file: BinaryIO, totals: Totals, report: Report) -> None:
    done = 0
    for chunk in _chunks(entries(file)):
        cause = Cause(by=IMPORT, at=now(), request_id=str(uuid4()))
        members: list[tuple[str, SignUpCandidate]] = []
        warnings: dict[str, Sequence[DocumentWarning]] = {}
        for entry in chunk:
            try:
                command, warnings[entry.where] = sign_up_of(marketplace, entry, cause)
                members.append((entry.where, command))
            except BadRecord as bad:
                totals.add(Result(entry.where, Outcome.REFUSED, str(bad)))
        for result in sign_up(marketplace.store, members):
            totals.add(result, () if result.reason else warnings[result.where])
        done += len(chunk)
        report("Records read", done)


def _chunks(all: Iterator[Entry]) -> Iterator[list[Entry]]:
    while chunk := [*islice(all, AT_ONCE)]:
        yield chunk
