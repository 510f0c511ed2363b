"""Whatever recruiters note about a person, and however they tag them: it dies with the person."""

from typing import Any
from unicodedata import normalize
from uuid import UUID, uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.candidate_commands import EraseCandidate
from domain.command import Command
from domain.employer import ApproveEmployer
from domain.note import EditNote, RemoveNote, WriteNote
from domain.tagging import TAG_MOST, AddTag, RemoveTag
from domain.terms import key
from infrastructure.database.postgres import Pool
from infrastructure.event_log.store import EventStore
from infrastructure.projecting.projection import Projection
from infrastructure.projecting.projector import Projector
from infrastructure.projecting.versions import create_tables
from projections.read_models import read_models
from tests.support.dumped import dumped, found
from tests.support.ledger import drain
from tests.support.stored import BY, employer, member, position
from tests.support.trail import restart_at

UNLIKELY = "qzjxvk"
"""What no program and no other word has in it."""


def words(most: int) -> st.SearchStrategy[str]:
    """Words in any script, in any case, which stand nowhere by chance."""
    letters = st.characters(codec="utf-8", categories=["Lu", "Ll", "Lo", "Nd", "So"])
    texts = st.text(letters, min_size=1, max_size=most - len(UNLIKELY))
    return texts.map(lambda text: normalize("NFKC", text)[: most - len(UNLIKELY)] + UNLIKELY)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("note"), words(200)),
        st.tuples(st.just("tag"), words(TAG_MOST)),
        st.tuples(st.sampled_from(["edit", "remove", "untag"]), words(TAG_MOST)),
    ),
    min_size=1,
    max_size=8,
)


class Told:
    """What is noted about one person, and every word of it."""

    def __init__(self, store: EventStore) -> None:
        self.store = store
        self.position_id = position(store, employer(store, ApproveEmployer))
        self.candidate_id = member(store)
        self.words: dict[str, str] = {}
        self.notes: list[UUID] = []
        self.tags: list[UUID] = []

    def does(self, step: str, word: str) -> None:
        about: dict[str, Any] = {"position_id": self.position_id, "candidate_id": self.candidate_id}
        if step == "note":
            self.notes.append(uuid4())
            self.says(word, WriteNote, **about, note_id=self.notes[-1], text=word)
        elif step == "tag":
            self.tags.append(uuid4())
            self.says(word, AddTag, **about, tag_id=self.tags[-1], tag=word)
        elif step == "edit" and self.notes:
            self.says(word, EditNote, note_id=self.notes[-1], text=word)
        elif step == "remove" and self.notes:
            self.store.execute(RemoveNote(**BY, note_id=self.notes.pop()))
        elif step == "untag" and self.tags:
            self.store.execute(RemoveTag(**BY, **about, tag_ids=(self.tags.pop(),)))

    def says(self, word: str, command: type[Command], **asked: Any) -> None:
        self.store.execute(command(**BY, **asked))
        self.words[f"{len(self.words)}: {word}"] = word
        self.words[f"{len(self.words)}: the key of {word}"] = key(word)

    def read(self) -> str:
        """All events as who has the keys reads them."""
        stored, _ = self.store.read(0, 100_000, [])
        return "".join(map(str, self.store.mapper.with_personal_fields(stored)))


def followed(models: list[Projection], store: EventStore, pool: Pool) -> None:
    for model in models:
        drain(Projector([model], store, pool))


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_after_an_erasure_no_word_of_notes_and_tags_is_anywhere(
    store: EventStore, pool: Pool, database_url: str, steps: list[tuple[str, str]]
) -> None:
    models = read_models()
    create_tables(models, pool)
    told = Told(store)
    told.does("note", f"A note that stays: {UNLIKELY}")
    told.notes.clear()
    for step in steps:
        told.does(*step)
    followed(models, store, pool)
    assert UNLIKELY in told.read()
    assert found({"the note": UNLIKELY}, dumped(database_url))
    store.execute(EraseCandidate(**BY, candidate_id=told.candidate_id))
    followed(models, store, pool)
    assert found(told.words | {"any of them": UNLIKELY}, dumped(database_url)) == []
    assert UNLIKELY not in told.read()
    for model in models:
        if model.name == "remarks":
            restart_at(0, model, pool)
    followed(models, store, pool)
    assert found(told.words, dumped(database_url)) == []
