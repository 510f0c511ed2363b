"""The employers of the simulated marketplace: they join, open positions, and write to candidates.

Employers in the beta send messages to passive candidates; all of them ask active candidates for
interviews. Recipients are drawn from the candidates who pass a position's filters, and the contact
gate is checked each time. In the last half year the events of viewing are simulated as well. Only
the true process in `answers` decides about answers.

One module, since an employer's steps share the state of the market at their moment.
"""

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID, uuid5

from api.demo import looking
from api.demo.agenda import DAY, Agenda
from api.demo.answers import Answer, Process, Situation, answer, delay, probability, visible
from api.demo.chance import stream
from api.demo.companies import (
    DEMO,
    NORDLICHT,
    Company,
    Opening,
    Recruiter,
    nordlicht_openings,
    opening,
)
from api.demo.members import HISTORY, PLATFORM, Members, Person
from domain import contact_gate
from domain.actor import Actor, Role
from domain.contact_gate import Contact
from domain.contacting import Message
from domain.employer import Employer
from domain.filters import Filters
from domain.outreach import ANSWER_WINDOW, Outreach, outreach_id
from domain.outreach_events import Status
from domain.position import Position
from domain.profile import Facts
from domain.sources import ActivityKind

MARKETPLACE_STAFF = Actor(id="approvals", role=Role.ADMIN)
SYSTEM = Actor(id="expiry", role=Role.SYSTEM)

LETTERS_PER_CANDIDATE = 1.5
"""How many employers would like to write; filters and the contact gate leave about one."""

FEWEST_LETTERS, MOST_LETTERS = 4, 40
CANDIDATES_PER_LETTER = 150
"""In a small marketplace a position suits few, so there are more positions for as many letters."""

POSITION_DAYS = 110.0
SHORTLIST = 80
LOOKED_AT = 800
"""Profiles looked through, at most, to fill a shortlist."""

DRAFTS = 4
ENOUGH = 0.04
"""An employer words a position anew, up to so many times, until this share of those with the role
suit it."""

LOOKS_AGAIN_AFTER = 12 * DAY
"""How long an employer waits before looking for more people for a position."""

LOOKING_DAYS = 182
"""For how long before the end page views of recruiters are recorded."""

LOOKS = (40, 240)
"""Seconds from one look to the next, and from the last to the letter."""

LOOKS_AT_ANOTHER = 0.6
"""How often a profile is opened and no message follows."""

JOINS_BETA = 0.85
WITHDRAWN = 0.015
MAIL_LINK = 0.75
"""The share of answers given through the link in the mail, which is an activity."""


@dataclass(slots=True, eq=False)
class Post:
    """A position with those its employer may write to."""

    position: Position
    opening: Opening
    shortlist: list[Person] = field(default_factory=list)
    approached: set[int] = field(default_factory=set)
    looks_again: float = 0.0


@dataclass(slots=True, eq=False)
class Firm:
    """An employer at work."""

    number: int
    company: Company
    employer: Employer
    pause: float = math.inf
    """Mean seconds between letters."""
    posts: list[Post] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Letter:
    """An outreach under way."""

    outreach: Outreach
    firm: Firm
    recruiter: Recruiter
    person: Person
    situation: Situation


