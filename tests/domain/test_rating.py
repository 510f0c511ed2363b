"""One answer a person and page, which may change."""

from typing import Any

import pytest
from pydantic import ValidationError

from domain.actor import Actor, Role
from domain.event import ERASED
from domain.rating import ExplainRating, GiveRating, RatingExplained, RatingGiven, rating_id
from infrastructure.event_log.codec import EventMapper
from tests.support.given import (
    ACME,
    GLOBEX,
    acmes_recruiter,
    by,
    fact,
    given,
    then,
    then_refused,
    told,
    when,
)

THEIRS = rating_id("help", acmes_recruiter)
found_it_helpful = fact(RatingGiven, THEIRS, page="help", helpful=True, by=acmes_recruiter)

found_it_unhelpful = fact(RatingGiven, THEIRS, page="help", helpful=False, by=acmes_recruiter)
explained = fact(RatingExplained, THEIRS, page="help", reason="Show an example.")


def test_somebody_says_whether_a_page_was_helpful() -> None:
    given()
    when(GiveRating(page="help", helpful=False, **by(acmes_recruiter)))
    then(fact(RatingGiven, THEIRS, page="help", helpful=False))


def test_an_answer_may_change() -> None:
    given(found_it_helpful)
    when(GiveRating(page="help", helpful=False, **by(acmes_recruiter)))
    then(fact(RatingGiven, THEIRS, page="help", helpful=False))


def test_an_answer_may_change_back() -> None:
    given(found_it_helpful, fact(RatingGiven, THEIRS, page="help", helpful=False))
    when(GiveRating(page="help", helpful=True, **by(acmes_recruiter)))
    then(fact(RatingGiven, THEIRS, page="help", helpful=True))


def test_the_same_answer_again_states_nothing_new() -> None:
    given(found_it_helpful)
    when(GiveRating(page="help", helpful=True, **by(acmes_recruiter)))
    then()


@pytest.mark.parametrize(
    "other",
    [
        Actor(id="recruiter-2", role=Role.RECRUITER, employer_id=ACME),
        Actor(id=acmes_recruiter.id, role=Role.RECRUITER, employer_id=GLOBEX),
        Actor(id=acmes_recruiter.id, role=Role.SUPPORT),
    ],
    ids=["another name", "another house", "another role"],
)
def test_another_persons_answer_is_another(other: Actor) -> None:
    assert rating_id("help", other) != THEIRS


def test_another_pages_answer_is_another() -> None:
    assert rating_id("model", acmes_recruiter) != THEIRS


@pytest.mark.parametrize("page", ["", "Help", "/help", "a b", "-", "a" * 51])
def test_a_page_is_rated_by_its_short_name(page: str) -> None:
    with pytest.raises(ValidationError, match="page"):
        GiveRating(page=page, helpful=True, **by(acmes_recruiter))


def explain(reason: str = "Show an example.") -> ExplainRating:
    return ExplainRating(page="help", reason=reason, **by(acmes_recruiter))


def test_who_answered_no_says_why() -> None:
    given(found_it_unhelpful)
    when(explain())
    then(explained)


def test_a_reason_can_be_replaced() -> None:
    given(found_it_unhelpful, explained)
    when(explain("Show two examples."))
    then(fact(RatingExplained, THEIRS, page="help", reason="Show two examples."))


@pytest.mark.parametrize("history", [(), (found_it_helpful,)], ids=["no answer", "yes"])
def test_a_reason_takes_a_no(history: tuple[Any, ...]) -> None:
    given(*history)
    when(explain())
    then_refused("not_rated_unhelpful")


def test_a_reason_is_sealed() -> None:
    given(found_it_unhelpful, explained)
    mapper = EventMapper(told().keys)
    assert b"example" not in mapper.to_stored_event(told().happened[1]).state
    told().keys.destroyed.add(THEIRS)
    (_, reason) = told().read()
    assert isinstance(reason, RatingExplained)
    assert reason.reason == ERASED
