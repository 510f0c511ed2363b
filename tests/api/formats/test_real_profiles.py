"""Real people's profiles are imported, filtered, ranked, messaged and badged.

They are the 997 of the developer survey where `../shared` has them, else five documents of our own;
the run's header says which. Sign-up, consent and last activity are made up from a seed, as the
survey knows nothing of them.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from api.cli.documents import Entry
from api.cli.sign_ups import Outcome, sign_up, sign_up_of
from api.demo.survey_2019 import to_profile
from api.formats.json_resume import Profile
from api.marketplace import now
from domain.actor import Actor, Cause, Role
from domain.filters import Filters
from domain.identifier import SignUpCandidate
from domain.passivity import is_passive
from projections.canonical import compared_facts, compared_filters
from tests.support.client import done
from tests.support.databases import Databases
from tests.support.stage import Scene, own_stage
from tests.support.survey import members, survey_profiles

pytestmark = pytest.mark.slow

DOCUMENTS, ARE_REAL = survey_profiles()
IMPORT = Actor(id="import", role=Role.PLATFORM)


class Imported:
    """A marketplace of which the profiles are all the candidates."""

    def __init__(self, scene: Scene, at: datetime, profiles: list[Profile]) -> None:
        self.scene = scene.in_beta()
        self.at = at
        self.profiles = {profile.name: profile for profile in profiles}

    def expected(self, filters: Filters, *, passive: bool) -> set[str]:
        """Whom the domain's own predicate lets through, of those who opted in."""
        return {
            name
            for name, profile in self.profiles.items()
            if profile.opted_in
            and profile.last_active_at
            and is_passive(profile.last_active_at, self.at) is passive
            and compared_filters(filters).admit(compared_facts(profile.facts))
        }

    def shown(self, position: str, feed: str) -> list[Any]:
        cards: list[Any] = []
        cursor: dict[str, str] = {}
        while True:
            page = done(
                self.scene.recruiter.get(
                    f"/positions/{position}/{feed}",
                    after=self.scene.latest(),
                    limit=100,
                    **cursor,
                )
            )
            cards += page["items"]
            if page["next_cursor"] is None:
                return cards
            cursor["cursor"] = page["next_cursor"]


@pytest.fixture(scope="module")
def imported(databases: Databases) -> Iterator[Imported]:
    at = now()
    cause = Cause(by=IMPORT, at=at, request_id="import")
    documents = members(DOCUMENTS, seed=2026, until=at)
    with own_stage(databases) as stage:
        commands: list[tuple[str, SignUpCandidate]] = []
        for number, document in enumerate(documents):
            entry = Entry(f"record {number}", document)
            commands.append((entry.where, sign_up_of(stage.marketplace, entry, cause)[0]))
        results = sign_up(stage.marketplace.store, commands)
        assert len(results) == len(documents)
        assert {(result.outcome, result.reason) for result in results} == {(Outcome.SIGNED_UP, "")}
        stage.catch_up()
        profiles = [to_profile(document) for document in documents]
        yield Imported(stage.scene(), at, profiles)


FILTERS = {
    "no filters": Filters(),
    "a role": Filters(roles=("Developer, back-end",)),
    "skills": Filters(required_skills=("javascript", "HTML/CSS")),
    "a place, or remote": Filters(locations=("Germany", "India"), remote=True),
    "years and a budget": Filters.model_validate(
        {
            "years_from": 2,
            "years_to": 10,
            "salary_budget": {"minimum": 0, "maximum": 60_000, "currency": "USD"},
        }
    ),
}


@pytest.mark.parametrize("filters", FILTERS.values(), ids=FILTERS)
@pytest.mark.parametrize("feed", ["passive-candidates", "recommendations"])
def test_both_lists_show_exactly_whom_the_filters_admit(
    imported: Imported, feed: str, filters: Filters
) -> None:
    position = imported.scene.position(**filters.model_dump(mode="json"))
    names = [card["name"] for card in imported.shown(position, feed)]
    assert len(names) == len(set(names))
    assert set(names) == imported.expected(filters, passive=feed == "passive-candidates")


def test_the_likeliest_to_respond_come_first(imported: Imported) -> None:
    cards = imported.shown(imported.scene.position(), "passive-candidates")
    shown = [card["likelihood"]["probability"] for card in cards[:100]]
    assert shown == sorted(shown, reverse=True)
    assert len(shown) > 1


def test_a_messaged_candidate_leaves_the_feed_and_is_badged(imported: Imported) -> None:
    position = imported.scene.position()
    card = imported.shown(position, "passive-candidates")[0]
    done(imported.scene.message(position, card["candidate_id"]))
    left = {c["candidate_id"] for c in imported.shown(position, "passive-candidates")}
    assert card["candidate_id"] not in left
    (interview,) = imported.shown(position, "interviews")
    assert interview["candidate_name"] == card["name"]
    assert interview["badge"] == "Passive Candidate"
