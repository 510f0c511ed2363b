"""A recruiter chooses how often to be told of answers."""

from domain.notification import Frequency, NotificationSet, SetNotification, notification_id
from tests.support.given import (
    ACME,
    acmes_recruiter,
    by,
    fact,
    given,
    the_platform,
    then,
    then_refused,
    when,
)

MINE = notification_id(acmes_recruiter)


def told(frequency: Frequency) -> SetNotification:
    return SetNotification(frequency=frequency, email="robin@acme.example", **by(acmes_recruiter))


def test_a_recruiter_is_told_at_the_address_they_give() -> None:
    given()
    when(told(Frequency.EACH))
    said = {"employer_id": ACME, "frequency": Frequency.EACH, "email": "robin@acme.example"}
    then(fact(NotificationSet, MINE, **said))  # type: ignore[arg-type]  # as a fact's fields


def test_without_an_address_nobody_is_told() -> None:
    given()
    when(SetNotification(frequency=Frequency.DAILY, **by(acmes_recruiter)))
    then_refused("address_missing")


def test_never_forgets_the_address() -> None:
    given()
    when(told(Frequency.NEVER))
    then(fact(NotificationSet, MINE, frequency=Frequency.NEVER, email=None))


def test_only_recruiters_are_told() -> None:
    given()
    when(SetNotification(frequency=Frequency.EACH, email="a@example.org", **by(the_platform)))
    then_refused("not_a_recruiter")
