"""What a company's recruiters note about candidates, and what is left of it after an erasure."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from psycopg import Connection
from psycopg.rows import TupleRow

from domain.candidate_events import CandidateErased
from domain.employer import Manager, RegisterEmployer
from domain.employer_events import BetaJoined
from domain.event import Event
from domain.filters import Filters
from domain.merging import MergeCandidates, SeparateCandidates
from domain.note import NoteEdited, NoteRemoved, NoteWritten
from domain.review import Shortlisted, review_id
from domain.tagging import TagAdded, TagRemoved, tagging_id
from infrastructure.database.postgres import Pool
from infrastructure.event_log.store import EventStore
from infrastructure.projecting.projection import LoggedEvent
from infrastructure.projecting.versions import create_tables
from projections import remarks, shortlist
from projections.candidate_search import CandidateSearch
from projections.remarks import Note, Remarks, TagInUse
from projections.shortlist import Decided
from tests.support.events import event_of
from tests.support.pooled import EMPLOYER, FOLLOWING, NOW, PLATFORM, POSITION, Pooled, somebody

LONG = timedelta(days=400)
ANOTHER = somebody("another employer")


class Noted(Pooled):
    """A pool about whose candidates recruiters note something."""

    def noted(
        self,
        event: type[Event],
        name: str,
        note: str,
        *,
        employer: UUID = EMPLOYER,
        minute: int = 0,
        **says: Any,
    ) -> UUID:
        id, about = somebody(note), {"employer_id": employer, "candidate_id": somebody(name)}
        self._record(event, id, minute, **about, **says)
        return id

    def tagged(
        self,
        event: type[Event],
        name: str,
        tag_id: str,
        *,
        employer: UUID = EMPLOYER,
        minute: int = 0,
        **says: Any,
    ) -> None:
        about = {"employer_id": employer, "candidate_id": somebody(name)}
        id = tagging_id(employer, somebody(name))
        self._record(event, id, minute, **about, tag_id=somebody(tag_id), **says)

    def _record(self, event: type[Event], id: UUID, minute: int, **says: Any) -> None:
        about = {"at": NOW + timedelta(minutes=minute), "by": PLATFORM, **says}
        self.record([event_of(event, id, version=self.version(id) + 1, **about)])

    def shortlisted(self, name: str) -> None:
        id = review_id(POSITION, somebody(name))
        about = {"employer_id": EMPLOYER, "position_id": POSITION, "candidate_id": somebody(name)}
        self._record(Shortlisted, id, 0, **about)

    def notes(self, name: str, employer: UUID = EMPLOYER) -> list[Note]:
        self._follow()
        return remarks.notes(self._db, employer, somebody(name))

    def tags(self, name: str, employer: UUID = EMPLOYER) -> list[str]:
        self._follow()
        found = remarks.tags(self._db, employer, [somebody(name)])
        return [given.tag for given in found.get(somebody(name), [])]

    def in_use(self, beginning: str = "", employer: UUID = EMPLOYER) -> dict[str, int]:
        self._follow()
        return counted(remarks.tags_in_use(self._db, employer, beginning))

    def on_the_shortlist(self, tag: str | None) -> set[UUID]:
        self._follow()
        search = CandidateSearch(EMPLOYER, POSITION, Filters(), NOW)
        return {*shortlist.listed(self._db, Decided.SHORTLISTED, search, 10, None, tag).items}

    def tags_of_the_shortlist(self) -> dict[str, int]:
        self._follow()
        search = CandidateSearch(EMPLOYER, POSITION, Filters(), NOW)
        return counted(shortlist.tags(self._db, Decided.SHORTLISTED, search))

    def everything(self) -> str:
        self._follow()
        return str(rows(self._db))


def counted(found: list[TagInUse]) -> dict[str, int]:
    return {one.tag: one.candidates for one in found}


def rows(db: Connection[TupleRow]) -> list[Any]:
    notes = db.execute("SELECT * FROM candidate_notes ORDER BY note_id").fetchall()
    return [*notes, *db.execute("SELECT * FROM candidate_tags ORDER BY tag_id").fetchall()]


@pytest.fixture
def pooled(store: EventStore, pool: Pool) -> Iterator[Noted]:
    create_tables(FOLLOWING, pool)
    with pool.connection() as db:
        pooled = Noted(store, pool, db)
        for name in ("Ada", "Ben", "Cleo"):
            pooled.sign_up(name, silent_for=LONG)
        yield pooled


# --- Notes


def test_notes_are_listed_the_latest_first_as_they_say_now(pooled: Noted) -> None:
    pooled.noted(NoteWritten, "Ada", "first", text="Met at a fair.")
    pooled.noted(NoteWritten, "Ada", "second", minute=1, text="Likes queues.")
    pooled.noted(NoteEdited, "Ada", "first", minute=2, text="Met in May.")
    newer, older = pooled.notes("Ada")
    assert (newer.text, newer.edited_at, newer.version) == ("Likes queues.", None, 1)
    assert (older.text, older.version) == ("Met in May.", 2)
    assert (older.author, older.written_at) == (PLATFORM.id, NOW)
    assert older.edited_at == NOW + timedelta(minutes=2)
    assert pooled.notes("Ben") == []


def test_a_removed_note_leaves_no_word(pooled: Noted) -> None:
    pooled.noted(NoteWritten, "Ada", "first", text="Met at a fair.")
    pooled.noted(NoteRemoved, "Ada", "first")
    assert pooled.notes("Ada") == []
    assert "fair" not in pooled.everything()


def test_another_employer_reads_neither_notes_nor_tags(pooled: Noted) -> None:
    pooled.noted(NoteWritten, "Ada", "first", text="Met at a fair.")
    pooled.tagged(TagAdded, "Ada", "1", tag="Fair")
    assert pooled.notes("Ada", ANOTHER) == []
    assert pooled.tags("Ada", ANOTHER) == []
    assert pooled.in_use(employer=ANOTHER) == {}


# --- Tags


def test_tags_that_differ_in_case_are_one_in_the_first_spelling(pooled: Noted) -> None:
    pooled.tagged(TagAdded, "Ada", "1", minute=0, tag="Fair")
    pooled.tagged(TagAdded, "Ada", "2", minute=1, tag="Abroad")
    pooled.tagged(TagAdded, "Ada", "3", minute=2, tag="FAIR")
    assert pooled.tags("Ada") == ["Fair", "Abroad"]
    pooled.tagged(TagRemoved, "Ada", "1")
    assert pooled.tags("Ada") == ["Abroad", "FAIR"]


def test_tags_in_use_are_told_with_how_many_have_them_the_most_used_first(pooled: Noted) -> None:
    pooled.tagged(TagAdded, "Ada", "1", tag="Fair")
    pooled.tagged(TagAdded, "Ben", "2", tag="Far away")
    pooled.tagged(TagAdded, "Cleo", "3", tag="Far away")
    pooled.tagged(TagAdded, "Cleo", "4", tag="100%")
    assert [*pooled.in_use().items()] == [("Far away", 2), ("100%", 1), ("Fair", 1)]
    assert pooled.in_use("FAR") == {"Far away": 2}
    assert pooled.in_use("%") == {}
    pooled.tagged(TagRemoved, "Ada", "1")
    assert "Fair" not in pooled.in_use()


def test_a_shortlist_is_filtered_by_a_tag_however_it_is_written(pooled: Noted) -> None:
    in_the_beta(pooled)
    for name in ("Ada", "Ben"):
        pooled.shortlisted(name)
    pooled.tagged(TagAdded, "Ada", "1", tag="Fair")
    pooled.tagged(TagAdded, "Cleo", "2", tag="Fair")
    assert pooled.on_the_shortlist(None) == {*map(somebody, ("Ada", "Ben"))}
    assert pooled.on_the_shortlist(" fair ") == {somebody("Ada")}
    assert pooled.on_the_shortlist("Foul") == set()
    assert pooled.tags_of_the_shortlist() == {"Fair": 1}


def in_the_beta(pooled: Noted) -> None:
    manager = Manager(name="Morgan", email="morgan@example.com")
    pooled.after(RegisterEmployer, employer_id=EMPLOYER, company="Acme", manager=manager)
    version = pooled.version(EMPLOYER) + 1
    pooled.record([event_of(BetaJoined, EMPLOYER, at=NOW, by=PLATFORM, version=version)])


# --- Merged and erased candidates


def test_what_was_noted_about_a_duplicate_is_of_the_person_they_were_merged_into(
    pooled: Noted,
) -> None:
    in_the_beta(pooled)
    pooled.noted(NoteWritten, "Ada", "first", text="Met at a fair.")
    pooled.tagged(TagAdded, "Ada", "1", tag="Fair")
    pooled.shortlisted("Ben")
    both: dict[str, Any] = {"candidate_id": somebody("Ben"), "duplicate_id": somebody("Ada")}
    pooled.after(MergeCandidates, **both)
    assert [note.text for note in pooled.notes("Ben")] == ["Met at a fair."]
    assert pooled.tags("Ben") == ["Fair"]
    assert pooled.on_the_shortlist("fair") == {somebody("Ben")}
    pooled.after(SeparateCandidates, **both)
    assert pooled.notes("Ben") == []


def test_a_person_is_led_to_every_note_and_tag_also_to_removed_ones(pooled: Noted) -> None:
    note = pooled.noted(NoteWritten, "Ada", "first", text="Met at a fair.")
    pooled.noted(NoteRemoved, "Ada", "first")
    pooled.tagged(TagAdded, "Ada", "1", tag="Fair")
    pooled.tagged(TagRemoved, "Ada", "1")
    pooled.tagged(TagAdded, "Ben", "2", tag="Fair")
    pooled.everything()
    found = remarks.of_person(pooled._db, [somebody("Ada")])
    assert {*found} == {note, tagging_id(EMPLOYER, somebody("Ada"))}


def test_one_batch_gives_what_single_events_give_and_an_erasure_may_come_twice(
    store: EventStore, pool: Pool, connection: Connection[TupleRow]
) -> None:
    model = Remarks()
    create_tables([model], pool)
    history: list[LoggedEvent] = []

    def happened(event: type[Event], id: UUID, **more: Any) -> None:
        about = {"at": NOW + timedelta(minutes=len(history)), "by": PLATFORM, "version": 1, **more}
        history.append(LoggedEvent(len(history) + 1, event_of(event, id, **about)))

    for name in ("Ada", "Ben", "Cleo"):
        about = {"employer_id": EMPLOYER, "candidate_id": somebody(name)}
        note, tagging = somebody(f"a note on {name}"), tagging_id(EMPLOYER, somebody(name))
        tag = {**about, "tag_id": somebody(f"a tag on {name}")}
        happened(NoteWritten, note, **about, text=f"{name} sings.")
        happened(TagAdded, tagging, **tag, tag=f"Choir of {name}")
        happened(NoteEdited, note, **about, text=f"{name} sings alto.")
        happened(TagRemoved, tagging, **tag)
        happened(NoteWritten, somebody(f"another on {name}"), **about, text="Left.")
        happened(NoteRemoved, somebody(f"another on {name}"), **about)
    happened(CandidateErased, somebody("Cleo"))
    history.append(history[-1])

    def applied(batches: list[list[LoggedEvent]]) -> list[Any]:
        with connection.transaction(force_rollback=True):
            for batch in batches:
                model.apply(connection, batch)
            return rows(connection)

    one_by_one = applied([[event] for event in history])
    assert one_by_one == applied([history])
    assert {row[1] for row in one_by_one} == {somebody("Ada"), somebody("Ben")}
