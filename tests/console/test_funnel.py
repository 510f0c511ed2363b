"""The analyst's funnel: charts, their tables, and CSV."""

import csv
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest

from api.marketplace import now
from domain.event import Role
from tests.api.scene import done
from tests.api.stage import Stage
from tests.console.conftest import Desks
from tests.console.visitor import in_every_look, text_of, visitor


@pytest.fixture(scope="module")
def busy(stage: Stage) -> Stage:
    """A marketplace in which four were written to, of whom two answered."""
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
    assert "Messaged 4 (100 % of the step before)" in page
    assert "Answered 2 (50 % of the step before)" in page


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
    response = visitor(busy, Role.ANALYST).get(f"/funnel?{query}")
    assert response.status_code == 422
    assert '<ul class="reasons">' in response.text


def test_the_page_looks_back_a_quarter_and_its_csv_says_the_same(busy: Stage) -> None:
    page = visitor(busy, Role.ANALYST).get("/funnel").text
    since = (now() - timedelta(weeks=13)).date()
    assert f'name="since" type="date" value="{since}"' in page
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


def test_an_analyst_downloads_the_csv(desk: Desks, busy: Stage) -> None:
    page = desk(Role.ANALYST).go(f"/funnel?after={busy.reached()}")
    page.get_by_label("By", exact=True).select_option("month")
    page.get_by_role("button", name="Show").click()
    with page.expect_download() as started:
        page.get_by_role("link", name="By likelihood band", exact=True).click()
    rows = [*csv.DictReader(StringIO(started.value.path().read_text()))]
    assert started.value.suggested_filename == "funnel-by-band.csv"
    assert sum(int(row["messaged"]) for row in rows) == 4
