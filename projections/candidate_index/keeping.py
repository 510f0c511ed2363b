"""The indexes of this process, one a database, and the thread that keeps one up to date."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from threading import Event, Lock, Thread

from infrastructure.database.postgres import Database, Pool, open_pool, snapshot
from infrastructure.error_redaction import error_kind
from infrastructure.projecting.checkpoints import NotCaughtUp
from projections.candidate_index.index import CandidateIndex, Scoring, seen_now
from projections.likelihood.scoring import current

logger = logging.getLogger(__name__)

WAIT_SECONDS = 10.0
"""How long a query waits for the index, which takes longer only when it is first read."""

EVERY_SECONDS = 0.5
"""How often the thread reads what has changed."""

AFTER_FAILURE_SECONDS = 1.0

FEW = 20_000
"""Up to so many candidates, a query scores and sorts all of them itself when that is due."""

MANY_CHANGED = 0.05
"""The share of candidates who may have changed before they are sorted among the others."""

READ_SECONDS = 600.0
"""How long reading it for the first time may take."""

Name = tuple[str, int, str]
"""A database by its host, port and name."""

_INDEXES: dict[Name, CandidateIndex] = {}
_KEPT: dict[Name, Event] = {}
"""Those that a thread keeps, and whether it has read them."""

_LOCK = Lock()


class NotRead(NotCaughtUp):
    """The candidates are still being read into memory."""

    retry_after = 10

    def __init__(self) -> None:
        super().__init__("The candidates are being read into memory. Try again in some seconds.")


def index_of(db: Database) -> CandidateIndex:
    """The index of a connection's database, which may have to be read or refreshed."""
    with _LOCK:
        return _INDEXES.setdefault(_name(db), CandidateIndex())


def is_being_read(db: Database) -> bool:
    """Whether the thread that keeps the index has not yet read it."""
    is_read = _KEPT.get(_name(db))
    return is_read is not None and not is_read.is_set()


def _name(db: Database) -> Name:
    return db.info.host, db.info.port, db.info.dbname


def forget() -> None:
    """Read every index anew when it is asked for next."""
    with _LOCK:
        _INDEXES.clear()


@contextmanager
def reading(db: Database, at: datetime) -> Iterator[CandidateIndex]:
    """The index of a connection's database, up to date with its transaction.

    Nobody changes it meanwhile, nor can anybody else use it: do not ask the database within.

    Raises:
        NotRead: another query or the thread is still reading it for the first time.
    """
    is_read, index = _KEPT.get(_name(db)), index_of(db)
    if is_read and not is_read.wait(WAIT_SECONDS):
        raise NotRead
    if not index.has_all(seen_now(db)):
        with _held(index.refreshing):
            index.refresh(db, at)
    with _held(index.lock):
        yield index


@contextmanager
def _held(lock: Lock) -> Iterator[None]:
    if not lock.acquire(timeout=WAIT_SECONDS):
        raise NotRead
    try:
        yield
    finally:
        lock.release()


@contextmanager
def scored(db: Database, by: Scoring) -> Iterator[CandidateIndex]:
    """The same, with scores that are at most a little off. Raises `NotRead` as well."""
    with reading(db, by.at) as index:
        if index.columns.count <= FEW and index.is_off(by):
            index.score_all(by)
        yield index


@contextmanager
def kept(conninfo: str, now: Callable[[], datetime]) -> Iterator[None]:
    """Keep the index of a database up to date meanwhile, so that queries find little to read."""
    with open_pool(
        conninfo, name="candidate index", max_size=1, statement_seconds=READ_SECONDS
    ) as pool:
        with pool.connection() as db:
            name = _name(db)
        is_read = _KEPT[name] = Event()
        stop = Event()
        thread = Thread(
            target=_keep, args=(pool, now, is_read, stop), name="candidate index", daemon=True
        )
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()
            if _KEPT.get(name) is is_read:
                del _KEPT[name]


def _keep(pool: Pool, now: Callable[[], datetime], is_read: Event, stop: Event) -> None:
    while not stop.is_set():
        try:
            with pool.connection() as db:
                _keep_once(db, now())
                is_read.set()
            stop.wait(EVERY_SECONDS)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is tried again
            logger.warning("the candidate index waits, will try again: %s", error_kind(error))
            stop.wait(AFTER_FAILURE_SECONDS)


def _keep_once(db: Database, at: datetime) -> None:
    with snapshot(db):
        index = index_of(db)
        with index.refreshing:
            index.refresh(db, at)
        with index.lock:
            few = index.columns.count * MANY_CHANGED
            unsorted, is_due = len(index.unordered) > few, index.postings.changed > few
        scoring = Scoring(current(db)[0], at)
    if index.columns.count > FEW and (unsorted or index.is_off(scoring)):
        index.score_all_beside(scoring)
    if is_due:
        index.sort_terms_beside()
