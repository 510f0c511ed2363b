"""The adverse-impact report, against a plain count; and that nothing else sees the attributes."""

import ast
import math
import statistics
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg import Connection
from psycopg.rows import TupleRow

import projections
from domain.actor import Actor, Role
from domain.attributes import AgeBand, Attributes, Disability, Ethnicity, Gender
from domain.candidate_commands import ClearAttributes, EraseCandidate, ReportAttributes
from domain.candidate_events import AttributesCleared, AttributesReported
from domain.command import Command
from domain.identifier import SignUpCandidate
from infrastructure.database.postgres import Pool
from infrastructure.event_log.store import EventStore
from infrastructure.projecting.projector import Projector
from projections import adverse_impact
from projections.adverse_impact import (
    FEWEST_TOLD,
    SMALL_COUNT,
    SMALL_SHARE,
    AdverseImpact,
    Cell,
    Comparison,
    Group,
    comparison,
)
from projections.candidate_index import keeping
from projections.candidate_index.matching import id_keys_of
from projections.read_models import read_models

NOW = datetime(2026, 8, 31, 12, tzinfo=UTC)
PLATFORM = Actor(id="feed", role=Role.PLATFORM)
IDS = UUID("00000000-0000-5000-8000-000000000003")


# --- The arithmetic

genders = st.sampled_from([None, *Gender])
ethnicities = st.sampled_from([None, Ethnicity.ASIAN, Ethnicity.WHITE, Ethnicity.PREFER_NOT_TO_SAY])
people = st.lists(st.tuples(genders, ethnicities, st.booleans()), max_size=400)


def cells(everybody: list[Any]) -> list[tuple[Cell, int]]:
    counted = Counter(everybody)
    return [(Cell({"gender": g, "ethnicity": e}, above), n) for (g, e, above), n in counted.items()]


def plainly(everybody: list[Any]) -> dict[str, Any]:
    """The groups of the intersection, as one would work them out by hand."""
    hidden = {None, "prefer_not_to_say"}
    told = [p for p in everybody if p[0] not in hidden and p[1] not in hidden]
    groups: dict[str, list[bool]] = {}
    for gender, ethnicity, above in told:
        groups.setdefault(f"{gender}, {ethnicity}", []).append(above)
    rates = {name: statistics.mean(highs) for name, highs in groups.items()}
    large = {n for n, g in groups.items() if len(g) >= 30 and len(g) / len(told) >= 0.02}
    top = max((rates[name] for name in large), default=0)
    return {
        name: (
            len(highs),
            rates[name] if len(highs) >= 5 else None,
            rates[name] / top if len(highs) >= 5 and top else None,
            name not in large,
        )
        for name, highs in groups.items()
    }


@given(people)
def test_every_groups_numbers_are_those_of_a_plain_count(everybody: list[Any]) -> None:
    found = comparison(["gender", "ethnicity"], cells(everybody))
    expected = plainly(everybody)
    assert [group.name for group in found.groups] == sorted(expected)
    for group in found.groups:
        count, rate, ratio, small = expected[group.name]
        assert (group.count, group.small) == (count, small)
        assert group.scoring_rate == (None if rate is None else pytest.approx(rate))
        assert group.impact_ratio == (None if ratio is None else pytest.approx(ratio))


@given(people)
def test_nobody_is_lost(everybody: list[Any]) -> None:
    found = comparison(["gender"], cells(everybody))
    grouped = sum(group.count for group in found.groups)
    assert grouped + found.prefer_not_to_say + found.not_told == len(everybody)


@given(people)
def test_the_best_large_group_has_a_ratio_of_one_and_no_flag(everybody: list[Any]) -> None:
    found = comparison(["gender"], cells(everybody))
    ratios = [g.impact_ratio for g in found.groups if not g.small and g.impact_ratio is not None]
    assert not ratios or max(ratios) == 1
    assert not any(g.below_four_fifths for g in found.groups if g.small or g.impact_ratio == 1)


def groups(**counted: tuple[int, int]) -> dict[str, Group]:
    """Groups of so many people; so many of them score high."""
    told: list[tuple[Cell, int]] = []
    for name, (count, above) in counted.items():
        told += [
            (Cell({"gender": name}, True), above),
            (Cell({"gender": name}, False), count - above),
        ]
    found: Comparison = comparison(["gender"], told)
    return {group.name: group for group in found.groups}


