"""Without a mail server letters are kept to be shown, and answers to them are taken."""

import smtplib
from collections.abc import Callable, Iterator
from datetime import timedelta
from email.message import EmailMessage

import pytest

from api.delivery.channels import delivery, letterhead, shows_letters
from api.delivery.deliver import Delivery
from api.delivery.shown_letters import ShownLetter, ShownLetters
from infrastructure.settings import Settings
from tests.support.client import done
from tests.support.post_office import PostOffice, Sent, body, read

Send = Callable[[], Sent]


@pytest.fixture
def settings(office: PostOffice) -> Settings:
    """Those of a marketplace on the embedded database, without a mail server."""
    return office.stage.settings.model_copy(update={"database_url": None, "reply_address": None})


@pytest.fixture
def embedded(office: PostOffice, settings: Settings) -> Iterator[Delivery]:
    market = office.stage.marketplace
    with delivery(settings, market.store, market.pool, market.read_models, office.now) as sends:
        assert sends
        yield sends


def shown(office: PostOffice, embedded: Delivery, sent: Sent) -> list[ShownLetter]:
    """The letters of an outreach, once those due have been delivered."""
    office.later += timedelta(minutes=6)
    office.stage.catch_up()
    embedded.deliver_due()
    office.stage.catch_up()
    latest = ShownLetters(embedded.store, embedded.pool).latest(100)
    return [letter for letter in latest if sent.outreach in letter.message_id]


def test_letters_are_shown_where_there_is_neither_a_mail_server_nor_a_database(
    office: PostOffice, settings: Settings
) -> None:
    assert shows_letters(settings)
    assert not shows_letters(office.stage.settings)


def test_a_letter_is_kept_with_its_links(
    office: PostOffice, embedded: Delivery, send: Send
) -> None:
    (kept,) = shown(office, embedded, send())
    assert "/p/" in body(read(kept.raw))


def test_a_letter_is_gone_with_the_person(
    office: PostOffice, embedded: Delivery, send: Send
) -> None:
    sent = send()
    assert shown(office, embedded, sent)
    done(sent.scene.platform("DELETE", f"/candidates/{sent.candidate}"))
    assert not shown(office, embedded, sent)


def test_an_answer_sent_to_the_embedded_server_is_taken(
    office: PostOffice, embedded: Delivery, send: Send
) -> None:
    sent = send()
    (kept,) = shown(office, embedded, sent)
    letter = read(kept.raw)
    assert str(letter["Reply-To"]).startswith("reply+")
    answer = EmailMessage()
    answer["From"], answer["To"] = letter["To"], letter["Reply-To"]
    answer["Message-ID"], answer["In-Reply-To"] = "<7@mail.example>", letter["Message-ID"]
    answer.set_content("Which robots do you build?")
    with smtplib.SMTP("127.0.0.1", embedded.server.port) as server:
        server.send_message(answer)
    assert sent.status() == "wrote_back"
    assert len(shown(office, embedded, sent)) == 1


def test_answers_go_to_the_embedded_server_unless_another_address_is_set(
    settings: Settings,
) -> None:
    assert letterhead(settings).reply_address == "reply@localhost"
    other = settings.model_copy(update={"reply_address": "jobs@example.org"})
    assert letterhead(other).reply_address == "jobs@example.org"
