"""The analyst's funnel: charts, their tables, and CSV."""

import csv
from datetime import timedelta
from io import StringIO
from typing import Any
from urllib.parse import parse_qsl

import pytest

from api.marketplace import now
from domain.actor import Role
from tests.support.browser import Desks
from tests.support.client import done
from tests.support.stage import Stage
from tests.support.visitor import in_every_look, text_of, visitor


@pytest.fixture(scope="module")
def busy(stage: Stage) -> Stage:
    """A marketplace in which four candidates got a message and two of them answered."""
    scene = stage.scene().in_beta()
    position = scene.position()
    members = [scene.member(f"Member-{number}", silent_days=400) for number in range(4)]
    feed = f"/positions/{position}/passive-candidates"
    done(scene.recruiter.get(feed, after=stage.reached()))
    for member in members:
        done(scene.recruiter.get(f"/positions/{position}/candidates/{member}"))
    sent = [done(scene.message(position, member))["id"] for member in members]
    done(scene.platform.post(f"/outreach/{sent[0]}/acceptance", {}))
    done(scene.platform.post(f"/outreach/{sent[1]}/decline", {"reason": "salary"}))
    return stage


def rows_of(response: Any) -> list[dict[str, str]]:
    assert response.headers["content-type"].startswith("text/csv")
    return [*csv.DictReader(StringIO(response.text))]


def test_the_funnel_tells_how_many_came_how_far(busy: Stage) -> None:
    page = text_of(visitor(busy, Role.ANALYST).get(f"/funnel?after={busy.reached()}"))
    assert "Messaged 4 (100% of the step before)" in page
    assert "Answered 2 (50% of the step before)" in page


def test_the_tables_behind_the_charts_are_there_as_csv(busy: Stage) -> None:
    analyst = visitor(busy, Role.ANALYST)
    for name in ("over-time", "by-band", "over-time-by-band"):
        rows = rows_of(analyst.get(f"/funnel/{name}.csv?after={busy.reached()}"))
        assert sum(int(row["messaged"]) for row in rows) == 4
        assert sum(int(row["answered"]) for row in rows) == 2
        assert all(bool(row["period"]) == ("over-time" in name) for row in rows)
        assert all(bool(row["band"]) == ("by-band" in name) for row in rows)


def test_only_the_chosen_time_and_candidates_count(busy: Stage) -> None:
    analyst = visitor(busy, Role.ANALYST)
    after = f"after={busy.reached()}"
    assert "Nothing happened in this time" in text_of(
        analyst.get(f"/funnel?since=&until=2020-01-01&{after}")
    )
    assert "Nothing happened in this time" in text_of(
        analyst.get(f"/funnel?candidates=active&{after}")
    )
    assert rows_of(analyst.get(f"/funnel/over-time.csv?since=&until=2020-01-01&{after}")) == []


@pytest.mark.parametrize(
    "query",
    [
        "interval=hour",
        "since=yesterday",
        "candidates=some",
        "since=2026-02-01&until=2026-01-01",
    ],
)
def test_a_question_that_makes_no_sense_is_refused_with_a_sentence(busy: Stage, query: str) -> None:
    response = visitor(busy, Role.ANALYST).get(f"/funnel/by-band.csv?{query}")
    assert response.status_code == 422
    assert '<ul class="reasons">' in response.text


@pytest.mark.parametrize(
    ("query", "field", "said"),
    [
        ("since=yesterday", "since", "Since: write a day, such as 2026-03-01."),
        ("since=&until=2026-02-30", "until", "Until: write a day, such as 2026-03-01."),
        (
            "since=2026-02-01&until=2026-02-01",
            "until",
            "Until: choose a day after the one in Since.",
        ),
        ("candidates=some", "candidates", "Candidates: Input should be"),
        ("interval=hour", "interval", "Interval: Input should be"),
    ],
)
def test_what_is_wrong_with_a_question_stands_beside_its_field_and_what_was_typed_stays(
    busy: Stage, query: str, field: str, said: str
) -> None:
    response = visitor(busy, Role.ANALYST).get(f"/funnel?interval=month&{query}")
    assert response.status_code == 422
    assert f'<p class="fault" id="{field}-fault-1">{said}' in response.text
    assert f'aria-describedby="{field}-fault-1" aria-invalid="true"' in response.text
    for name, value in parse_qsl(query):
        if name in ("since", "until"):
            assert f'name="{name}" type="date" value="{value}"' in response.text
    assert "Nothing happened" not in response.text


def test_the_page_looks_back_a_quarter_and_its_csv_says_the_same(busy: Stage) -> None:
    page = visitor(busy, Role.ANALYST).get("/funnel").text
    since = (now() - timedelta(weeks=13)).date()
    assert f'name="since" type="date" value="{since}"' in page
    assert '<option value="week" selected>' in page
    assert f"/funnel/by-band.csv?interval=week&amp;since={since}&amp;until=&amp;" in page


def test_blank_dates_are_no_dates(busy: Stage) -> None:
    path = "/funnel?interval=month&candidates=all&since=&until="
    assert visitor(busy, Role.ANALYST).get(path).status_code == 200


@pytest.mark.parametrize("path", ["/funnel", "/funnel/by-band.csv"])
@pytest.mark.parametrize("role", [Role.RECRUITER, Role.SUPPORT, Role.CSM, Role.AUDITOR])
def test_the_funnel_is_the_analysts_alone(busy: Stage, path: str, role: Role) -> None:
    employer = "00000000-0000-4000-8000-000000000001" if role is Role.RECRUITER else None
    assert visitor(busy, role, employer).get(path).status_code == 403


# --- In the browser


@in_every_look
def test_the_funnel_is_fit(desk: Desks, busy: Stage, width: str, dark: bool) -> None:
    analyst = desk(Role.ANALYST, width=width, dark=dark)
    page = analyst.go(f"/funnel?interval=day&after={busy.reached()}")
    page.get_by_text("The numbers").first.click()
    analyst.is_fit("funnel-dark" if dark else "funnel")


def test_days_the_wrong_way_round_are_mended_where_they_were_typed(
    desk: Desks, busy: Stage
) -> None:
    analyst = desk(Role.ANALYST, width="narrow", dark=True)
    page = analyst.go(f"/funnel?after={busy.reached()}")
    since = page.get_by_label("Since").input_value()
    page.get_by_label("Until").fill("2020-01-01")
    page.get_by_role("button", name="Show").click()
    page.get_by_role("alert").wait_for()
    assert page.get_by_label("Since").input_value() == since
    assert page.get_by_label("Until").input_value() == "2020-01-01"
    analyst.is_fit("funnel-refused-dark")
    page.get_by_label("Until").fill("")
    page.get_by_role("button", name="Show").click()
    page.get_by_text("The numbers").first.wait_for()


def test_an_analyst_downloads_the_csv(desk: Desks, busy: Stage) -> None:
    page = desk(Role.ANALYST).go(f"/funnel?after={busy.reached()}")
    page.get_by_label("Group by", exact=True).select_option("month")
    page.get_by_role("button", name="Show").click()
    with page.expect_download() as started:
        page.get_by_role("link", name="By likelihood band as CSV", exact=True).click()
    rows = [*csv.DictReader(StringIO(started.value.path().read_text()))]
    assert started.value.suggested_filename == "funnel-by-band.csv"
    assert sum(int(row["messaged"]) for row in rows) == 4
