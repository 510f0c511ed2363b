"""Recruiters give candidates tags and take them off, without the rules knowing what they say."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from domain.candidate_events import CandidateErased
from domain.merging import MergeCandidates
from domain.tagging import (
    MOST_TAGS,
    TAG_MOST,
    AddTag,
    RemoveTag,
    Tag,
    TagAdded,
    TagRemoved,
    tagging_id,
)
from domain.terms import key
from tests.support.given import (
    ACME,
    BACKEND_ENGINEER,
    CASEY,
    ROBIN,
    Fact,
    acmes_recruiter,
    another_approved_employer,
    approved_employer,
    by,
    erased,
    fact,
    given,
    globexs_recruiter,
    named,
    open_position,
    passive_candidate,
    signed_up,
    the_support,
    then,
    then_refused,
    told,
    when,
)

ABOUT: dict[str, Any] = {"employer_id": ACME, "candidate_id": CASEY}
OF_CASEY = tagging_id(ACME, CASEY)
ONE = named("a tag")
WHO: dict[str, Any] = {"position_id": BACKEND_ENGINEER, "candidate_id": CASEY}
able_to_tag = (approved_employer, open_position, passive_candidate)


def add(tag: str = "Fair", **more: Any) -> AddTag:
    return AddTag(**{**WHO, "tag_id": ONE, **by(acmes_recruiter), **more}, tag=tag)


def remove(*ids: Any, **more: Any) -> RemoveTag:
    return RemoveTag(**{**WHO, **by(acmes_recruiter), **more}, tag_ids=ids or (ONE,))


def added(number: int = 0, **more: Any) -> Fact:
    about = ABOUT | more
    id = tagging_id(ACME, about["candidate_id"])
    return fact(TagAdded, id, **about, tag_id=named(f"tag {number}"), tag=f"Tag {number}")


def test_a_tag_is_given_and_taken_off_once() -> None:
    given(able_to_tag)
    when(add())
    then(fact(TagAdded, OF_CASEY, **ABOUT, tag_id=ONE, tag="Fair"))
    when(add())
    then()
    when(remove())
    then(fact(TagRemoved, OF_CASEY, **ABOUT, tag_id=ONE))
    when(remove())
    then()


def test_a_candidate_has_so_many_tags_at_most() -> None:
    given(able_to_tag, *map(added, range(MOST_TAGS)))
    when(add())
    (sentence,) = then_refused("too_many_tags")
    assert str(MOST_TAGS) in sentence
    when(remove(named("tag 3")))
    when(add())
    then(fact(TagAdded, OF_CASEY, tag="Fair"))


def test_tags_of_a_merged_profile_are_taken_off_too() -> None:
    given(able_to_tag, signed_up(ROBIN), added(1), added(2, candidate_id=ROBIN))
    when(MergeCandidates(candidate_id=CASEY, duplicate_id=ROBIN, **by(the_support)))
    when(remove(named("tag 1"), named("tag 2")))
    then(
        fact(TagRemoved, OF_CASEY, tag_id=named("tag 1")),
        fact(TagRemoved, tagging_id(ACME, ROBIN), tag_id=named("tag 2"), candidate_id=ROBIN),
    )


def test_a_candidate_without_tags_has_none_to_take_off() -> None:
    given(able_to_tag)
    when(remove())
    then_refused("unknown")


@pytest.mark.parametrize("command", [add(**by(globexs_recruiter)), remove(**by(globexs_recruiter))])
def test_another_employers_recruiter_changes_no_tags(command: Any) -> None:
    given(able_to_tag, another_approved_employer, added())
    when(command)
    then_refused("unknown")


def test_an_erased_candidate_gets_no_tag() -> None:
    given(able_to_tag, erased)
    when(add())
    then_refused("candidate_is_erased")


def test_what_a_tag_says_is_erased_with_the_candidate() -> None:
    given(able_to_tag, added(1))
    told().given(fact(CandidateErased, CASEY))
    assert [event.tag for event in told().read() if isinstance(event, TagAdded)] == ["[erased]"]


def test_a_tag_is_short_on_one_line_and_in_unicodes_compatible_form() -> None:
    tag = TypeAdapter(Tag)
    assert tag.validate_python("  \uff26air \n 2026 ") == "Fair 2026"
    for nothing in ("", " \n", "\u200b\u00ad", "x" * (TAG_MOST + 1), "nul\0"):
        with pytest.raises(ValidationError):
            tag.validate_python(nothing)
    assert key(tag.validate_python("Stra\u00dfe")) == key(tag.validate_python("STRASSE"))
