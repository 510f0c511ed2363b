"""After an erasure no word of the person is left: of letters, the thread, mails, logs, the model.

The words are unique, and are looked for byte for byte in everything that the database holds.
What stays without words is in decision 2.
"""

import base64
import io
import json
import logging
import quopri
import smtplib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from api.delivery.channels import delivery
from api.delivery.deliver import Delivery
from api.delivery.replying import reply_mail
from api.delivery.shown_letters import ShownLetter, ShownLetters
from api.links import answer_path, link_key, unsubscribe_path
from api.marketplace import now
from domain.actor import Role
from infrastructure.database.postgres import open_pool
from infrastructure.event_log.store import EventStore
from infrastructure.mail.server import MailServer
from infrastructure.projecting import parking
from infrastructure.projecting.projection import Projection
from infrastructure.projecting.projector import Projector
from infrastructure.telemetry.logs import WithoutValues
from projections.read_models import read_models
from tests.support.client import done
from tests.support.concurrency import wait_until
from tests.support.databases import SECRET, Databases
from tests.support.dumped import dumped, found
from tests.support.ledger import drain
from tests.support.mail_servers import Mailbox, answering, says
from tests.support.post_office import PostOffice, pushing, read
from tests.support.receiver import a_receiver
from tests.support.stage import MESSAGE, Scene, a_stage
from tests.support.trail import restart_at, rows

WORDS = {
    "name": "Ottokar Zwybelfisch",
    "address": "ottokar@zwybel-post.example",
    "phone": "+49 30 77001234",
    "former employer": "Quarzuhrenwerke",
    "summary": "Regenschirmflickerei",
    "unusable date": "Sanktnimmerleinstag",
    "role": "Wurzelbürstenmacher",
    "city": "Hinterkleckersdorf",
    "country": "Taka-Tuka-Land",
    "skill": "Glockenspielstimmung",
    "language": "Klabauterisch",
    "permit": "Schlaraffenland",
    "subject": "Lampionherstellung",
    "letter": "Dampfnudelforschung",
    "edited letter": "Dämpfnüdelförschung",
    "reply over the API": "Pfeffermühlendreher",
    "reply by mail": "Seifenblasenprüfung",
    "employer's reply": "Zitronenfalterei",
    "disclosed name": "Ottilie Zwybelfisch",
    "disclosed phone": "+49 40 88005678",
    "disclosed address": "privat@zwybel-heim.example",
    "note of the answer": "Kaffeekannenwärmer",
    "place of the interview": "Leuchtturmkeller",
    "note of the cancellation": "Schneeflockenzähler",
    "note of the decline": "Wolkenschieberei",
    "letter that failed": "Mondscheinbügelei",
    "letter that a platform refused": "Himbeerkanzlei",
}
IN_READ_MODELS = {"name", "address", "edited letter", "reply by mail", "note of the answer"}
"""What read models hold for as long as the person is there."""

NOTHING_LEFT: list[str] = []


@dataclass
class Erased:
    """What was to be found of a person, before and after they were erased."""

    url: str
    before: list[str]
    after: list[str]
    log: str
    letters: tuple[int, int]
    """How many the embedded mail server shows."""
    funnel: tuple[Any, Any]
    links: list[int]
    """The statuses of the answers to them."""


@pytest.fixture(scope="module")
def erased(databases: Databases) -> Iterator[Erased]:
    with databases.prepared() as url:
        with logged() as log, a_stage(url, mail_from="jobs@example.org") as stage:
            life = Life(PostOffice(stage, Mailbox(), 0), stage.scene().in_beta())
            life.live()
            before, shown, funnel = found(WORDS, dumped(url)), life.shown(), life.funnel()
            done(life.scene.platform("DELETE", f"/candidates/{life.person}"))
            stage.catch_up()
            after = found(WORDS, dumped(url))
            letters = (shown, life.shown())
            funnels = (funnel, life.funnel())
            links = life.links()
        yield Erased(url, before, after, log.getvalue(), letters, funnels, links)


