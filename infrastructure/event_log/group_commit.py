"""The queue of the event log: concurrent saves become one transaction.

A caller that saves while no batch is being written becomes the leader. It writes what is queued by
then, its own save and others', in one transaction, gives each its own outcome, and makes the first
caller that has queued meanwhile the next leader. No thread of its own is needed, and a lone caller
pays for no hand-over.

All writers, of this process and others, take turns at the log's row in `log_head`. Log positions
are given under that lock and the lock is released by the commit: a reader that sees an event sees
all before it.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from threading import Lock
from uuid import UUID

from eventsourcing.persistence import InternalError, OperationalError, StoredEvent

from infrastructure.event_log.batch_writer import BatchWriter, DatabaseUnavailable
from infrastructure.event_log.batches import Save
from infrastructure.event_log.statements import Statement
from infrastructure.telemetry import figures


class GroupCommit:
    """Queues saves, and has its leader write them in batches of so many events or one save."""

    def __init__(self, writer: BatchWriter, batch_size: int) -> None:
        self._writer = writer
        self._batch_size = batch_size
        self._mutex = Lock()  # over the next two, never held while anything waits
        self._queue: deque[Save] = deque()
        self._is_led = False

    def save(
        self,
        events: Sequence[StoredEvent],
        unchanged: Mapping[UUID, int],
        also: Sequence[Statement],
    ) -> list[int]:
        """Record events, all or none, and return their log positions once they are committed.

        Arguments and errors are those of `GroupCommitRecorder.insert_events`.
        """
        save = Save(events, unchanged, also)
        batch: list[Save] = []
        try:
            with self._mutex:
                if not self._is_led:
                    self._is_led = save.leads = True
                self._queue.append(save)
            if not save.leads:
                save.turn.acquire()
            if save.leads:
                self._take(batch)
                self._write(batch)
        finally:
            if save.leads or save.outcome is None:
                self._leave(save, batch)
        if isinstance(save.outcome, list):
            return save.outcome
        raise save.outcome or InternalError("a save was left without an outcome")

    def close(self) -> None:
        """Close the writer's connection. A later save opens another."""
        self._writer.close()

    def _take(self, batch: list[Save]) -> None:
        """Move saves from the queue, its head in any case, into the batch."""
        room = self._batch_size
        with self._mutex:
            while self._queue and (not batch or len(self._queue[0].events) <= room):
                batch.append(self._queue[0])
                room -= len(self._queue.popleft().events)

    def _leave(self, save: Save, batch: Sequence[Save]) -> None:
        """Release the others of the batch and the next leader, also if interrupted at any point."""
        next_leader: Save | None = None
        with self._mutex:
            if batch and self._queue and self._queue[0] is batch[-1]:
                self._queue.popleft()  # interrupted while taking it
            if save.outcome is None:
                with suppress(ValueError):
                    self._queue.remove(save)  # interrupted before it was taken
            if save.leads:
                save.leads = False
                next_leader = self._queue[0] if self._queue else None
                if next_leader:
                    next_leader.leads = True
                else:
                    self._is_led = False
        if next_leader:
            next_leader.turn.release()
        for other in batch:
            if other is not save:
                if other.outcome is None:
                    other.outcome = OperationalError(
                        "the thread that was writing was interrupted; "
                        "whether this save was recorded is unknown"
                    )
                other.turn.release()

    def _write(self, batch: Sequence[Save]) -> None:
        """Give every save of the batch its outcome.

        A batch that the database refuses is written again save by save, so that the error reaches
        only the save that caused it. That is rare (mostly a key in `also` that is already taken),
        cannot be derived from the error alone, and spares the others a savepoint.
        """
        try:
            outcomes = self._writer.write(batch)
        except DatabaseUnavailable as error:
            for save in batch:
                save.outcome = type(error)(str(error))  # each thread raises one of its own
        except Exception as error:  # noqa: BLE001 - raised in the caller's own thread
            if len(batch) == 1:
                batch[0].outcome = error
            else:
                for save in batch:
                    self._write([save])
        else:
            figures.COMMIT_EVENTS.observe(sum(len(save.events) for save in batch))
            for save, outcome in zip(batch, outcomes, strict=True):
                save.outcome = outcome
