"""Charts as plain SVG: their geometry; `templates/charts.html` writes the markup.

A chart keeps its numbers, so that every picture can stand beside its table. Colours and type are in
`static/charts.css`. One module, since the kinds of chart share their frame, scales and marks.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from math import isfinite, sqrt
from typing import Literal

from api.charts import axes

WIDTH, HEIGHT = 560, 340
LEFT, RIGHT, TOP, BOTTOM = 76, 28, 40, 64
ROW = 52
"""Height of a bar that lies on its side, with its words above it."""

Text = Callable[[float | None], str]
X = float | date | datetime


@dataclass(frozen=True)
class Mark:
    """One shape: a path, a bar, a dot, a rule or words, of a series (from 1) or of none."""

    kind: Literal["line", "bar", "dot", "rule", "words"]
    x: float = 0
    y: float = 0
    width: float = 0
    height: float = 0
    path: str = ""
    words: str = ""
    series: int = 0
    look: str = ""


@dataclass(frozen=True)
class Chart:
    """A picture, what it says in words, and its numbers."""

    title: str
    says: str
    columns: list[str]
    rows: list[list[str]]
    marks: list[Mark] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    keyed_by: Literal["line", "bar"] = "line"
    height: float = HEIGHT
    width: float = WIDTH


@dataclass(frozen=True)
class Series:
    """Values along an axis; None is a gap."""

    name: str
    values: Sequence[tuple[X, float | None]]


@dataclass(frozen=True)
class Scale:
    """Where a value of an axis stands on the picture."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """The place of a value.

        >>> Scale(0, 10, 100, 200)(5)
        150.0
        """
        along = (value - self.low) / ((self.high - self.low) or 1)
        return round(self.start + along * (self.end - self.start), 1)


def lines(
    title: str,
    series: Sequence[Series],
    *,
    x: str,
    y: str,
    text: Text = axes.number,
    from_zero: bool = False,
) -> Chart:
    """Lines over time or over a number, one a series; some hundred values each are plenty."""
    known = [point for one in series for run in _runs(one.values) for point in run]
    columns, rows = _table_of(series, x, text)
    if not known:
        return Chart(title, f"{title}: no data yet.", columns, rows)
    values = [value for _, value in known]
    steps = axes.round_steps(0 if from_zero else min(values), max(values))
    up = Scale(steps[0], steps[-1], HEIGHT - BOTTOM, TOP)
    along, marks = _x_axis([place for place, _ in known], x)
    marks += _y_axis(up, steps, y, text)
    for number, one in enumerate(series, 1):
        for run in _runs(one.values):
            points = [(along(_number(place)), up(value)) for place, value in run]
            marks.append(Mark("line", path=_path(points), series=number))
            if len(run) == 1:
                marks.append(Mark("dot", *points[0], width=3, series=number))
    says = "; ".join(
        f"{one.name} from {text(runs[0][0][1])} to {text(runs[-1][-1][1])}"
        for one in series
        if (runs := _runs(one.values))
    )
    return Chart(title, f"{title}: {says}.", columns, rows, marks, [one.name for one in series])


def bars(
    title: str,
    categories: Sequence[str],
    series: Sequence[tuple[str, Sequence[float | None]]],
    *,
    x: str,
    y: str,
    text: Text = axes.number,
) -> Chart:
    """A bar a category and series, beside each other."""
    columns = [x, *(name for name, _ in series)]
    rows = [
        [category, *(text(values[place]) for _, values in series)]
        for place, category in enumerate(categories)
    ]
    heights = [[value or 0 for value in values] for _, values in series]
    tops = [max(of_one) for of_one in zip(*heights, strict=True)]
    if not any(tops):
        return Chart(title, f"{title}: no data yet.", columns, rows)
    steps = axes.round_steps(0, max(tops))
    up = Scale(0, steps[-1], HEIGHT - BOTTOM, TOP)
    room = (WIDTH - LEFT - RIGHT) / len(categories)
    marks = [*_y_axis(up, steps, y, text), _words(WIDTH - RIGHT, HEIGHT - 10, x, "end axis-name")]
    every = -(-len(categories) // max(1, min(6, 44 // max(map(len, categories)))))
    for place, category in enumerate(categories):
        left = LEFT + place * room
        if place % every == 0:
            marks.append(_words(left + room / 2, HEIGHT - BOTTOM + 24, category, "middle tick"))
        width = room * 0.8 / len(series)
        for number, (name, _) in enumerate(series):
            value = heights[number][place]
            marks.append(
                Mark(
                    "bar",
                    round(left + room * 0.1 + number * width, 1),
                    up(value),
                    round(width, 1),
                    round(up(0) - up(value), 1),
                    words=f"{category}, {name}: {text(value)}",
                    series=number + 1,
                )
            )
    highest = max(range(len(tops)), key=tops.__getitem__)
    at = categories[highest]
    says = f"{title}: {len(categories)} bars, the highest {text(tops[highest])} at {at}."
    return Chart(title, says, columns, rows, marks, [name for name, _ in series], "bar")


def funnel(title: str, steps: Sequence[tuple[str, int]]) -> Chart:
    """How many came as far as each step, and which share of the step before, where it is one."""
    before = [None, *(count for _, count in steps)]
    shares = [
        axes.share(count / last) if last and count <= last else axes.NOTHING
        for (_, count), last in zip(steps, before, strict=False)
    ]
    columns = ["Step", "Count", "Share of the step before"]
    rows = [[name, axes.number(count), of] for (name, count), of in zip(steps, shares, strict=True)]
    most = max((count for _, count in steps), default=0)
    if not most:
        return Chart(title, f"{title}: no data yet.", columns, rows)
    along = Scale(0, most, 0, WIDTH)
    marks = []
    for place, (name, count, of) in enumerate(rows):
        top = place * ROW
        told = f"{count} ({of} of the step before)" if of != axes.NOTHING else count
        marks += [
            _words(0, top + 18, name, "start name"),
            _words(WIDTH, top + 18, told, "end"),
            Mark("bar", 0, top + 26, WIDTH, 16, look="ground"),
            Mark("bar", 0, top + 26, along(steps[place][1]), 16, words=f"{name}: {told}", series=1),
        ]
    says = f"{title}: {', '.join(f'{name} {count}' for name, count, _ in rows)}."
    return Chart(title, says, columns, rows, marks, height=len(rows) * ROW)


def signed(
    title: str,
    values: Sequence[tuple[str, float]],
    *,
    of: str,
    text: Text = axes.number,
    limit: float | None = None,
) -> Chart:
    """Values as bars that lie on their side, those below zero to the left of the middle.

    A limit is a dashed rule across them.
    """
    columns, rows = [of, "Value"], [[name, text(value)] for name, value in values]
    most = max((abs(value) for _, value in values), default=0)
    if not most:
        return Chart(title, f"{title}: no data yet.", columns, rows)
    both = any(value < 0 for _, value in values)
    along = Scale(-most, most, 0, WIDTH) if both else Scale(0, max(most, limit or 0), 0, WIDTH)
    marks = []
    for place, (name, value) in enumerate(values):
        top, ends = place * ROW, sorted((along(0), along(value)))
        told = f"+{text(value)}" if value > 0 and both else text(value)
        marks += [
            _words(0, top + 18, name, "start name"),
            _words(WIDTH, top + 18, told, "end"),
            Mark(
                "bar",
                ends[0],
                top + 26,
                round(ends[1] - ends[0], 1),
                16,
                words=f"{name}: {told}",
                series=1 if value >= 0 else 2,
            ),
            Mark("rule", along(0), top + 22, along(0), top + 46, look="axis"),
        ]
        if limit is not None:
            marks.append(
                Mark("rule", along(limit), top + 22, along(limit), top + 46, look="dashed")
            )
    says = f"{title}: the largest is {max(values, key=lambda one: abs(one[1]))[0]}."
    return Chart(title, says, columns, rows, marks, height=len(values) * ROW)


def reliability(title: str, points: Sequence[tuple[float, float, int]]) -> Chart:
    """What was predicted against what came: mean prediction, share that came, and how many.

    A point on the diagonal is an honest prediction. The rule through each is Wilson's interval of
    95 % around the share that came (Wilson, JASA 22, 1927).
    """
    columns = ["Predicted", "Observed", "Of how many"]
    rows = [[axes.share(p), axes.share(o), axes.number(n)] for p, o, n in points]
    counted = [(p, o, n) for p, o, n in points if n > 0]
    if not counted:
        return Chart(title, f"{title}: no data yet.", columns, rows)
    intervals = [wilson(o, n) for _, o, n in counted]
    highest = max(*(p for p, _, _ in counted), *(high for _, high in intervals))
    steps = axes.round_steps(0, min(1.0, highest))
    along = Scale(0, steps[-1], LEFT, WIDTH - RIGHT)
    up = Scale(0, steps[-1], HEIGHT - BOTTOM, TOP)
    marks = _y_axis(up, steps, "Observed", axes.share)
    marks += _ticks(along, steps, axes.texts(steps, axes.share), "Predicted")
    marks.append(Mark("rule", along(0), up(0), along(steps[-1]), up(steps[-1]), look="dashed"))
    most = max(n for _, _, n in counted)
    for (predicted, came, n), (low, high) in zip(counted, intervals, strict=True):
        told = f"predicted {axes.share(predicted)}, came {axes.share(came)} of {axes.number(n)}"
        marks.append(Mark("rule", along(predicted), up(low), along(predicted), up(high), series=1))
        size = round(3 + 6 * sqrt(n / most), 1)
        marks.append(Mark("dot", along(predicted), up(came), width=size, words=told, series=1))
    total = sum(n for _, _, n in counted)
    off = sum(n * abs(p - o) for p, o, n in counted) / total
    says = f"{title}: {len(counted)} points, {axes.share(off)} off the diagonal on average."
    return Chart(title, says, columns, rows, marks)


def wilson(share: float, count: int) -> tuple[float, float]:
    """Wilson's interval of 95 % around a share of so many.

    >>> low, high = wilson(0.5, 100)
    >>> round(low, 3), round(high, 3)
    (0.404, 0.596)
    """
    z2 = 1.959964**2
    middle = (share + z2 / (2 * count)) / (1 + z2 / count)
    half = sqrt(z2 * (share * (1 - share) / count + z2 / (4 * count**2))) / (1 + z2 / count)
    return max(0.0, middle - half), min(1.0, middle + half)


def _number(place: X) -> float:
    if isinstance(place, datetime):
        return place.timestamp()
    if isinstance(place, date):
        return datetime.combine(place, time(), UTC).timestamp()
    return float(place)


def _runs(values: Sequence[tuple[X, float | None]]) -> list[list[tuple[X, float]]]:
    """The known values, from gap to gap."""
    runs: list[list[tuple[X, float]]] = [[]]
    for place, value in values:
        if value is not None and isfinite(value):
            runs[-1].append((place, value))
        else:
            runs.append([])
    return [run for run in runs if run]


def _path(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:g},{y:g}" for x, y in points)


def _words(x: float, y: float, words: str, look: str) -> Mark:
    return Mark("words", round(x, 1), round(y, 1), words=words, look=look)


def _y_axis(up: Scale, steps: list[float], name: str, text: Text) -> list[Mark]:
    marks = [_words(0, 20, name, "start axis-name")]
    for step, label in zip(steps, axes.texts(steps, text), strict=True):
        marks.append(Mark("rule", LEFT, up(step), WIDTH - RIGHT, up(step), look="grid"))
        marks.append(_words(LEFT - 8, up(step) + 5, label, "end tick"))
    return marks


def _x_axis(places: Sequence[X], name: str) -> tuple[Scale, list[Mark]]:
    numbers = [_number(place) for place in places]
    along = Scale(min(numbers), max(numbers), LEFT, WIDTH - RIGHT)
    if not isinstance(places[0], date):
        steps = [s for s in axes.round_steps(along.low, along.high) if along.low <= s <= along.high]
        return along, _ticks(along, steps, axes.texts(steps, axes.number) if steps else [], name)
    ends = [datetime.fromtimestamp(end, UTC) for end in (along.low, along.high)]
    moments = axes.moments(ends[0], ends[1], most=5)
    steps = [moment.timestamp() for moment in moments]
    return along, _ticks(along, steps, axes.moment_texts(moments), name)


def _ticks(along: Scale, steps: list[float], labels: list[str], name: str) -> list[Mark]:
    marks = [_words(WIDTH - RIGHT, HEIGHT - 10, name, "end axis-name")]
    for step, label in zip(steps, labels, strict=True):
        marks.append(_words(along(step), HEIGHT - BOTTOM + 24, label, "middle tick"))
    return marks


def _table_of(series: Sequence[Series], x: str, text: Text) -> tuple[list[str], list[list[str]]]:
    """The values of all series by place."""
    cells = [{place: text(value) for place, value in one.values} for one in series]
    places = sorted({place for of_one in cells for place in of_one}, key=_number)
    rows = [
        [_told(place), *(of_one.get(place, axes.NOTHING) for of_one in cells)] for place in places
    ]
    return [x, *(one.name for one in series)], rows


def _told(place: X) -> str:
    if isinstance(place, datetime):
        return f"{place:%Y-%m-%d %H:%M}" if (place.hour or place.minute) else f"{place:%Y-%m-%d}"
    return f"{place:%Y-%m-%d}" if isinstance(place, date) else axes.number(place)
