"""`sourcing backtest`: how it uses columns, what it predicts, and what it refuses."""

import json
import math
import random
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from api import cli
from api.backtest.columns import ColumnOptions
from api.backtest.prequential import Case, Delays, run_prequential
from api.backtest.records import BadTable
from api.backtest.report import BacktestReport, written
from api.backtest.run import BacktestOptions, run
from api.cli.exit_codes import Exit
from projections.likelihood.estimator.model import LikelihoodModel
from projections.likelihood.estimator.schema import Features, Schema

Table = Callable[..., Path]
DAY = 86_400.0


@pytest.fixture
def table(tmp_path: Path) -> Table:
    """Writes a CSV file of lines."""

    def write(*lines: str, encoding: str = "utf-8") -> Path:
        path = tmp_path / "history.csv"
        path.write_bytes("\n".join(lines).encode(encoding))
        return path

    return write


def backtested(path: Path, options: BacktestOptions) -> BacktestReport:
    return run(path, options, lambda *_: None)


def a_history(rows: int = 600, delimiter: str = ",") -> list[str]:
    """People who answer the more the more visits they made, with every kind of column."""
    rng = random.Random(3)
    lines = [["person_id", "sent", "visits", "role", "age", "note", "constant", "answered"]]
    for number in range(rows):
        visits, role = rng.expovariate(0.2), rng.choice(["design", "sales", ""])
        answers = rng.random() < 1 / (1 + math.exp(2.5 - visits / 4 - (role == "design")))
        day = f"2026-{1 + number * 11 // rows:02}-{1 + number % 28:02}"
        note = f"wrote to them about a thing number {number}"
        shown = f"{visits:.2f}" if rng.random() < 0.9 else "NA"
        lines.append([f"p{number}", day, shown, role, "44", note, "x", "yes" if answers else "no"])
    return [delimiter.join(line) for line in lines]


# What columns are taken for


def test_it_recognizes_columns_and_says_why_others_are_left_out(table: Table) -> None:
    report = backtested(table(*a_history()), BacktestOptions("answered"))
    assert report.columns == {
        "visits": "number, by its logarithm",
        "role": "category of 3 values",
    }
    assert report.left_out["person_id"] == "an id"
    assert report.left_out["sent"].startswith("a time")
    assert report.left_out["note"] == "a text"
    assert report.left_out["constant"] == "always the same"
    assert "nobody is ranked by it" in report.left_out["age"]


def test_options_override_how_columns_are_used(table: Table) -> None:
    columns = ColumnOptions(categories=["person_id"], ignored=["visits"], allowed=["age"])
    lines = [line.replace(",44,", f",{30 + n % 9},") for n, line in enumerate(a_history(100))]
    report = backtested(table(*lines), BacktestOptions("answered", columns=columns))
    assert report.columns == {
        "age": "number",
        "person_id": "category of 100 values",
        "role": "category of 3 values",
    }
    assert report.left_out["visits"] == "left out by --ignore"


@pytest.mark.parametrize(
    "name",
    ["gender", "Sex", "candidateAge", "marital_status", "date of birth", "RACE", "ethnicity"],
)
def test_nobody_is_ranked_by_what_is_protected(table: Table, name: str) -> None:
    path = table(f"a,{name},y", *(f"{n},{n % 3},{n % 2}" for n in range(20)))
    assert name in backtested(path, BacktestOptions("y")).left_out


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_recognized(table: Table, delimiter: str) -> None:
    assert backtested(table(*a_history(60, delimiter)), BacktestOptions("answered")).rows == 60


def test_quoted_cells_may_hold_delimiters_and_line_breaks(table: Table) -> None:
    lines = (f'"a,{n % 3}\nb",{n % 2}' for n in range(30))
    report = backtested(table("word,y", *lines), BacktestOptions("y"))
    assert (report.rows, report.columns) == (30, {"word": "category of 3 values"})


# What it predicts


def test_it_predicts_better_than_the_prior_where_there_is_something_to_learn(table: Table) -> None:
    report = backtested(table(*a_history(2000)), BacktestOptions("answered"))
    assert report.model.log_loss is not None
    assert report.prior.log_loss is not None
    assert report.model.roc_auc is not None
    assert report.model.log_loss < report.prior.log_loss - 0.03
    assert report.model.roc_auc > 0.7
    assert report.weightiest[0][0] == "visits"
    assert sum(point.count for point in report.reliability) == report.rows == 2000


def test_no_row_is_predicted_from_its_own_outcome_or_a_later_one(table: Table) -> None:
    first, second = (
        [f"{n % 5},{(n < 50 or flip) and n % 2}" for n in range(100)] for flip in (True, False)
    )
    reports = [
        backtested(table("a,y", *lines, "1,1", "1,0"), BacktestOptions("y", positive="1"))
        for lines in (first, second)
    ]
    early = [report.windows[:15] for report in reports]
    assert early[0] == early[1]
    assert reports[0].state_hash != reports[1].state_hash