class Market:
    """All employers, and what becomes of each letter they write."""

    def __init__(
        self,
        agenda: Agenda,
        seed: int,
        members: Members,
        companies: Sequence[Company],
        count: int,
        process: Callable[[], Process],
    ) -> None:
        self.truth: dict[UUID, float] = {}
        self.visible: dict[UUID, float] = {}
        self.firms: list[Firm] = []
        self._agenda = agenda
        self._seed = seed
        self._members = members
        self._process = process
        self._rng = stream(seed, "market")
        self._looking_rng = stream(seed, "looking")
        self._looks = 0
        self._positions = 0
        self._letters_per_position = min(
            max(count / CANDIDATES_PER_LETTER, FEWEST_LETTERS), MOST_LETTERS
        )
        writing = [c for n, c in enumerate(companies) if n != 0 and not self._is_unapproved(n)]
        appetite = sum(company.appetite for company in writing)
        for number, company in enumerate(companies):
            firm = Firm(number, company, Employer(company.id))
            if company in writing:
                share = company.appetite / appetite
                firm.pause = HISTORY / (count * LETTERS_PER_CANDIDATE * share)
            self.firms.append(firm)
            agenda.at(self._begins_at(number), self._register, firm)

    @staticmethod
    def _is_unapproved(number: int) -> bool:
        return number % 40 == 1

    @staticmethod
    def _is_suspended(number: int) -> bool:
        return number % 40 == 2

    def _begins_at(self, number: int) -> float:
        """Most are there from the start, some come later."""
        begin, rng = self._members.begin, self._rng
        if number < 6 or rng.random() < 0.7:
            return begin + rng.uniform(0, 25) * DAY
        return begin + rng.uniform(25, 300) * DAY

    # Employers.

    def _register(self, firm: Firm) -> None:
        agenda, company = self._agenda, firm.company
        firm.employer.register(
            agenda.cause(MARKETPLACE_STAFF), company=company.name, manager=company.manager
        )
        agenda.record(firm.employer)
        if not self._is_unapproved(firm.number):
            agenda.at(agenda.now + self._rng.uniform(0.5, 5) * DAY, self._approve, firm)

    def _approve(self, firm: Firm) -> None:
        agenda, rng = self._agenda, self._rng
        firm.employer.approve(agenda.cause(self._manager(firm)))
        agenda.record(firm.employer)
        now = agenda.now
        if firm.company.id == NORDLICHT:
            for days, vacancy in zip((20, 6), nordlicht_openings(), strict=True):
                agenda.at(agenda.until - days * DAY, self._publish, firm, vacancy, True)
            return
        if firm.number < 6 or rng.random() < JOINS_BETA:
            agenda.at(now + rng.uniform(1, 40) * DAY, self._join_beta, firm)
        if self._is_suspended(firm.number):
            agenda.at(now + rng.uniform(0.6, 0.9) * (agenda.until - now), self._suspend, firm)
        letters = POSITION_DAYS * DAY / firm.pause
        for _ in range(max(1, round(letters / self._letters_per_position))):
            agenda.at(now + rng.uniform(0.1, 20) * DAY, self._open_next, firm)
        agenda.at(now + 21 * DAY, self._write, firm)

    def _join_beta(self, firm: Firm) -> None:
        agenda, rng = self._agenda, self._rng
        firm.employer.join_beta(agenda.cause(self._recruiter(firm).actor))
        agenda.record(firm.employer)
        if rng.random() < 0.5:
            agenda.at(agenda.now + rng.uniform(30, 300) * DAY, self._share_feedback, firm)

    def _share_feedback(self, firm: Firm) -> None:
        firm.employer.share_feedback(
            self._agenda.cause(self._recruiter(firm).actor),
            text=self._rng.choice(FEEDBACK),
            page="/positions",
        )
        self._agenda.record(firm.employer)

    def _suspend(self, firm: Firm) -> None:
        firm.employer.suspend(
            self._agenda.cause(MARKETPLACE_STAFF), reason="unanswered complaints of candidates"
        )
        self._agenda.record(firm.employer)

    # Positions.

    def _open_next(self, firm: Firm) -> None:
        if firm.employer.reasons_against_approaching():
            return
        most, vacancy = -1, None
        for _ in range(DRAFTS):
            draft = opening(self._rng, firm.company)
            suiting = len(self._suiting(draft, 100))
            if suiting > most:
                most, vacancy = suiting, draft
            if suiting >= ENOUGH * 100:
                break
        if vacancy is not None:
            self._publish(firm, vacancy)

    def _publish(self, firm: Firm, vacancy: Opening, stays_open: bool = False) -> None:
        agenda = self._agenda
        self._positions += 1
        whose = "nordlicht" if firm.company.id == NORDLICHT else f"{self._seed}"
        number = len(firm.posts) if firm.company.id == NORDLICHT else self._positions
        position = Position(uuid5(DEMO, f"{whose}/position/{number}"))
        position.open(
            agenda.cause(self._recruiter(firm).actor),
            employer_id=firm.company.id,
            title=vacancy.title,
            description=vacancy.description,
            location=vacancy.location,
            remote=vacancy.remote,
            salary=vacancy.salary,
            filters=vacancy.filters,
        )
        agenda.record(position)
        post = Post(position, vacancy)
        firm.posts.append(post)
        if not stays_open:
            days = 25 + self._rng.expovariate(1 / (POSITION_DAYS - 25))
            agenda.at(agenda.now + days * DAY, self._close, firm, post)
            if self._rng.random() < 0.15:
                agenda.at(agenda.now + days * DAY / 2, self._ask_for_less, firm, post)

    def _ask_for_less(self, firm: Firm, post: Post) -> None:
        """After a while an employer is content with less."""
        filters = post.position.filters
        years = max((filters.years_from or 0) - 2, 0)
        softer = filters.model_copy(update={"years_from": years or None, "languages": ()})
        if softer != filters:
            cause = self._agenda.cause(self._recruiter(firm).actor)
            post.position.set_filters(cause, filters=softer)
            self._agenda.record(post.position)

    def _close(self, firm: Firm, post: Post) -> None:
        reason = self._rng.choice(("filled", "filled", "put on hold"))
        post.position.close(self._agenda.cause(self._recruiter(firm).actor), reason=reason)
        self._agenda.record(post.position)
        firm.posts.remove(post)
        self._agenda.at(self._agenda.now + self._rng.uniform(0, 12) * DAY, self._open_next, firm)

    def _suiting(
        self, vacancy: Opening, looked_at: int, known: Collection[int] = ()
    ) -> list[Person]:
        """Some of those whom the filters admit and the employer does not know, in random order."""
        suiting: list[Person] = []
        role = vacancy.filters.roles[0] if vacancy.filters.roles else ""
        for person in self._members.draw(self._rng, role, looked_at):
            facts = person.facts
            if person.number in known or not _may_suit(vacancy.filters, facts):
                continue
            if vacancy.filters.admit(facts):
                suiting.append(person)
                if len(suiting) == SHORTLIST:
                    break
        return suiting

    # Letters.

    def _write(self, firm: Firm) -> None:
        agenda, rng = self._agenda, self._rng
        if firm.employer.suspended_for is not None:
            return
        agenda.at(agenda.now + rng.expovariate(1 / firm.pause), self._write, firm)
        for _ in range(3):
            if firm.posts and self._write_about(firm, rng.choice(firm.posts)):
                return

    def _write_about(self, firm: Firm, post: Post) -> bool:
        if not post.shortlist and self._agenda.now >= post.looks_again:
            post.shortlist = self._suiting(post.opening, LOOKED_AT, post.approached)
            post.looks_again = self._agenda.now + LOOKS_AGAIN_AFTER * (1 if post.shortlist else 3)
        for _ in range(min(6, len(post.shortlist))):
            person = post.shortlist.pop()
            if person.number not in post.approached and (
                send := self._may_send(firm, post, person)
            ):
                post.approached.add(person.number)
                if self._agenda.now >= self._agenda.until - LOOKING_DAYS * DAY:
                    self._look(firm, post, person)
                else:
                    self._send(firm, post, person, send, self._recruiter(firm))
                return True
        return False

    def _may_send(self, firm: Firm, post: Post, person: Person) -> Callable[..., None] | None:
        """How the employer may approach a person for the first time, if at all."""
        now = self._agenda.today()
        passive = person.candidate.is_passive(now)
        contact = Contact.MESSAGE if passive else Contact.INTERVIEW_REQUEST
        about = (contact, firm.employer, post.position, person.candidate)
        reasons = contact_gate.against_contact(*about, entries=(), contacted=False, at=now)
        if any(True for _ in reasons):
            return None
        return Outreach.send_message if passive else Outreach.request_interview

    def _look(self, firm: Firm, post: Post, person: Person) -> None:
        """Look at a page and open profiles on it, the last of which is then written to."""
        agenda, rng = self._agenda, self._looking_rng
        recruiter = rng.choice(firm.company.recruiters)
        about = {"employer_id": firm.company.id, "position_id": post.position.id}
        people = looking.page(rng, person, post.shortlist, agenda.today())
        agenda.record(
            looking.shown(rng, self._look_id(), agenda.cause(recruiter.actor), about, people)
        )
        at: float = agenda.now
        another = rng.choice(people)
        if another is not person and rng.random() < LOOKS_AT_ANOTHER:
            at += rng.uniform(*LOOKS)
            agenda.at(at, self._open, recruiter, about, another)
        at += rng.uniform(*LOOKS)
        agenda.at(at, self._open, recruiter, about, person)
        agenda.at(at + rng.uniform(*LOOKS), self._send_after_look, firm, post, person, recruiter)

    def _open(self, recruiter: Recruiter, about: dict[str, UUID], person: Person) -> None:
        if not person.candidate.erased:
            cause = self._agenda.cause(recruiter.actor)
            self._agenda.record(looking.opened(self._look_id(), cause, about, person))

    def _look_id(self) -> UUID:
        self._looks += 1
        return uuid5(DEMO, f"{self._seed}/viewing/{self._looks}")

    def _send_after_look(
        self, firm: Firm, post: Post, person: Person, recruiter: Recruiter
    ) -> None:
        if send := self._may_send(firm, post, person):
            self._send(firm, post, person, send, recruiter)

    def _send(
        self,
        firm: Firm,
        post: Post,
        person: Person,
        send: Callable[..., None],
        recruiter: Recruiter,
    ) -> None:
        agenda, rng, vacancy = self._agenda, self._rng, post.opening
        cause = agenda.cause(recruiter.actor)
        outreach = Outreach(outreach_id(post.position.id, person.candidate.id))
        situation = self._situation(post, person)
        about = {"employer_id": firm.company.id, "position_id": post.position.id}
        said = dict(_message(rng.choice(LETTERS), firm.company, vacancy, recruiter, person))
        send(outreach, cause, **about, candidate_id=person.candidate.id, likelihood=None, **said)
        person.candidate.be_contacted(cause, **about, outreach_id=outreach.id)
        agenda.record(outreach, person.candidate)
        person.has_been_written_to(agenda.now)
        truth = self.truth[outreach.id] = probability(situation, self._process())
        self.visible[outreach.id] = visible(situation, self._process())
        letter = Letter(outreach, firm, recruiter, person, situation)
        if rng.random() < truth:
            agenda.at(agenda.now + delay(rng), self._answer, letter)
        else:
            self._leave(letter)
            if rng.random() < WITHDRAWN:
                agenda.at(agenda.now + rng.uniform(0.1, 10) * DAY, self._withdraw, letter)
        self._annoy(person)

    def _situation(self, post: Post, person: Person) -> Situation:
        now, facts, vacancy = self._agenda.today(), person.facts, post.opening
        since, wanted = facts.in_present_job_since, facts.expected_salary
        top = vacancy.salary.maximum_in_usd
        active = person.candidate.last_active_at or now
        return Situation(
            years_in_job=max((now.date() - since.first).days, 0) / 365.25 if since else None,
            days_silent=(now - active) / timedelta(days=1),
            recent_visits=person.recent_visits(self._agenda.now),
            recent_letters=person.recent_letters(self._agenda.now),
            offer=max(top or 1, 1) / max(wanted.in_usd or 1, 1) if wanted else 1.0,
            match=post.position.filters.match(facts),
            place_suits=facts.country == vacancy.country
            or (vacancy.remote and bool(facts.open_to_remote)),
            habit=person.habit,
            satisfaction=person.satisfaction,
        )

    def _annoy(self, person: Person) -> None:
        """Every letter is one too many for somebody."""
        agenda, rng, chance = self._agenda, self._rng, self._rng.random()
        weary = 0.004 * person.letters
        later = agenda.now + rng.uniform(0.05, 6) * DAY
        if chance < weary:
            agenda.at(later, self._members.opt_out, person)
        elif chance < weary + 0.0008:
            agenda.at(later, self._members.erase, person)

    def _leave(self, letter: Letter) -> None:
        """Unanswered, a letter expires within the hour after the answer window."""
        sent_at = letter.outreach.sent_at or self._agenda.today()
        window = ANSWER_WINDOW.total_seconds() + self._rng.uniform(1, 3_600)
        self._agenda.at(sent_at.timestamp() + window, self._expire, letter)

    def _expire(self, letter: Letter) -> None:
        if letter.outreach.status is Status.AWAITING_ANSWER:
            letter.outreach.expire(self._agenda.cause(SYSTEM))
            self._agenda.record(letter.outreach)

    def _withdraw(self, letter: Letter) -> None:
        letter.outreach.withdraw(self._agenda.cause(letter.recruiter.actor))
        self._agenda.record(letter.outreach)

    def _answer(self, letter: Letter) -> None:
        agenda, rng, person = self._agenda, self._rng, letter.person
        if person.candidate.erased:
            self._leave(letter)
            return
        if person.silent_after is None and rng.random() < MAIL_LINK:
            self._members.act(person, ActivityKind.FOLLOWED_MAIL_LINK)
        said = answer(rng, letter.situation)
        if said is Answer.YES:
            letter.outreach.accept(agenda.cause(PLATFORM), note=None)
            agenda.at(agenda.now + rng.uniform(0.2, 6) * DAY, self._schedule, letter)
            self._members.unsettle(person)
        elif said is Answer.NOT_LOOKING and rng.random() < 0.15:
            letter.outreach.decline(agenda.cause(PLATFORM), reason=said.value, note=None)
            self._annoyed_by(letter)
        else:
            letter.outreach.decline(agenda.cause(PLATFORM), reason=said.value, note=None)
        agenda.record(letter.outreach)

    def _annoyed_by(self, letter: Letter) -> None:
        candidate, employer_id = letter.person.candidate, letter.firm.company.id
        if employer_id not in candidate.blocked:
            candidate.block_employer(self._agenda.cause(PLATFORM), employer_id=employer_id)
            self._agenda.record(candidate)

    def _schedule(self, letter: Letter) -> None:
        if self._rng.random() < 0.75:
            starts_at = self._agenda.today() + timedelta(days=self._rng.randint(2, 12))
            letter.outreach.schedule_interview(
                self._agenda.cause(letter.recruiter.actor),
                starts_at=starts_at.replace(hour=self._rng.randint(8, 16), minute=0, second=0),
            )
            self._agenda.record(letter.outreach)

    def _recruiter(self, firm: Firm) -> Recruiter:
        return self._rng.choice(firm.company.recruiters)

    @staticmethod
    def _manager(firm: Firm) -> Actor:
        return Actor(id=firm.company.manager.email, role=Role.CSM)


