"""The page that a backtest writes fits a phone."""

from pathlib import Path

from playwright.sync_api import Browser

from api.backtest.report import written
from api.backtest.run import BacktestOptions, run
from tests.support.browser import WIDTHS

LONG = "how_often_they_came_back_in_the_first_ninety_days_after_they_had_signed_up_by_themselves"


def test_a_report_fits_a_phone_however_long_columns_are_called(
    browser: Browser, tmp_path: Path
) -> None:
    table = tmp_path / "history.csv"
    rows = (f"{n % 7},only {n} words or more,{n % 2}" for n in range(60))
    table.write_text("\n".join([f"{LONG},{LONG}_in_words,answered_{LONG}", *rows]))
    report = run(table, BacktestOptions(f"answered_{LONG}"), lambda *_: None)
    page_file, _ = written(report, tmp_path)
    page = browser.new_page(viewport={"width": WIDTHS["narrow"], "height": 900})
    page.goto(page_file.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") == WIDTHS["narrow"]
    page.close()