def test_rows_come_in_the_order_of_time(table: Table) -> None:
    lines = a_history(300)
    shuffled = lines[1:]
    random.Random(1).shuffle(shuffled)
    by_time = sorted(shuffled, key=lambda line: line.split(",")[1])
    options = BacktestOptions("answered", time="sent")
    mixed = backtested(table(lines[0], *shuffled), options)
    sorted_before = backtested(table(lines[0], *by_time), options)
    assert mixed.state_hash == sorted_before.state_hash
    assert mixed.windows[0].begins_at == "2026-01-01T00:00:00+00:00"


def test_a_time_may_be_a_number_that_no_calendar_has(table: Table, tmp_path: Path) -> None:
    lines = (f"{1e17 + n * 1e14},{n % 3},{n % 2}" for n in range(50, 0, -1))
    report = backtested(table("step,a,y", *lines), BacktestOptions("y", time="step"))
    assert {window.begins_at for window in report.windows} == {None}
    assert "From row" in written(report, tmp_path)[0].read_text()


def test_a_columns_gaps_never_hide_another_column(table: Table) -> None:
    lines = (f"{n if n % 3 else ''},{n % 2},{n % 2}" for n in range(600))
    report = backtested(table("a,a known,y", *lines), BacktestOptions("y"))
    assert report.model.log_loss is not None
    assert report.model.log_loss < 0.2


def test_a_number_that_begins_to_vary_late_is_used(table: Table) -> None:
    lines = (f"{max(0, n - 1_000)},{n % 5},{n % 2}" for n in range(1_400))
    report = backtested(table("late,a,y", *lines), BacktestOptions("y"))
    assert "late" not in report.left_out


@pytest.mark.parametrize(
    "number",
    [
        lambda n: 1.7e12 + n * n,
        lambda n: 1e15 + (n % 9 == 0),
        lambda n: -4e9 - n,
        lambda n: n * 1e-200,
        lambda n: n * 5e-324,
        lambda n: (n % 3 - 1) * 1e308,
    ],
)
def test_a_number_of_any_size_is_predictive(table: Table, number: Callable[[int], float]) -> None:
    lines = (f"{number(n)!r},{n % 5},{n % 9 == 0}" for n in range(600))
    report = backtested(table("large,a,y", *lines), BacktestOptions("y"))
    assert "large" in report.columns
    assert all(math.isfinite(weight) for _, weight in report.weightiest)


def test_moments_in_milliseconds_separate_late_from_early(table: Table) -> None:
    lines = (f"{1_700_000_000_000 + n * 7_777_777 % 900_000_000}" for n in range(600))
    rows = (f"{line},{int(line) > 1_700_000_450_000}" for line in lines)
    report = backtested(table("at,y", *rows), BacktestOptions("y"))
    assert report.model.roc_auc is not None
    assert report.model.roc_auc > 0.95


def test_eight_digits_are_a_day_and_never_seconds(table: Table) -> None:
    with pytest.raises(BadTable, match="19700132"):
        backtested(
            table("t,a,y", "19700131,1,0", "19700132,2,1", "19700201,3,0"),
            BacktestOptions("y", "t"),
        )


def test_rows_without_an_outcome_are_left_out_and_counted(table: Table) -> None:
    report = backtested(table("a,y", "1,0", "2,", "3,1", "4,NA"), BacktestOptions("y"))
    assert (report.rows, report.without_outcome) == (2, 2)


# Delays


def cases(outcomes: Sequence[bool], answered_after: float | None = None) -> list[Case]:
    return [
        Case(n * DAY, Features({"a": 1.0}, {}), came, (came and answered_after) or None)
        for n, came in enumerate(outcomes)
    ]


def a_model() -> LikelihoodModel:
    return LikelihoodModel(Schema(1, {"a": None}, {}))


def test_an_outcome_is_learned_no_sooner_than_it_is_known() -> None:
    trial = run_prequential(a_model(), iter(cases([False] * 12)), Delays(days=10))
    assert len({*trial.probabilities[:10]}) == 1
    assert trial.probabilities[11] < trial.probabilities[9]


def test_silence_is_learned_as_a_no_that_an_answer_revokes() -> None:
    rows = [
        Case(0.0, Features({"a": 1.0}, {}), True, answered_at=5 * DAY),
        *(Case(day * DAY, Features({"a": 1.0}, {}), False) for day in (2, 6)),
    ]
    trial = run_prequential(a_model(), iter(rows), Delays(days=10, silence_hours=24))
    assert trial.probabilities[1] < trial.probabilities[0] < trial.probabilities[2]
    assert (trial.model.observed, trial.model.positive) == (2.0, 1.0)


def test_drawn_answers_come_within_the_days_and_are_the_same_each_time() -> None:
    case, delays = Case(0.0, Features({}, {}), True), Delays(days=14)
    drawn = [delays.answer(case, number) for number in range(500)]
    assert drawn == [delays.answer(case, number) for number in range(500)]
    assert 0 < min(drawn) < max(drawn) <= 14 * DAY


# What it refuses