def _may_suit(filters: Filters, facts: Facts) -> bool:
    """A cheap look before the filters are asked, who have the last word: at skills and place."""
    skills = facts.skills or ()
    for skill in filters.required_skills:
        if skill not in skills:
            return False
    return (filters.remote and bool(facts.open_to_remote)) or facts.country in filters.locations


LETTERS = (
    (
        "{title} at {company}",
        """We are looking for a {title}, and your work with {skill} is what our team is missing.
Would you like to hear more? A first call takes twenty minutes.""",
    ),
    (
        "Would {company} be something for you?",
        """I read your profile and thought of our opening for a {title}. You would join a small
team that works with {skill} every day. Tell me when I may call you.""",
    ),
    (
        "{skill} at {company}",
        """Our team grows, and we need a colleague with strong {skill}. The position is {title}.
I would be glad to tell you what we do and what we do not.""",
    ),
)

FEEDBACK = (
    "The ranking saves us hours. We would like to see why somebody is placed where they are.",
    "Good people, but many had moved on to new jobs. Fresher profiles would help.",
    "Two interviews in the first month from people we would never have found. More, please.",
    "Could we save a message as a draft? Otherwise happy.",
)


def _message(
    template: tuple[str, str],
    company: Company,
    vacancy: Opening,
    recruiter: Recruiter,
    person: Person,
) -> Message:
    skills = vacancy.filters.required_skills or person.facts.skills or ("software",)
    words = {"title": vacancy.title, "company": company.name, "skill": skills[0]}
    subject, text = template
    return Message(
        subject=subject.format(**words),
        text=text.format(**words),
        salary=vacancy.salary,
        location=vacancy.location,
        remote=vacancy.remote,
        sender_name=recruiter.name,
        sender_role=recruiter.role,
    )
