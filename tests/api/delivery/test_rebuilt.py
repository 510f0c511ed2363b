"""What has been done once because of a read model is not done again when that is rebuilt."""

from collections.abc import Callable

from domain.actor import Role
from infrastructure.projecting import progress
from tests.support.client import done
from tests.support.concurrency import wait_until
from tests.support.post_office import PostOffice, Sent
from tests.support.stage import Stage


def rebuild_all(stage: Stage) -> None:
    """Rebuild every read model, in the stage's own worker."""
    admin = stage.as_(Role.ADMIN)
    for projection in stage.marketplace.projections:
        answer = done(admin("PUT", f"/projections/{projection.name}/rebuild"))
        assert answer == {"changed": True}
    with stage.connection() as db:
        wait_until(lambda: all(one.live for one in progress.progress(db)))


def test_after_a_rebuild_no_letter_leaves_again_and_nothing_is_recorded(
    office: PostOffice, send: Callable[[], Sent]
) -> None:
    sent = send()
    assert len(office.deliver()) == 1
    happened, reached = sent.happened(), office.stage.reached()
    rebuild_all(office.stage)
    assert office.deliver() == []
    assert (sent.happened(), office.stage.reached()) == (happened, reached)
    assert sent.status() == "awaiting_answer"


def test_a_letter_that_is_due_during_a_rebuild_leaves_once(
    office: PostOffice, send: Callable[[], Sent]
) -> None:
    send()
    admin = office.stage.as_(Role.ADMIN)
    done(admin("PUT", "/projections/outbox/rebuild"))
    letters = office.deliver()
    with office.stage.connection() as db:
        wait_until(lambda: all(one.live for one in progress.progress(db)))
    assert len(letters) + len(office.deliver()) == 1