@pytest.mark.parametrize(
    ("lines", "options", "says"),
    [
        ([], BacktestOptions("y"), "is empty: give a CSV file"),
        (["a,y"], BacktestOptions("y"), "no records"),
        (["a,y", "1,0", "2,1"], BacktestOptions("z"), "no column 'z': take one of a, y"),
        (["a,y", "1,0", "2,1"], BacktestOptions("y", time="t"), "no column 't'"),
        (
            ["a,y", "1,0", "2,1"],
            BacktestOptions("y", columns=ColumnOptions(numbers=["b"])),
            "no column 'b'",
        ),
        (
            ["a,y", "1,0", "2,1", "3,2"],
            BacktestOptions("y"),
            "has 3 values .0, 1, 2. .* --positive",
        ),
        (
            ["a,y", "1,up", "2,down"],
            BacktestOptions("y"),
            "Say with --positive which value of y is a yes",
        ),
        (
            ["a,y", "1,0", "2,1"],
            BacktestOptions("y", positive="yes"),
            "y is never 'yes': it is 0, 1",
        ),
        (["a,y", "1,0", "2"], BacktestOptions("y"), "Line 3 has 1 cells and the header has 2"),
        (["a,a", "1,0"], BacktestOptions("a"), "Two columns are called 'a'"),
        (
            ["t,a,y", "2026-01-01,1,0", "soon,2,1"],
            BacktestOptions("y", "t"),
            "Line 3: 'soon' in t is no time",
        ),
        (
            ["gender,y", "w,0", "m,1"],
            BacktestOptions("y"),
            "No column is left .* gender is protected",
        ),
        (
            ["a,y", "x,0", "2,1"],
            BacktestOptions("y", columns=ColumnOptions(["a"])),
            "a cannot be a number, since it has",
        ),
    ],
)
def test_an_unusable_table_is_refused_with_what_to_do(
    table: Table, lines: list[str], options: BacktestOptions, says: str
) -> None:
    with pytest.raises(BadTable, match=says):
        backtested(table(*lines), options)


def test_a_file_in_another_encoding_is_refused(table: Table) -> None:
    with pytest.raises(BadTable, match="not text in UTF-8"):
        backtested(table("a,y", "1,0", "größer,1", encoding="latin-1"), BacktestOptions("y"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_file_whose_lines_end_otherwise_is_refused(table: Table, encoding: str) -> None:
    with pytest.raises(BadTable, match="lines end with a line feed: save it as one"):
        backtested(table("a,y\r1,0\r2,1\r", encoding=encoding), BacktestOptions("y"))


# The command


def sourcing(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", ["sourcing", *map(str, arguments)])
    with pytest.raises(SystemExit) as exit:
        cli.main()
    return int(exit.value.code or 0)


def test_the_command_prints_the_measures_and_writes_the_report(
    table: Table,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = table(*a_history(300))
    options = ("--label", "answered", "--time", "sent", "--delay-days", 14, "--silence-hours", 24)
    assert sourcing(monkeypatch, "backtest", path, *options, "--report", tmp_path / "report") == 0
    printed = capsys.readouterr().out
    assert re.search(r"Log loss +0\.\d{4} +0\.\d{4}", printed)
    assert "Left out: age (protected" in printed
    figures = json.loads((tmp_path / "report" / "backtest.json").read_text())
    assert figures["rows"] == 300
    page = (tmp_path / "report" / "backtest.html").read_text()
    assert page.count("<figure") == 4
    assert not re.search(r"(src|href)=|url\(|@import|<script", page)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--delay-days", 14), "name its column with --time"),
        (("--time", "sent", "--silence-hours", 24), "Say how long a yes may take"),
        (("--time", "sent", "--delay-days", "inf"), "less than or equal to 36525"),
        (
            ("--time", "sent", "--delay-days", 1, "--silence-hours", 25),
            "--silence-hours must be shorter",
        ),
        (("--label", "nobody"), "There is no column 'nobody'"),
        (("--report", "/dev/null"), "cannot be a folder"),
    ],
)
def test_the_command_ends_with_a_sentence_where_it_cannot_continue(
    table: Table,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[object, ...],
    says: str,
) -> None:
    path = table(*a_history(40))
    code = sourcing(monkeypatch, "backtest", path, "--label", "answered", *arguments)
    assert code == Exit.WRONG_USAGE
    assert says in capsys.readouterr().err


def test_a_missing_file_is_reported(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sourcing(monkeypatch, "backtest", "nowhere.csv", "--label", "y") == Exit.WRONG_USAGE
    assert "nowhere.csv cannot be read" in capsys.readouterr().err


def test_words_of_the_table_are_shown_as_words_whatever_they_are(
    table: Table, tmp_path: Path
) -> None:
    lines = (f"{n % 3},{n % 2}" for n in range(30))
    report = backtested(table("<script>alert(1)</script>,y", *lines), BacktestOptions("y"))
    page, _ = written(report, tmp_path)
    assert "<script>" not in page.read_text()