def test_four_fifths_themselves_are_not_below_four_fifths() -> None:
    told = groups(man=(1000, 600), woman=(1000, 480), other=(1000, 479))
    assert not told["woman"].below_four_fifths
    assert told["other"].below_four_fifths


def test_a_difference_is_given_in_standard_deviations() -> None:
    told = groups(man=(100, 60), woman=(100, 36), other=(1000, 600))
    # The larger of two equal groups is the measure: (.6 - .36) / sqrt(m (1 - m) (1/100 + 1/1000)).
    mean = 636 / 1100
    expected = 0.24 / math.sqrt(mean * (1 - mean) * (1 / 100 + 1 / 1000))
    assert told["woman"].standard_deviations == pytest.approx(expected)
    assert told["man"].standard_deviations == told["other"].standard_deviations == 0


def test_where_everybody_scores_high_nothing_deviates() -> None:
    told = groups(man=(100, 100), woman=(100, 100))
    assert {group.standard_deviations for group in told.values()} == {0.0}


def test_a_small_group_is_marked_and_neither_the_measure_nor_flagged() -> None:
    told = groups(few=(SMALL_COUNT - 1, SMALL_COUNT - 1), none=(10, 0), man=(500, 250))
    assert told["few"].small
    assert told["man"].impact_ratio == 1
    assert told["few"].impact_ratio == 2
    assert not told["none"].below_four_fifths


def test_under_two_percent_of_those_who_told_is_small_however_many_they_are() -> None:
    told = groups(few=(190, 10), man=(9_810, 5_000))
    assert SMALL_COUNT <= 190
    assert SMALL_SHARE * 10_000 > 190
    assert told["few"].small


def test_the_rate_of_very_few_is_not_given() -> None:
    told = groups(four=(FEWEST_TOLD - 1, 2), five=(FEWEST_TOLD, 2), man=(100, 50))
    assert (told["four"].scoring_rate, told["four"].impact_ratio) == (None, None)
    assert told["five"].scoring_rate == pytest.approx(0.4)


def test_where_nobody_scores_high_there_is_no_ratio() -> None:
    assert groups(man=(100, 0))["man"].impact_ratio is None


# --- The report


class Reported:
    """Members who say who they are, their scores set by hand."""

    def __init__(self, store: EventStore, pool: Pool, db: Connection[TupleRow]) -> None:
        self._store = store
        self._projectors = [Projector([p], store, pool) for p in read_models()]
        self.db = db

    def after(self, command: Callable[..., Command], **asked: object) -> None:
        self._store.execute(command(by=PLATFORM, at=NOW, request_id="test", **asked))

    def sign_up(self, name: str, *, silent_days: int = 400, opted_in: bool = True) -> UUID:
        id = uuid5(IDS, name)
        signed_up = NOW - timedelta(days=silent_days)
        told: dict[str, Any] = {"candidate_id": id, "name": name, "signed_up_at": signed_up}
        self.after(SignUpCandidate, **told, opted_in=opted_in)
        return id

    def say(self, id: UUID, **attributes: Any) -> None:
        self.after(ReportAttributes, candidate_id=id, attributes=Attributes(**attributes))

    def rows(self, table: str = "self_reported_attributes") -> list[TupleRow]:
        self.follow()
        return self.db.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall()

    def follow(self) -> None:
        for projector in self._projectors:
            while projector.catch_up():
                pass

    def score(self, id: UUID, logit: float) -> None:
        self.follow()
        ((_, key),) = id_keys_of(self.db, [id])
        with keeping.reading(self.db, NOW) as index:
            row = index.row_of(id, key)
            assert row is not None
            index.columns["own"][row] = logit

    def report(self, **asked: Any) -> adverse_impact.Report:
        return adverse_impact.report(self.db, NOW, **asked)


@pytest.fixture
def reported(store: EventStore, pool: Pool, connection: Connection[TupleRow]) -> Reported:
    return Reported(store, pool, connection)


def of(report: adverse_impact.Report, *by: str) -> Comparison:
    return next(c for c in report.comparisons if c.by == [*by])


