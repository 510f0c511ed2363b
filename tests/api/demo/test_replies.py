"""The people of the demo answer letters, as likely as the world says and as people do."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from random import Random
from statistics import correlation
from typing import Any
from uuid import UUID

import pytest

from api.cli.walkthrough import WALKTHROUGH
from api.delivery.channels import delivery
from api.delivery.deliver import Delivery
from api.delivery.shown_letters import ShownLetters
from api.demo import SimulatedPeople, World, fill, is_filled, situations, wording
from api.demo.acting import Acting
from api.demo.answers import Answer, visible
from api.marketplace import now
from domain.actor import Role
from domain.outreach_events import DeclineReason, Understood
from domain.reply_rules import understood
from projections import interviews
from projections.interview_list import InterviewList
from tests.support.client import done
from tests.support.concurrency import wait_until
from tests.support.databases import Databases
from tests.support.stage import Scene, Stage, own_stage

CANDIDATES, SEED = 150, 3
UNTIL = now()
FASTEST = 1e6


@pytest.fixture(scope="module")
def world() -> World:
    world = World(candidates=CANDIDATES, seed=SEED, until=UNTIL)
    for _ in world.history():
        pass
    return world


@pytest.fixture(scope="module")
def stage(databases: Databases) -> Iterator[Stage]:
    """A filled marketplace from which letters leave at once."""
    with own_stage(databases, undo_seconds=0, demo_speed=FASTEST) as stage:
        assert not is_filled(stage.marketplace)
        fill(stage.marketplace.store, candidates=CANDIDATES, seed=SEED, until=UNTIL)
        stage.catch_up()
        yield stage


@pytest.fixture
def demo(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """It, thinking that its database is the embedded one."""
    changed = stage.settings.model_copy(update={"database_url": None})
    monkeypatch.setattr(stage.marketplace, "settings", changed)
    return stage


@pytest.fixture
def letters(demo: Stage) -> Iterator[Delivery]:
    market = demo.marketplace
    parts = (market.settings, market.store, market.pool, market.read_models, now)
    with delivery(*parts) as letters:
        assert letters
        yield letters


@pytest.fixture
def people(demo: Stage) -> SimulatedPeople:
    return SimulatedPeople(demo.marketplace, FASTEST, leave_alone=WALKTHROUGH)


@pytest.fixture
def scene(demo: Stage) -> Scene:
    return demo.scene().in_beta()


def passive(scene: Scene, position: str, number: int = 0) -> str:
    """Somebody of the demo who may be written to about a position."""
    path = f"/positions/{position}/passive-candidates"
    listed = done(scene.recruiter.get(path, after=scene.latest(), limit=100))["items"]
    return str(listed[number]["candidate_id"])


def sent(scene: Scene, letters: Delivery, candidate: str | None = None) -> str:
    """A message whose letter has arrived."""
    position = scene.position()
    message = scene.message(position, candidate or passive(scene, position))
    arrive(scene, letters)
    return str(done(message)["id"])


def arrive(scene: Scene, letters: Delivery) -> None:
    scene.stage.catch_up()
    letters.deliver_due()
    scene.stage.catch_up()


def steps(scene: Scene, outreach: str) -> list[Any]:
    path = f"/outreach/{outreach}/timeline"
    return list(done(scene.recruiter.get(path, after=scene.latest())))


def heard(people: SimulatedPeople, scene: Scene, outreach: str) -> bool:
    """Let people answer what is due, and say whether the person of this outreach was the last."""
    people.answer_due()
    return bool(steps(scene, outreach)[-1]["actor_role"] == Role.CANDIDATE)


def test_the_demos_marketplace_is_known_by_its_employer(stage: Stage) -> None:
    assert is_filled(stage.marketplace)


def test_an_employers_first_letter_is_answered_by_somebody_interested_who_is_simulated(
    scene: Scene, letters: Delivery, people: SimulatedPeople
) -> None:
    outreach = sent(scene, letters)
    wait_until(lambda: heard(people, scene, outreach))
    last = steps(scene, outreach)[-1]
    assert last["what"] in ("reply_received", "accepted", "contact_disclosed")
    assert last["actor_role"] == Role.CANDIDATE
    assert last["actor_id"].startswith("simulated ")


def test_a_letter_is_answered_once_although_the_process_starts_anew(
    scene: Scene, letters: Delivery, people: SimulatedPeople
) -> None:
    outreach = sent(scene, letters)
    wait_until(lambda: heard(people, scene, outreach))
    before = steps(scene, outreach)
    again = SimulatedPeople(people.market, FASTEST, leave_alone=WALKTHROUGH)
    again.answer_due()
    assert steps(scene, outreach) == before


def test_nobody_answers_for_a_person_whom_the_demo_did_not_make_up(
    scene: Scene, letters: Delivery, people: SimulatedPeople
) -> None:
    outreach = sent(scene, letters, scene.member("Real", silent_days=400))
    people.answer_due()
    assert people.plans == []
    assert steps(scene, outreach)[-1]["what"] == "letter_delivered"


def test_nobody_answers_what_the_walkthrough_writes(
    scene: Scene, letters: Delivery, people: SimulatedPeople
) -> None:
    name = f"{WALKTHROUGH}recruiter"
    scene.recruiter = scene.stage.as_(Role.RECRUITER, scene.employer_id, name)
    sent(scene, letters)
    people.answer_due()
    assert people.plans == []


@pytest.mark.slow
def test_most_letters_stay_unanswered_as_in_the_world(
    scene: Scene, letters: Delivery, people: SimulatedPeople
) -> None:
    position = scene.position()
    for number in range(20):
        scene.message(position, passive(scene, position, number))
    arrive(scene, letters)
    slow = replace(people, speed=1.0)
    slow.answer_due()
    assert 1 <= len(slow.plans) < 14


def test_somebodys_situation_is_what_the_world_decided_by(stage: Stage, world: World) -> None:
    """As far as it can be seen; facts may have changed since."""
    market = stage.marketplace
    with stage.connection() as db:
        ids = [
            UUID(str(row[0]))
            for row in db.execute(
                "SELECT outreach_id FROM interview_list WHERE sent_at > %s AND deliver_at IS NULL",
                [UNTIL - timedelta(days=200)],
            )
        ]
    pairs = []
    for id in ids:
        with market.read_models.reading(InterviewList) as db:
            outreach = interviews.one(db, id)
        assert outreach
        if known := situations.known(market.read_models, outreach):
            life = situations.life(market.store, market.read_models, outreach.candidate_id)
            at = situations.situation(*known, outreach.salary, life, outreach.sent_at)
            pairs.append((visible(at), world.visible[id]))
    same = sum(abs(ours - theirs) < 0.02 for ours, theirs in pairs)
    assert len(pairs) > 20
    assert same / len(pairs) > 0.8
    assert correlation(*zip(*pairs, strict=True)) > 0.9


# --- How they answer


@pytest.fixture
def acting(scene: Scene, letters: Delivery, people: SimulatedPeople) -> Acting:
    """Somebody with a letter in front of them."""
    outreach_id = sent(scene, letters)
    return in_front_of_a_letter(people, outreach_id)


def in_front_of_a_letter(people: SimulatedPeople, outreach_id: str) -> Acting:
    market = people.market
    with market.read_models.reading(InterviewList) as db:
        outreach = interviews.one(db, UUID(outreach_id))
    assert outreach
    known = situations.known(market.read_models, outreach)
    assert known
    shown = ShownLetters(market.store, market.pool).latest(100)
    ours = [letter.message_id for letter in shown if outreach_id in letter.message_id]
    return Acting(market, outreach, known[0], ours[0], "Robin", Random(0), "English")


class Draws(Random):
    """Draws these numbers first."""

    def __init__(self, *numbers: float) -> None:
        super().__init__(0)
        self.numbers = [*numbers]

    def random(self) -> float:
        return self.numbers.pop(0) if self.numbers else super().random()


def test_a_yes_on_the_page_discloses_how_to_reach_them(scene: Scene, acting: Acting) -> None:
    assert replace(acting, rng=Draws(0.9)).answer(Answer.YES)
    what = {step["what"]: step for step in steps(scene, str(acting.outreach.outreach_id))}
    assert what["accepted"]["personal"]["note"]
    assert what["contact_disclosed"]["personal"]["email"] == acting.profile.email


def test_somebody_who_asks_back_is_convinced_by_a_reply(
    scene: Scene, acting: Acting, letters: Delivery, people: SimulatedPeople
) -> None:
    outreach = str(acting.outreach.outreach_id)
    assert replace(acting, rng=Draws(0.1)).answer(Answer.YES)
    assert "?" in steps(scene, outreach)[-1]["personal"]["text"]
    body = {"text": "Two days a week.", "sender_name": "Robin"}
    done(scene.recruiter.post(f"/outreach/{outreach}/replies", body))
    arrive(scene, letters)
    again = in_front_of_a_letter(people, outreach)
    assert replace(again, rng=Draws(0.1)).go_on()
    assert "accepted" in [step["what"] for step in steps(scene, outreach)]


def test_somebody_picks_one_of_the_times_that_they_are_offered(
    scene: Scene, acting: Acting, letters: Delivery, people: SimulatedPeople
) -> None:
    outreach = str(acting.outreach.outreach_id)
    assert replace(acting, rng=Draws(0.9)).answer(Answer.YES)
    times = [(now() + timedelta(days=days)).isoformat() for days in (2, 3)]
    body = {"times": times, "meeting": {"organizer_email": "robin@example.org"}}
    done(scene.recruiter.post(f"/outreach/{outreach}/times", body))
    arrive(scene, letters)
    wait_until(lambda: heard(people, scene, outreach))
    picked = steps(scene, outreach)[-1]
    assert picked["what"] == "interview_scheduled"
    arrive(scene, letters)  # with an invitation for each side, which nobody answers
    before = steps(scene, outreach)
    people.answer_due()
    assert steps(scene, outreach) == before


def test_a_no_on_the_page_has_its_reason(scene: Scene, acting: Acting) -> None:
    assert replace(acting, rng=Draws(0.9, 0.1)).answer(Answer.SALARY)
    last = steps(scene, str(acting.outreach.outreach_id))[-1]
    assert (last["what"], last["details"]["reason"]) == ("declined", DeclineReason.SALARY)


def test_a_no_by_mail_is_taken_for_one(scene: Scene, acting: Acting) -> None:
    assert replace(acting, rng=Draws(0.9, 0.1)).answer(Answer.NOT_LOOKING)
    what = [step["what"] for step in steps(scene, str(acting.outreach.outreach_id))]
    assert what[-2:] == ["reply_received", "declined"]


def test_somebody_who_is_not_looking_may_say_until_when(scene: Scene, acting: Acting) -> None:
    assert replace(acting, rng=Draws(0.1)).answer(Answer.NOT_LOOKING)
    assert steps(scene, str(acting.outreach.outreach_id))[-1]["what"] == "postponed"


def test_whoever_answered_by_hand_is_not_answered_for(scene: Scene, acting: Acting) -> None:
    outreach = str(acting.outreach.outreach_id)
    done(scene.platform.post(f"/outreach/{outreach}/acceptance", {"note": "Yes."}))
    scene.stage.catch_up()
    with acting.market.read_models.reading(InterviewList) as db:
        now_answered = interviews.one(db, acting.outreach.outreach_id)
    assert now_answered
    assert not replace(acting, outreach=now_answered).answer(Answer.YES)


# --- What they write


@pytest.mark.parametrize("language", wording.TEXTS)
def test_what_they_write_by_mail_is_understood_as_it_is_meant(language: str) -> None:
    for seed in range(20):
        rng = Random(seed)
        no = wording.letter(rng, language, wording.NO, "Robin Doe", "Ada Lovelace")
        question = wording.letter(rng, language, wording.QUESTION, "Robin Doe", "Ada Lovelace")
        assert understood(no) is Understood.DECLINED, no
        assert understood(question) is Understood.UNCLEAR, question


@pytest.mark.parametrize("language", wording.TEXTS)
def test_there_are_words_for_everything_in_every_language(language: str) -> None:
    assert wording.TEXTS[language].keys() == wording.TEXTS["English"].keys()


def test_there_are_words_for_every_reason() -> None:
    assert set(wording.WHY_NOT) == set(DeclineReason)
