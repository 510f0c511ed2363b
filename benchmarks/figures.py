"""What a benchmark found: each figure beside an anchor that was measured in the same run."""

import json
import math
import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Figure:
    """One row of the table."""

    layer: str
    """What was measured: the recorder, `Application.save`, HTTP, SQL, a read model."""
    what: str
    unit: str
    ours: float
    anchor: str = ""
    """What it is compared with."""
    theirs: float | None = None
    target: str = ""

    @property
    def ratio(self) -> float | None:
        """Ours over theirs: above 1 is better for rates, below 1 for times."""
        return self.ours / self.theirs if self.theirs else None


COLUMNS = ("layer", "what", "ours", "unit", "anchor", "theirs", "ratio", "target")


def show(figures: Iterable[Figure]) -> list[Figure]:
    """Print each figure as it comes, then all of them as a table."""
    console, found = Console(width=150, highlight=False), []
    for figure in figures:
        found.append(figure)
        console.print("  ".join(filter(None, _cells(figure))), style="dim")
    table = Table(*COLUMNS, title=machine(), title_justify="left")
    for figure in found:
        table.add_row(*_cells(figure))
    console.print(table)
    return found


def _cells(figure: Figure) -> list[str]:
    theirs = "" if figure.theirs is None else _number(figure.theirs)
    ratio = "" if figure.ratio is None else f"{figure.ratio:,.2f}"
    ours = _number(figure.ours)
    return [
        figure.layer, figure.what, ours, figure.unit, figure.anchor, theirs, ratio, figure.target,
    ]  # fmt: skip


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.3g}"


def machine() -> str:
    """What the figures depend on."""
    system = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    return f"{os.cpu_count()} cores, {system}"


def write(figures: Sequence[Figure], folder: Path) -> None:
    """The figures as JSON, as a Markdown table, and their ratios as a chart."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [asdict(figure) | {"ratio": figure.ratio} for figure in figures]
    told = {"machine": machine(), "figures": rows}
    (folder / "bench.json").write_text(json.dumps(told, indent=2) + "\n", "utf-8")
    (folder / "bench.md").write_text(markdown(figures), "utf-8")
    (folder / "bench.svg").write_text(chart(figures), "utf-8")


def markdown(figures: Sequence[Figure]) -> str:
    """The table as the README has it."""
    lines = [" | ".join(COLUMNS), " | ".join(["---"] * len(COLUMNS))]
    lines += [" | ".join(_cells(figure)) for figure in figures]
    return "".join(f"| {line} |\n" for line in lines)


BAR, LABEL, ROW = 360, 440, 22


def chart(figures: Sequence[Figure]) -> str:
    """Each ratio to its anchor as a bar, on a logarithmic scale."""
    compared = [(figure, figure.ratio) for figure in figures if figure.ratio]
    largest = max((max(ratio, 1 / ratio) for _, ratio in compared), default=1.0)
    height = ROW * (len(compared) + 1)
    drawn = []
    for number, (figure, ratio) in enumerate(compared):
        share = math.log(max(ratio, 1 / ratio)) / max(math.log(largest), 1e-9)
        y = number * ROW
        label = escape(f"{figure.layer}: {figure.what}, beside {figure.anchor}")
        drawn.append(
            f'<text x="{LABEL - 8}" y="{y + 15}" text-anchor="end">{label}</text>'
            f'<rect x="{LABEL}" y="{y + 4}" width="{max(share * BAR, 1):.0f}" height="14"/>'
            f'<text x="{LABEL + max(share * BAR, 1) + 6:.0f}" y="{y + 15}">{ratio:,.2f}</text>'
        )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{LABEL + BAR + 80}" height="{height}"'
        f' font-family="sans-serif" font-size="12" fill="#345">{"".join(drawn)}</svg>\n'
    )
