"""Charts say in words, numbers and shapes what their values are, and never more."""

import re
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment, PackageLoader

from api.charts import STATIC, axes, charts
from api.charts.charts import Chart, Mark, Series

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
WEEKS = [MONDAY + timedelta(weeks=number) for number in range(4)]
numbers = st.builds(
    lambda digits, places: digits * 10.0**places, st.integers(-(10**6), 10**6), st.integers(-9, 6)
)
EVERY_KIND = [
    charts.lines("Loss", [Series("model", [*zip(WEEKS, (0.5, 0.4), strict=False)])], x="W", y="L"),
    charts.bars("Sent", ["May", "June"], [("low", [1, 2]), ("high", [3, 4])], x="Month", y="Sent"),
    charts.funnel("Way", [("Shown", 10), ("Opened", 4)]),
    charts.signed("Reasons", [("Silent", -0.5), ("Answered", 0.25)], of="Reason"),
    charts.reliability("Honest", [(0.1, 0.12, 50), (0.4, 0.38, 20)]),
]
every_kind = pytest.mark.parametrize("chart", EVERY_KIND, ids=lambda chart: chart.title)


def marks(chart: Chart, kind: str, series: int | None = None) -> list[Mark]:
    return [m for m in chart.marks if m.kind == kind and series in (None, m.series)]


def drawn(chart: Chart) -> str:
    jinja = Environment(loader=PackageLoader("api.charts"), autoescape=True)
    macro = '{% from "charts.html" import chart %}{{ chart(picture, "one") }}'
    return jinja.from_string(macro).render(picture=chart)


# --- Axes


@given(numbers, numbers)
def test_round_steps_span_the_range_and_are_few(one: float, other: float) -> None:
    low, high = min(one, other), max(one, other)
    steps = axes.round_steps(low, high)
    less_than_seen = 1e-6 * (steps[-1] - steps[0])
    assert steps[0] <= low + less_than_seen
    assert steps[-1] >= high - less_than_seen
    assert 2 <= len(steps) <= 7
    assert steps == sorted(set(steps))


@given(st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1)), st.integers(60, 20 * 365 * 86400))  # noqa: DTZ001 - made aware below
def test_moments_lie_within_the_span_and_are_few(start: datetime, seconds: int) -> None:
    low = start.replace(tzinfo=UTC)
    high = low + timedelta(seconds=seconds)
    found = axes.moments(low, high)
    assert len(found) <= 6
    assert all(low <= moment <= high for moment in found)
    if seconds > 3 * 3600:
        assert found


# --- What each kind draws


def test_a_line_breaks_where_a_value_is_missing() -> None:
    values = [*zip(WEEKS, (1.0, 2.0, None, float("nan")), strict=True), (WEEKS[-1], 3.0)]
    chart = charts.lines("Loss", [Series("model", values)], x="Week", y="Loss")
    assert len(marks(chart, "line")) == 2
    assert [row[1] for row in chart.rows].count(axes.NOTHING) >= 1


def test_a_higher_value_stands_higher_and_a_later_one_further_right() -> None:
    chart = charts.lines("L", [Series("m", [(0, 1.0), (1, 3.0)])], x="Events", y="Loss")
    (line,) = marks(chart, "line")
    (x1, y1), (x2, y2) = (
        map(float, point.split(",")) for point in line.path.removeprefix("M").split("L")
    )
    assert x1 < x2
    assert y1 > y2


def test_a_funnel_tells_the_share_of_the_step_before() -> None:
    chart = charts.funnel("Way", [("Shown", 200), ("Opened", 50), ("Messaged", 10)])
    assert [row[2] for row in chart.rows] == [axes.NOTHING, "25%", "20%"]
    assert [bar.width for bar in marks(chart, "bar", 1)] == [560.0, 140.0, 28.0]


def test_more_than_at_the_step_before_is_no_share_of_it() -> None:
    chart = charts.funnel("Way", [("Opened", 10), ("Messaged", 20)])
    assert [row[2] for row in chart.rows] == [axes.NOTHING, axes.NOTHING]


