"""The whole simulated marketplace, and its history as events in order of time."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from api.demo.agenda import Agenda
from api.demo.answers import USUAL, Process
from api.demo.companies import DEMO, companies
from api.demo.market import Market
from api.demo.members import Members, Person
from api.demo.survey_2019 import to_profile
from api.formats.json_resume import Profile
from domain.event import Event

FEWEST_CANDIDATES, MOST_CANDIDATES = 20, 1_000_000


@dataclass(frozen=True)
class Shift:
    """From a moment on people answer for other reasons than before."""

    at: datetime
    process: Process


class World:
    """A marketplace of so many candidates until a moment: the same seed, the same marketplace.

    Real profiles, as JSON Resume documents, take the place of generated people; there are then at
    most as many candidates as profiles, and of two with the same id the first counts.

    `truth` tells how likely an answer to each outreach really was, and `visible` the log-odds of it
    without what no event tells. They are never stored.

    Raises:
        BadDocument: a profile cannot be read.
        ValueError: the number of candidates is out of range.
    """

    def __init__(
        self,
        *,
        candidates: int,
        seed: int,
        until: datetime,
        profiles: Iterable[Mapping[str, Any]] | None = None,
        process: Process = USUAL,
        shift: Shift | None = None,
    ) -> None:
        if until.tzinfo is None:
            raise ValueError("until has no time zone; give one")
        told = None if profiles is None else _read(profiles, seed, candidates, until)
        if told is None and not FEWEST_CANDIDATES <= candidates <= MOST_CANDIDATES:
            raise ValueError(f"{candidates} candidates: take {FEWEST_CANDIDATES} to 1,000,000")
        self.until = until
        self.count = candidates if told is None else len(told)
        self.agenda = Agenda(seed, until)
        self._members = Members(self.agenda, seed, self.count, told)
        self._usual, self._shift = process, shift
        self._market = Market(
            self.agenda,
            seed,
            self._members,
            companies(seed, self.count),
            self.count,
            self._process,
        )

    @property
    def truth(self) -> Mapping[UUID, float]:
        """How likely an answer within fourteen days really was, by outreach."""
        return self._market.truth

    @property
    def visible(self) -> Mapping[UUID, float]:
        """The log-odds of an answer as far as the events tell, by outreach."""
        return self._market.visible

    @property
    def people(self) -> list[Person]:
        """Everyone who has signed up so far, with their hidden state."""
        return self._members.everyone

    @property
    def begin(self) -> float:
        """When the eighteen months begin, in seconds since 1970."""
        return self._members.begin

    def history(self) -> Iterator[Event]:
        """Everything that happens, in order of time. It happens once."""
        for recorded in self.agenda.pass_time():
            yield from recorded

    def _process(self) -> Process:
        shift = self._shift
        return shift.process if shift and self.agenda.today() >= shift.at else self._usual


def _read(
    documents: Iterable[Mapping[str, Any]], seed: int, most: int, until: datetime
) -> list[Profile]:
    profiles: dict[UUID, Profile] = {}
    for number, document in enumerate(documents):
        if len(profiles) == most:
            break
        profile = to_profile(document, as_of=until.date())
        key = profile.external_id or f"{seed}/candidate/{number}"
        id = profile.candidate_id or uuid5(DEMO, key)
        profiles.setdefault(id, profile.model_copy(update={"candidate_id": id}))
    return [*profiles.values()]
