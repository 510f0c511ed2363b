"""Charts as SVG, with their style sheet: for the console's pages and for a backtest's report."""

from pathlib import Path

HERE = Path(__file__).parent
TEMPLATES = HERE / "templates"
STATIC = HERE / "static"
