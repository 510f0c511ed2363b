"""A marketplace whose letters go to a real mail server, when the test says so."""

from collections.abc import Callable, Iterator
from functools import partial

import pytest

from api.delivery.channels import letterhead
from api.delivery.inbound import Inbox
from api.delivery.to_recruiters import tell
from infrastructure.mail.server import MailServer
from tests.support.client import done
from tests.support.databases import Databases
from tests.support.mail_servers import Mailbox
from tests.support.post_office import PostOffice, Sent
from tests.support.stage import Stage, own_stage


@pytest.fixture(scope="module")
def stage(databases: Databases) -> Iterator[Stage]:
    with own_stage(databases, reply_address="reply@example.org", mail_from="jobs@example.org") as s:
        yield s


@pytest.fixture
def office(stage: Stage) -> Iterator[PostOffice]:
    mailbox = Mailbox()
    with MailServer(mailbox) as server:
        yield PostOffice(stage, mailbox, server.port)


@pytest.fixture
def inbox(office: PostOffice) -> Inbox:
    market = office.stage.marketplace
    shared = (market.store, market.read_models, letterhead(market.settings), office.now)
    return Inbox(*shared, partial(tell, office.delivery()))


@pytest.fixture
def send(stage: Stage) -> Callable[[], Sent]:
    def sent() -> Sent:
        scene = stage.scene().in_beta()
        candidate = scene.member("Silent", silent_days=400)
        outreach = done(scene.message(scene.position(), candidate))["id"]
        return Sent(scene, candidate, outreach)

    return sent