@contextmanager
def logged() -> Iterator[io.StringIO]:
    """What is logged meanwhile, as the command line logs it."""
    log = io.StringIO()
    handler = logging.StreamHandler(log)
    handler.setFormatter(WithoutValues("%(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        yield log
    finally:
        root.setLevel(level)
        root.removeHandler(handler)


@dataclass
class Life:
    """A person who is written to, answers by mail and in the thread, and agrees to meet."""

    office: PostOffice
    scene: Scene
    person: str = ""
    outreaches: list[str] = field(default_factory=list)

    def live(self) -> None:
        self.sign_up()
        with a_receiver() as receiver:
            receiver.answer = lambda _: (410, {})
            done(self.scene.recruiter.post("/webhooks", {"url": receiver.url}))
            self.fail_a_letter()
            self.refuse_a_letter()
            wait_until(self.dead_letters)
        talked = self.written_to(WORDS["letter"])
        declined = self.written_to("We build robots.")
        with self.embedded() as letters:
            self.edit(talked)
            self.deliver(letters)
            self.talk(talked, letters)
            self.meet(talked, letters)
        note = {"reason": "salary", "note": WORDS["note of the decline"]}
        done(self.scene.platform.post(f"/outreach/{declined}/decline", note))
        self.office.stage.catch_up()

    def dead_letters(self) -> int:
        """How many deliveries to webhooks were given up."""
        with self.office.stage.connection() as db:
            dead = "SELECT FROM webhook_deliveries WHERE status = 'dead'"
            return db.execute(dead).rowcount

    def sign_up(self) -> None:
        signed_up = (now() - timedelta(days=400)).isoformat()
        document = {
            "basics": {
                "name": WORDS["name"],
                "email": WORDS["address"],
                "phone": WORDS["phone"],
                "summary": WORDS["summary"],
                "label": WORDS["role"],
                "location": {"city": WORDS["city"], "region": WORDS["country"]},
            },
            "skills": [{"name": WORDS["skill"]}],
            "languages": [{"language": WORDS["language"], "fluency": "native"}],
            "work": [
                {"name": WORDS["former employer"], "position": "Baker", "startDate": "2012"},
                {"name": "Another", "position": "Cook", "startDate": WORDS["unusable date"]},
            ],
            "meta": {
                "sourcing": {
                    "opted_in": True,
                    "signed_up_at": signed_up,
                    "work_authorisation": [WORDS["permit"]],
                }
            },
        }
        self.person = str(done(self.scene.platform.post("/candidates", document))["id"])

    def written_to(self, text: str) -> str:
        message = {**MESSAGE, "subject": WORDS["subject"], "text": text}
        body = {"candidate_id": self.person, "message": message}
        path = f"/positions/{self.scene.position()}/messages"
        self.outreaches.append(str(done(self.scene.recruiter.post(path, body))["id"]))
        return self.outreaches[-1]

    def fail_a_letter(self) -> None:
        """Write a letter that a mail server defers and then refuses, each time with the address."""
        failed = self.written_to(WORDS["letter that failed"])
        for reply in ("451 4.7.1 Later, {}", "554 5.7.1 No mail for {}"):
            mailbox = answering("recipient", says(reply.format(WORDS["address"])))
            with MailServer(mailbox) as server:
                self.deliver(self.office.delivery(server.port))
        topics = [topic for _, topic in self.office.stage.topics(failed)]
        assert topics[-1] == "outreach.letter_failed"

    def refuse_a_letter(self) -> None:
        """Write a letter that a platform does not take for a day."""
        refused = self.written_to(WORDS["letter that a platform refused"])
        with a_receiver() as platform:
            platform.answer = lambda _: (500, {})
            for later in (timedelta(minutes=6), timedelta(days=1)):
                self.office.later += later
                self.office.stage.catch_up()
                market = self.office.stage.marketplace
                pushing(market, platform.url, self.office.now).send_due()
            assert WORDS["letter that a platform refused"].encode() in platform.received[0].body
        topics = [topic for _, topic in self.office.stage.topics(refused)]
        assert topics[-1] == "outreach.letter_failed"

    def edit(self, outreach: str) -> None:
        message = {**MESSAGE, "subject": WORDS["subject"], "text": WORDS["edited letter"]}
        done(self.scene.recruiter("PUT", f"/outreach/{outreach}/message", json=message))

    def talk(self, outreach: str, letters: Delivery) -> None:
        (kept,) = [one for one in self.kept() if outreach in one.message_id]
        mail = reply_mail(read(kept.raw), WORDS["reply by mail"], "<1@mail.example>", now())
        with smtplib.SMTP("127.0.0.1", letters.server.port) as server:
            server.send_message(mail)
        self.office.stage.catch_up()
        path = f"/outreach/{outreach}"
        reply = {"text": WORDS["reply over the API"], "understood": "unclear"}
        done(self.scene.platform.post(f"{path}/candidate-replies", reply))
        written = {"text": WORDS["employer's reply"], "sender_name": "Robin"}
        done(self.scene.recruiter.post(f"{path}/replies", written))
        self.deliver(letters)
        contact = {n: WORDS[f"disclosed {n}"] for n in ("name", "phone")}
        yes = {
            "note": WORDS["note of the answer"],
            "contact": {**contact, "email": WORDS["disclosed address"]},
        }
        done(self.scene.platform.post(f"{path}/acceptance", yes))

    def meet(self, outreach: str, letters: Delivery) -> None:
        path, starts_at = f"/outreach/{outreach}", (now() + timedelta(days=9)).isoformat()
        meeting = {"place": WORDS["place of the interview"], "organizer_name": "Robin"}
        offer = {"times": [starts_at], "meeting": meeting}
        done(self.scene.recruiter.post(f"{path}/times", offer))
        self.deliver(letters)
        done(self.scene.platform.post(f"{path}/picked-time", {"starts_at": starts_at}))
        self.deliver(letters)
        note = {"note": WORDS["note of the cancellation"]}
        done(self.scene.recruiter.post(f"{path}/cancellation", note))
        self.deliver(letters)

    @contextmanager
    def embedded(self) -> Iterator[Delivery]:
        """What delivers to the embedded mail server."""
        market = self.office.stage.marketplace
        settings = self.office.stage.settings.model_copy(update={"database_url": None})
        shared = (market.store, market.pool, market.read_models)
        with delivery(settings, *shared, self.office.now) as letters:
            assert letters
            yield letters

    def deliver(self, letters: Delivery) -> None:
        self.office.later += timedelta(minutes=6)
        self.office.stage.catch_up()
        assert letters.deliver_due()
        self.office.stage.catch_up()

    def kept(self) -> list[ShownLetter]:
        market = self.office.stage.marketplace
        return ShownLetters(market.store, market.pool).latest(100)

    def shown(self) -> int:
        return len(self.kept())

    def funnel(self) -> Any:
        analyst = self.office.stage.as_(Role.ANALYST)
        return done(analyst.get("/funnel", after=self.scene.latest()))

    def links(self) -> list[int]:
        """What the links of the person's letters answer."""
        key = link_key(self.office.stage.settings)
        pages = [
            f(key, UUID(id)) for id in self.outreaches for f in (answer_path, unsubscribe_path)
        ]
        return [self.office.stage.http.get(page).status_code for page in pages]


def test_the_words_are_found_while_the_person_is_there(erased: Erased) -> None:
    assert {one.partition(" in public")[0] for one in erased.before} >= IN_READ_MODELS


def test_no_word_is_left_in_the_database(erased: Erased) -> None:
    assert erased.after == NOTHING_LEFT


def test_no_word_is_logged(erased: Erased) -> None:
    assert erased.log
    assert found(WORDS, {"log": erased.log.encode()}) == NOTHING_LEFT


def test_the_embedded_mail_server_shows_no_letter_any_more(erased: Erased) -> None:
    before, after = erased.letters
    assert before >= 5
    assert after == 0


def test_counts_stay_right(erased: Erased) -> None:
    before, after = erased.funnel
    assert before == after


def test_links_are_dead(erased: Erased) -> None:
    assert {*erased.links} == {404}


@pytest.mark.parametrize("projection", read_models(), ids=lambda projection: projection.name)
def test_read_models_replayed_from_the_log_have_the_same_rows(
    erased: Erased, projection: Projection
) -> None:
    with (
        open_pool(erased.url, name="replay") as pool,
        EventStore(erased.url, pool, SECRET) as store,
    ):
        live = rows(projection, pool)
        restart_at(0, projection, pool)
        drain(Projector([projection], store, pool))
        assert rows(projection, pool) == live
        with pool.connection() as db:
            assert parking.listed(db) == []


@pytest.mark.parametrize("before", ["", "a", "ab"])
@pytest.mark.parametrize(
    "written",
    [
        str.encode,
        lambda text: text.upper().encode() if text.isascii() else text.encode(),
        lambda text: json.dumps({"x": text}).encode(),
        lambda text: base64.b64encode(f'{{"x":"{text}"}}'.encode()),
        lambda text: text.encode().hex().encode(),
        lambda text: text.encode("utf-16-le"),
        lambda text: quopri.encodestring(text.encode()),
    ],
)
def test_a_word_is_found_however_it_is_written(
    before: str, written: Callable[[str], bytes]
) -> None:
    for word in WORDS.values():
        assert found({"word": word}, {"there": written(f"{before}{word} and more")})