def test_of_nobody_there_is_nothing_to_report(reported: Reported) -> None:
    report = reported.report()
    assert (report.scored, report.median_logit) == (0, None)
    assert all(c.groups == [] for c in report.comparisons)
    assert [c.by for c in report.comparisons] == [
        ["gender"], ["ethnicity"], ["age_band"], ["disability"], ["gender", "ethnicity"],
    ]  # fmt: skip


def test_who_scores_above_the_median_of_all_counts_as_high_in_their_groups(
    reported: Reported,
) -> None:
    for number in range(11):
        id = reported.sign_up(f"M{number}")
        woman = number < 6
        if number != 10:
            reported.say(id, gender=Gender.WOMAN if woman else Gender.MAN)
        reported.score(id, float(number))
    report = reported.report()
    assert (report.scored, report.median_logit) == (11, 5.0)
    found = of(report, "gender")
    assert found.not_told == 1
    (women,) = [group for group in found.groups if group.name == "woman"]
    assert (women.count, women.scoring_rate, women.small) == (6, 0.0, True)
    assert of(report, "gender", "ethnicity").not_told == 11


def test_who_has_not_opted_in_is_not_ranked_and_not_counted(reported: Reported) -> None:
    reported.sign_up("Out", opted_in=False)
    reported.sign_up("In")
    reported.follow()
    assert reported.report().scored == 1


def test_it_may_be_about_passive_candidates_alone(reported: Reported) -> None:
    reported.sign_up("Silent")
    reported.sign_up("Lively", silent_days=3)
    reported.sign_up("Livelier", silent_days=2)
    reported.follow()
    assert (reported.report(passive=True).scored, reported.report(passive=False).scored) == (1, 2)


def test_what_is_said_anew_replaces_what_was_said(reported: Reported) -> None:
    id = reported.sign_up("Ada")
    reported.say(id, gender=Gender.WOMAN, disability=Disability.NO)
    reported.say(id, age_band=AgeBand.FROM_60)
    assert reported.rows() == [(id, None, None, "60_or_over", None)]


@pytest.mark.parametrize("command", [ClearAttributes, EraseCandidate])
def test_it_is_gone_when_it_is_taken_back_or_the_person_forgotten(
    reported: Reported, command: type[Command]
) -> None:
    id = reported.sign_up("Ada")
    reported.say(id, gender=Gender.WOMAN)
    assert len(reported.rows()) == 1
    reported.after(command, candidate_id=id)
    assert reported.rows() == []


def test_it_is_gone_from_the_log_with_the_persons_key(
    reported: Reported, store: EventStore
) -> None:
    id = reported.sign_up("Ada")
    reported.say(id, gender=Gender.WOMAN)
    reported.after(EraseCandidate, candidate_id=id)
    stored, _ = store.read(0, 100, [AttributesReported.TOPIC])
    assert b"woman" not in stored[0].state
    (event,) = store.mapper.with_personal_fields(stored)
    assert isinstance(event, AttributesReported)
    assert event.gender is None


# --- Nothing else sees them


def test_only_the_report_follows_what_people_say_of_themselves() -> None:
    following = {
        type(projection)
        for projection in read_models()
        if {AttributesReported, AttributesCleared} & set(projection.follows)
    }
    assert following == {AdverseImpact}


def test_the_words_for_it_are_known_where_it_is_told_and_reported_alone() -> None:
    root = Path(str(projections.__file__)).parent.parent
    knowing = {
        str(path.relative_to(root))
        for package in ("domain", "projections", "api")
        for path in (root / package).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module == "domain.attributes"
    }
    assert knowing - {"api/demo/members.py"} == {
        "domain/candidate.py",
        "domain/candidate_commands.py",
        "domain/candidate_events.py",
        "projections/adverse_impact.py",
        "api/routes/candidates.py",
        "api/person/about.py",  # to the person themselves
        "api/web/messages.py",  # to translate its words for them
    }


def test_what_people_say_of_themselves_changes_no_score_and_no_feature(reported: Reported) -> None:
    ids = [reported.sign_up(f"M{number}") for number in range(3)]
    tables = ("likelihood_features", "likelihood_model", "candidate_pool")
    before = [reported.rows(table) for table in tables]
    for id in ids:
        reported.say(id, gender=Gender.WOMAN, ethnicity=Ethnicity.ASIAN, age_band=AgeBand.FROM_60)
    assert [reported.rows(table) for table in tables] == before
    assert len(reported.rows()) == 3