def test_what_speaks_against_goes_to_the_left() -> None:
    against, for_it = marks(EVERY_KIND[3], "bar")
    assert against.x + against.width == pytest.approx(for_it.x, abs=0.2)
    assert (against.width, for_it.width) == (280.0, 140.0)


def test_where_nothing_speaks_against_bars_begin_at_the_left_and_the_limit_is_in_sight() -> None:
    chart = charts.signed("Ratio", [("one", 0.4), ("other", 0.5)], of="Group", limit=0.8)
    assert [(bar.x, bar.width) for bar in marks(chart, "bar")] == [(0.0, 280.0), (0.0, 350.0)]
    assert [rule.x for rule in marks(chart, "rule") if rule.look == "dashed"] == [560.0] * 2


def test_an_honest_prediction_stands_on_the_diagonal() -> None:
    chart = charts.reliability("R", [(0.2, 0.2, 100), (0.4, 0.4, 100)])
    (diagonal,) = [mark for mark in marks(chart, "rule") if mark.look == "dashed"]
    slope = (diagonal.height - diagonal.y) / (diagonal.width - diagonal.x)
    for dot in marks(chart, "dot"):
        assert dot.y == pytest.approx(diagonal.y + slope * (dot.x - diagonal.x), abs=0.2)


@pytest.mark.parametrize(
    "chart",
    [
        charts.lines("A", [], x="x", y="y"),
        charts.lines("B", [Series("m", [(1, None)])], x="x", y="y"),
        charts.bars("C", [], [("a", [])], x="x", y="y"),
        charts.bars("D", ["May"], [("a", [0])], x="x", y="y"),
        charts.funnel("E", [("Shown", 0)]),
        charts.signed("F", [], of="f"),
        charts.reliability("G", []),
        charts.reliability("H", [(0.5, 0.0, 0)]),
    ],
    ids=lambda chart: chart.title,
)
def test_no_data_is_said_and_nothing_is_drawn(chart: Chart) -> None:
    assert not chart.marks
    assert "No data yet." in drawn(chart)


# --- How they are written down


@every_kind
def test_a_drawing_is_well_formed_and_told_to_who_cannot_see_it(chart: Chart) -> None:
    svg = re.search(r'<svg viewBox="[^"]*" role="img".*?</svg>', drawn(chart), re.DOTALL)
    assert svg
    picture = ET.fromstring(svg[0])
    told = {element.get("id"): element.text for element in picture[:2]}
    assert [*told.values()] == [chart.title, chart.says]
    assert picture.get("aria-labelledby") == " ".join(map(str, told))


@every_kind
def test_a_drawing_stands_beside_its_table(chart: Chart) -> None:
    page = drawn(chart)
    for cell in [*chart.columns, *(cell for row in chart.rows for cell in row)]:
        assert f">{cell}</t" in page


@every_kind
def test_a_drawing_carries_no_style_of_its_own(chart: Chart) -> None:
    assert not re.search(r"\bstyle=|<style|\bon\w+=|fill=|stroke=", drawn(chart))


@every_kind
def test_a_look_is_one_that_the_style_sheet_knows(chart: Chart) -> None:
    sheet = (STATIC / "charts.css").read_text()
    for mark in chart.marks:
        for look in [*mark.look.split(), *([f"series-{mark.series}"] if mark.series else [])]:
            assert re.search(rf"\.{look}\b", sheet), look


def test_markup_in_a_name_is_shown_as_text() -> None:
    page = drawn(charts.funnel("<b>Way</b>", [("<script>alert(1)</script>", 1)]))
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "<b>" not in page


def test_two_lines_can_be_told_apart_by_their_key() -> None:
    pair = [Series("model", [(1, 1.0), (2, 2.0)]), Series("prior", [(1, 2.0), (2, 1.0)])]
    page = drawn(charts.lines("L", pair, x="x", y="y"))
    assert re.findall(r"</svg> (\w+)</li>", page) == ["model", "prior"]
