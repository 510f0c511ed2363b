"""`import candidates`: signs candidates up from JSON Resume documents, each once."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Annotated, BinaryIO
from uuid import uuid4

import typer

from api.cli.documents import Entry, entries
from api.cli.exit_codes import EXIT_CODES, Exit
from api.cli.sign_ups import BadRecord, Taken, sign_up, sign_up_of
from api.cli.terminal import Report, complain, progress
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


@dataclass
class Totals:
    """What became of the documents so far."""

    taken: int = 0
    known: int = 0
    bad: int = 0

    def refuse(self, where: str, reason: str) -> None:
        self.bad += 1
        complain(f"{where}: {reason}")

    def add(self, chunk: Taken) -> None:
        self.taken += chunk.taken
        self.known += chunk.known
        for where, reason in chunk.refused:
            self.refuse(where, reason)


@importing.callback()
def _import() -> None: ...


@importing.command(epilog=EXIT_CODES)
def candidates(
    file: Annotated[
        typer.FileBinaryRead, typer.Argument(metavar="FILE", help="A file, or - for standard input")
    ],
) -> None:
    """Sign candidates up from JSON Resume documents (https://jsonresume.org/schema).

    FILE is NDJSON (a document per line, read line by line), a JSON array or a single document; the
    format is detected. Fields that JSON Resume lacks stand under meta.sourcing: candidate_id,
    external_id, opted_in, signed_up_at, last_active_at, roles and more. A candidate with
    last_active_at counts as active until then; without signed_up_at they signed up then, and
    without either today.

    A bad record is reported with its line or number and the reason, and skipped. Nobody is signed
    up twice: a person is known by candidate_id, by external_id, by e-mail address (however it is
    written) or, with none of them, by the document itself. A changed document of a known person
    updates their profile, with the date in meta.lastModified or today; it never undoes an opt-out.
    """
    with open_marketplace(load_settings()) as marketplace:
        totals = Totals()
        try:
            with progress() as report:
                _import_all(marketplace, file, totals, report)
        except KeyboardInterrupt:
            complain("Interrupted; importing the same again takes the rest.")
            raise
        finally:
            typer.echo(
                f"Candidates taken: {totals.taken:,}. Already there: {totals.known:,}. "
                f"Bad: {totals.bad:,}."
            )
    if totals.bad:
        raise typer.Exit(Exit.BAD_RECORDS)


def _import_all(marketplace: Marketplace, file: BinaryIO, totals: Totals, report: Report) -> None:
    done = 0
    for chunk in _chunks(entries(file)):
        cause = Cause(by=IMPORT, at=now(), request_id=str(uuid4()))
        members: list[tuple[str, SignUpCandidate]] = []
        for entry in chunk:
            try:
                members.append((entry.where, sign_up_of(marketplace, entry, cause)))
            except BadRecord as bad:
                totals.refuse(entry.where, str(bad))
        totals.add(sign_up(marketplace.store, members))
        done += len(chunk)
        report("Records read", done)


def _chunks(all: Iterator[Entry]) -> Iterator[list[Entry]]:
    while chunk := [*islice(all, AT_ONCE)]:
        yield chunk
