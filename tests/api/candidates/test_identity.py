"""Under which id a person comes in who brings none."""

from uuid import UUID, uuid4

from api.candidates.identity import id_by_email, known_id
from api.formats.json_resume import Profile

HERE, ELSEWHERE = uuid4(), uuid4()


def person(external_id: str | None = None, candidate_id: UUID | None = None) -> Profile:
    return Profile(name="Ada", external_id=external_id, candidate_id=candidate_id)


def test_the_same_external_id_gives_the_same_candidate() -> None:
    assert known_id(person("a/1"), HERE) == known_id(person("a/1"), HERE)
    assert known_id(person("a/1"), HERE) != known_id(person("a/2"), HERE)


def test_an_id_that_is_given_is_kept() -> None:
    given = uuid4()
    assert known_id(person("a/1", given), HERE) == given


def test_a_person_without_either_has_no_id_yet() -> None:
    assert known_id(person(), HERE) is None


def test_an_id_cannot_be_computed_elsewhere_from_what_it_stands_for() -> None:
    assert known_id(person("a/1"), HERE) != known_id(person("a/1"), ELSEWHERE)
    assert id_by_email("ada@example.com", HERE) != id_by_email("ada@example.com", ELSEWHERE)


def test_an_address_is_one_person_however_it_is_capitalised() -> None:
    assert id_by_email("Ada@Example.com", HERE) == id_by_email("ada@example.com", HERE)
