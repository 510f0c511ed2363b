"""The words that candidates and positions are found by, and how a search is read.

Candidates are found by their names, skills and employers; positions by title, place, roles and
skills. A word is stored whole and in its parts, a skill also by its name in the vocabulary, after
`=`, which no word begins with.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from domain.candidate_events import CandidateErased, CandidateSignedUp, ProfileEnhanced
from domain.filters import Filters
from domain.handlers import on
from domain.position import FiltersSet, PositionOpened, TitleSet, WorkplaceSet
from domain.profile import Facts, Job
from domain.terms import key, search_key
from infrastructure.projecting.projection import Change, Projection
from infrastructure.vocabulary.additions import NONE, Additions
from infrastructure.vocabulary.skills import canonical_skills
from projections.canonical import compared_skills

LONGEST = 60
"""Letters of a word that are compared."""

FEWEST_TO_BEGIN = 3
"""From so many letters on, a word also finds longer ones that begin so."""

MOST_WORDS = 8

_IDEOGRAPHS = "\u2e80"
"""From here on are scripts that write a word in one or two characters."""

_BETWEEN = re.compile(r"[\s,;|()\[\]{}<>\"“”„«»=\\\x00]+")
_PARTS = re.compile(r"[-./&_'’:]+")  # noqa: RUF001 - an apostrophe


class SearchWords(Projection, name="search_words", version=1, key="id", personal=True, apart=True):
    """The words of every candidate and of every position."""

    TABLES = """
        CREATE TABLE candidate_words (
            candidate_id uuid PRIMARY KEY,
            names        tsvector NOT NULL,
            skills       tsvector NOT NULL,
            employers    tsvector NOT NULL
        );
        CREATE INDEX candidate_words_found ON candidate_words
            USING gin ((names || skills || employers));

        CREATE TABLE position_words (
            employer_id uuid,
            position_id uuid,
            titles      tsvector NOT NULL,
            places      tsvector NOT NULL,
            filters     tsvector NOT NULL,
            PRIMARY KEY (employer_id, position_id)
        )"""

    SIGN_UP = """
        INSERT INTO candidate_words (candidate_id, names, skills, employers)
        VALUES (
            %(id)s, array_to_tsvector(%(names)s::text[]), array_to_tsvector(%(skills)s::text[]),
            array_to_tsvector(%(employers)s::text[]))"""

    ENHANCE = """
        UPDATE candidate_words SET
            names = coalesce(array_to_tsvector(%(names)s::text[]), names),
            skills = coalesce(array_to_tsvector(%(skills)s::text[]), skills),
            employers = coalesce(array_to_tsvector(%(employers)s::text[]), employers)
        WHERE candidate_id = %(id)s"""

    ERASE = "DELETE FROM candidate_words WHERE candidate_id = %(id)s"

    OPEN = """
        INSERT INTO position_words (employer_id, position_id, titles, places, filters)
        VALUES (
            %(employer_id)s, %(id)s, array_to_tsvector(%(titles)s::text[]),
            array_to_tsvector(%(places)s::text[]), array_to_tsvector(%(filters)s::text[]))"""

    SET_TITLE = """
        UPDATE position_words SET titles = array_to_tsvector(%(titles)s::text[])
        WHERE employer_id = %(employer_id)s AND position_id = %(id)s"""

    SET_PLACE = """
        UPDATE position_words SET places = array_to_tsvector(%(places)s::text[])
        WHERE employer_id = %(employer_id)s AND position_id = %(id)s"""

    SET_FILTERS = """
        UPDATE position_words SET filters = array_to_tsvector(%(filters)s::text[])
        WHERE employer_id = %(employer_id)s AND position_id = %(id)s"""

    @on(CandidateSignedUp)
    def on_candidate_signed_up(self, event: CandidateSignedUp) -> Change:
        return self.SIGN_UP, {
            "names": words(event.name),
            "skills": _skill_words(event.facts) or [],
            "employers": _employer_words(event.jobs) or [],
        }

    @on(ProfileEnhanced)
    def on_profile_enhanced(self, event: ProfileEnhanced) -> Change:
        return self.ENHANCE, {
            "names": event.name and words(event.name),
            "skills": _skill_words(event.facts),
            "employers": _employer_words(event.jobs),
        }

    @on(CandidateErased)
    def on_candidate_erased(self, _event: CandidateErased) -> Change:
        return self.ERASE, {}

    @on(PositionOpened)
    def on_position_opened(self, event: PositionOpened) -> Change:
        said = {"titles": words(event.title), "places": words(event.location or "")}
        return self.OPEN, said | {"filters": _filter_words(event.filters)}

    @on(TitleSet)
    def on_title_set(self, event: TitleSet) -> Change:
        return self.SET_TITLE, {"titles": words(event.title)}

    @on(WorkplaceSet)
    def on_workplace_set(self, event: WorkplaceSet) -> Change:
        return self.SET_PLACE, {"places": words(event.location or "")}

    @on(FiltersSet)
    def on_filters_set(self, event: FiltersSet) -> Change:
        return self.SET_FILTERS, {"filters": _filter_words(event.filters)}


def words(*texts: str) -> list[str]:
    """The words of texts, each whole and in its parts, as they are compared.

    >>> words("Zoë O'Neil-Ærø"), words("Node.js, C++")
    (['aero', 'neil', 'o', "o'neil-aero", 'zoe'], ['c++', 'js', 'node', 'node.js'])
    """
    return sorted({word for text in texts for word in _with_parts(text)})


def _with_parts(text: str) -> Iterator[str]:
    for word in _whole_words(text):
        yield word
        yield from (part[:LONGEST] for part in _PARTS.split(word) if part)


def _whole_words(text: str) -> list[str]:
    said = (word.rstrip(".:!?'’…-/&")[:LONGEST] for word in _BETWEEN.split(search_key(text)))  # noqa: RUF001
    return [word for word in said if any(letter.isalnum() for letter in word)]


def _skill_words(facts: Facts) -> list[str] | None:
    return None if facts.skills is None else _of_skills(facts.skills)


def _of_skills(skills: Sequence[str]) -> list[str]:
    return [*words(*skills), *_marked(dict.fromkeys((*skills, *compared_skills(skills))))]


def _marked(skills: Iterable[str]) -> list[str]:
    return [f"={key(skill)[:LONGEST]}" for skill in skills if key(skill)]


def _employer_words(jobs: Sequence[Job] | None) -> list[str] | None:
    return None if jobs is None else words(*(job.employer for job in jobs if job.employer))


def _filter_words(filters: Filters) -> list[str]:
    skills = (*filters.required_skills, *filters.nice_to_have_skills)
    return [*words(*filters.roles), *_of_skills(skills)]


# The search ---------------------------------------------------------------------------------------


def search_of(text: str, own: Additions = NONE) -> str | None:
    """What is typed, as a `tsquery`: all of its words, or the skills that it names as a whole.

    None if it has no words. `own` is what administrators added to the vocabulary.

    >>> search_of("Zoë Go")
    "('zoe':* | '=zoe') & ('go' | '=go') | ('=zoë go')"
    """
    typed = _whole_words(text)[:MOST_WORDS]
    if not typed:
        return None
    each = " & ".join(_either(_word(word), _skills(word, own)) for word in typed)
    return f"{each} | ({_skills(text, own)})" if len(typed) > 1 else each


def _either(*queries: str) -> str:
    return f"({' | '.join(filter(None, queries))})"


def _word(word: str) -> str:
    begins = len(word) >= FEWEST_TO_BEGIN or word[0] >= _IDEOGRAPHS
    return f"{_quoted(word)}{':*' if begins else ''}"


def _skills(text: str, own: Additions) -> str:
    return " & ".join(map(_quoted, _marked(canonical_skills((text,), own)[:MOST_WORDS])))


def _quoted(lexeme: str) -> str:
    return "'{}'".format(lexeme.replace("\\", "\\\\").replace("'", "''"))
