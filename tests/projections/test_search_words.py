"""What people type into the search, and the words that it finds."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from psycopg import Connection
from psycopg.rows import TupleRow

from domain.candidate_events import CandidateErased, CandidateSignedUp, ProfileEnhanced
from domain.event import Event
from domain.filters import Filters
from domain.position import FiltersSet, PositionOpened, TitleSet, WorkplaceSet
from domain.profile import Facts, Job
from infrastructure.database.postgres import Pool
from infrastructure.projecting.projection import LoggedEvent
from infrastructure.projecting.versions import create_tables
from infrastructure.vocabulary.additions import Additions
from projections.search import WORDS
from projections.search_words import SearchWords, search_of
from tests.support.events import event_of
from tests.support.pooled import EMPLOYER, NOW, PLATFORM, somebody

PROFILE: dict[str, Any] = {
    "name": "Zoë O'Neil-Ærø",
    "fields": (),
    "facts": Facts(skills=("Node.js", "C++", "Golang", "CI/CD", "T-SQL")),
    "jobs": (Job(employer="Quarzuhren & Söhne GmbH", title="Cook"),),
}


class Indexed:
    """The words of events that are applied one by one."""

    def __init__(self, db: Connection[TupleRow]) -> None:
        self.db = db
        self.happened = 0

    def after(self, kind: type[Event], id: UUID, **says: Any) -> None:
        self.happened += 1
        about = {"at": NOW + timedelta(minutes=self.happened), "by": PLATFORM, "version": 1, **says}
        SearchWords().apply(self.db, [LoggedEvent(self.happened, event_of(kind, id, **about))])

    def finds(self, text: str, own: Additions | None = None) -> bool:
        query = search_of(text, own) if own else search_of(text)
        found = self.db.execute(
            f"SELECT FROM candidate_words AS w WHERE {WORDS} @@ %s::tsquery",
            [query],
        )
        return bool(found.fetchall())

    def finds_position(self, text: str) -> bool:
        found = self.db.execute(
            "SELECT FROM position_words AS w"
            " WHERE (w.titles || w.places || w.filters) @@ %s::tsquery",
            [search_of(text)],
        )
        return bool(found.fetchall())


@pytest.fixture
def indexed(pool: Pool, connection: Connection[TupleRow]) -> Indexed:
    create_tables([SearchWords()], pool)
    return Indexed(connection)


@pytest.fixture
def zoe(indexed: Indexed) -> Indexed:
    indexed.after(CandidateSignedUp, somebody("Zoë"), **PROFILE)
    return indexed


@pytest.mark.parametrize(
    "text",
    [
        "zoe", "ZOË", "Zoë O'Neil", "aero zoë", "neil", "aerø", "o'neil-aero",
        "node.js", "nodejs", "Node", "c++", "golang", "go", "ci/cd", "SQL", "node, golang",
        "quarz", "söhne gmbh", "quarzuhren zoe", "zoe golang",
    ],
)  # fmt: skip
def test_all_words_find_by_name_skill_and_employer(zoe: Indexed, text: str) -> None:
    assert zoe.finds(text)


@pytest.mark.parametrize(
    "text", ["zo", "oe", "c", "ruby", "zoe ruby", "uhren", "cook", "java", "gmbh & co"]
)
def test_other_words_find_nobody(zoe: Indexed, text: str) -> None:
    assert not zoe.finds(text)


@pytest.mark.parametrize("text", ["", "  ", "...", "()", "&|!", "'", "\\"])
def test_a_text_without_words_is_no_search(text: str) -> None:
    assert search_of(text) is None


@pytest.mark.parametrize(
    "text", ["o''neil", "a\\b'c", "!zoe", "zoe:*", "zoe & !golang", "(zoe", "'='", "=go", "日本"]
)
def test_no_text_is_read_as_an_operator(zoe: Indexed, text: str) -> None:
    zoe.finds(text)


def test_words_of_scripts_without_blanks_are_found_by_how_they_begin(indexed: Indexed) -> None:
    indexed.after(CandidateSignedUp, somebody("Tarō"), **PROFILE | {"name": "山田太郎"})
    assert indexed.finds("山田")


def test_what_administrators_added_to_the_vocabulary_is_understood(zoe: Indexed) -> None:
    own = Additions(frozenset(), frozenset({("gopherlang", "Go")}), frozenset())
    assert not zoe.finds("gopherlang")
    assert zoe.finds("gopherlang", own)


def test_what_a_profile_says_anew_is_found_and_the_rest_stays(zoe: Indexed) -> None:
    says = {"fields": (), "source": "cv", "observed_on": NOW.date()}
    zoe.after(ProfileEnhanced, somebody("Zoë"), facts=Facts(skills=("Ruby",)), **says)
    assert zoe.finds("ruby zoe quarz")
    assert not zoe.finds("golang")
    zoe.after(ProfileEnhanced, somebody("Zoë"), facts=Facts(), name="Zoë Miller", **says)
    assert zoe.finds("miller ruby")
    zoe.after(ProfileEnhanced, somebody("Zoë"), facts=Facts(), jobs=(), **says)
    assert not zoe.finds("quarz")


def test_nothing_is_kept_of_who_is_erased(zoe: Indexed) -> None:
    zoe.after(CandidateErased, somebody("Zoë"))
    assert zoe.db.execute("SELECT FROM candidate_words").fetchall() == []


def test_positions_are_found_by_title_place_role_and_skill_as_they_are_now(
    indexed: Indexed,
) -> None:
    about: dict[str, Any] = {"employer_id": EMPLOYER}
    id = somebody("position")
    filters = Filters(roles=("Data engineer",), required_skills=("Golang",))
    says = {"title": "Robot builder", "description": "", "location": "Lyon, France"}
    indexed.after(PositionOpened, id, **about, **says, remote=False, salary=None, filters=filters)
    for text in ("robot", "lyon", "data eng", "go", "builder france golang"):
        assert indexed.finds_position(text), text
    indexed.after(TitleSet, id, **about, title="Cook")
    indexed.after(WorkplaceSet, id, **about, location=None, remote=True)
    indexed.after(FiltersSet, id, **about, filters=Filters())
    assert indexed.finds_position("cook")
    for text in ("robot", "lyon", "data", "go"):
        assert not indexed.finds_position(text), text
