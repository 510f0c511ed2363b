"""The analyst's pages of the likelihood, on a marketplace with a history and on an empty one."""

import csv
import re
from html import unescape
from io import StringIO

import pytest

from api.demo import fill
from api.marketplace import now
from domain.actor import Role
from projections.likelihood.estimator.model import ESTIMATOR
from projections.likelihood.features.catalogue import FEATURE_VERSION
from tests.support.browser import Desks
from tests.support.client import done
from tests.support.stage import Stage
from tests.support.visitor import in_every_look, text_of, visitor

PAGES = ["/model", "/model/drift", "/model/adverse-impact", "/model/card"]
every_page = pytest.mark.parametrize("path", PAGES)


def seen(stage: Stage, path: str) -> str:
    joint = "&" if "?" in path else "?"
    return text_of(visitor(stage, Role.ANALYST).get(f"{path}{joint}after={stage.reached()}"))


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/model", "Nothing to judge yet"),
        ("/model/drift", "Nothing to compare yet"),
        ("/model/adverse-impact", "Nobody is scored yet"),
        ("/model/card", "Outreach learned from 0"),
    ],
)
def test_of_an_empty_marketplace_a_page_says_what_is_missing(
    stage: Stage, path: str, said: str
) -> None:
    assert said in seen(stage, path)


@pytest.fixture(scope="module")
def filled(stage: Stage) -> Stage:
    """The demo's marketplace, small."""
    fill(stage.marketplace.store, candidates=150, seed=7, until=now())
    with stage.connection() as db:
        members = db.execute("SELECT originator_id FROM events WHERE topic = 'candidate.opted_in'")
        platform = stage.as_(Role.PLATFORM)
        for number, (member,) in enumerate(members.fetchmany(80)):
            said = {
                "gender": ("woman", "man")[number % 2],
                "ethnicity": "asian",
                "age_band": "under_30",
            }
            said["disability"] = "no"
            done(platform("PUT", f"/candidates/{member}/attributes", said))
    return stage


def test_performance_is_shown_beside_the_running_prior(filled: Stage) -> None:
    page = seen(filled, "/model?window=100&by=kind")
    for title in ("Log loss (lower is better)", "ROC AUC (higher is better)", "Reliability"):
        assert title in page
    assert "Running prior" in page
    assert "The latest, by kind" in page


def test_performance_is_told_by_weeks_and_months(filled: Stage) -> None:
    for window in ("week", "month"):
        assert "Log loss" in seen(filled, f"/model?window={window}")


def test_performance_is_there_as_csv(filled: Stage) -> None:
    path = f"/model/performance.csv?window=month&after={filled.reached()}"
    response = visitor(filled, Role.ANALYST).get(path)
    rows = [*csv.DictReader(StringIO(response.text))]
    assert {row["judged"] for row in rows} == {"model", "running prior"}
    assert all(float(row["log_loss"]) > 0 for row in rows)


@pytest.mark.parametrize("query", ["window=0", "window=year", "by=gender"])
def test_a_question_that_makes_no_sense_is_refused(filled: Stage, query: str) -> None:
    response = visitor(filled, Role.ANALYST).get(f"/model?{query}")
    assert response.status_code == 422
    assert '<ul class="reasons">' in response.text


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("/model?window=year", "'500', '1000', 'week' or 'month'"),
        ("/model/drift?latest=5", "'1000' or '5000'"),
        ("/model/adverse-impact?candidates=few", "'passive', 'active' or 'all'"),
    ],
)
def test_a_refused_question_is_told_what_may_be_asked(
    filled: Stage, question: str, said: str
) -> None:
    assert said in unescape(visitor(filled, Role.ANALYST).get(question).text)


def test_drift_names_what_is_watched(filled: Stage) -> None:
    page = seen(filled, "/model/drift?latest=100")
    assert "Everything that is measured" in page
    assert "Probability Prediction" in page
    assert "Answer Outcome" in page


def test_the_report_on_adverse_impact_compares_each_attribute(filled: Stage) -> None:
    page = seen(filled, "/model/adverse-impact")
    for name in ("Gender", "Ethnicity", "Age band", "Disability", "Gender and ethnicity"):
        assert f"{name} Impact ratio by {name.lower()}" in page
    asian = re.search(r"Asian (\d+) [\d.]+%", page)
    assert asian
    assert int(asian[1]) >= 80
    assert "did not answer" in page


def test_the_card_lists_every_feature_with_its_source(filled: Stage) -> None:
    page = seen(filled, "/model/card")
    assert "What it does not know" in page
    assert "Dormancy" in page


def test_the_card_names_the_versions_that_an_outreach_can_be_held_against(filled: Stage) -> None:
    page = seen(filled, "/model/card")
    assert f"Features version {FEATURE_VERSION} Estimator version {ESTIMATOR}" in page


@every_page
@pytest.mark.parametrize("role", [Role.SUPPORT, Role.CSM, Role.AUDITOR])
def test_the_model_is_the_analysts_alone(stage: Stage, path: str, role: Role) -> None:
    assert visitor(stage, role).get(path).status_code == 403


# --- In the browser


@in_every_look
def test_the_models_pages_are_fit(desk: Desks, filled: Stage, width: str, dark: bool) -> None:
    analyst = desk(Role.ANALYST, width=width, dark=dark)
    analyst.go(f"/model?window=100&after={filled.reached()}")
    for path in PAGES:
        analyst.go(path + {"/model": "?window=100", "/model/drift": "?latest=100"}.get(path, ""))
        name = path.strip("/").replace("/", "-")
        analyst.is_fit(f"{name}-dark" if dark else name)


def test_an_analyst_walks_through_the_models_pages(desk: Desks, filled: Stage) -> None:
    page = desk(Role.ANALYST).go("/")
    page.get_by_role("link", name="Likelihood", exact=True).click()
    for tab in ("Drift and exploration", "Adverse impact", "Model card", "Performance"):
        page.get_by_role("link", name=tab).click()
        page.get_by_role("heading", name="Likelihood to respond").wait_for()
