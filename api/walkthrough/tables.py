"""What the walkthrough shows, as a person would want to read it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from rich.console import RenderableType
from rich.table import Table

DAYS_A_MONTH = 30.44
NEVER_WRAPPED = {
    "",
    "Name",
    "Badge",
    "Last active",
    "Likely to respond",
    "Observed",
    "When",
    "Time",
}

Row = Mapping[str, Any]
"""An object of an answer."""


def feed(cards: Sequence[Row], roles: Sequence[str] = ()) -> RenderableType:
    """A list of candidates, each with the role that is looked for."""
    table = _table("", "Name", "Role", "Matching skills", "Years", "Place", "Last active",
                   "Likely to respond")  # fmt: skip
    for rank, card in enumerate(cards, start=1):
        facts = card["facts"]
        table.add_row(
            str(rank),
            card["name"],
            next((role for role in facts["roles"] or () if not roles or role in roles), "?"),
            ", ".join(card["matching_skills"]) or "-",
            "?" if facts["years_experience"] is None else f"{facts['years_experience']:.0f}",
            place(facts),
            age(card["last_active_at"]),
            likelihood(card["likelihood"]) + (", a random pick" if card["explored"] else ""),
        )
    return table


def profile(card: Row) -> RenderableType:
    """A candidate's fields with their source and age."""
    table = _table("Field", "What is known", "Source", "Observed")
    known = card["facts"] | {"summary": card["summary"], "jobs": _jobs(card["jobs"])}
    for field, origin in card["provenance"].items():
        if known.get(field):
            table.add_row(
                field.replace("_", " "),
                _said(known[field]),
                origin["source"],
                age(origin["observed_on"]),
            )
    return table


def interviews(rows: Sequence[Row]) -> RenderableType:
    """The Interviews tab."""
    table = _table("Name", "Badge", "Status", "Sent", "Interview", "Likelihood when sent")
    for row in rows:
        table.add_row(
            row["candidate_name"],
            f"[bold magenta]{row['badge']}[/]" if row["badge"] else "",
            row["status"].replace("_", " "),
            moment(row["sent_at"]),
            moment(row["interview_at"]) if row["interview_at"] else "",
            percent(row["likelihood"]["probability"]) if row["likelihood"] else "?",
        )
    return table


def learned(before: Sequence[Row], after: Sequence[Row]) -> RenderableType:
    """A ranking before and after the model learned."""
    table = _table("", "Name", "Before", "After", "Change of the logit")
    known = {card["candidate_id"]: card["likelihood"] for card in before}
    for rank, card in enumerate(after, start=1):
        was, now = known.get(card["candidate_id"]), card["likelihood"]
        table.add_row(
            str(rank),
            card["name"],
            percent(was["probability"], digits=2) if was else "-",
            percent(now["probability"], digits=2),
            f"{now['logit'] - was['logit']:+.4f}" if was else "-",
        )
    return table


def timeline(steps: Sequence[Row]) -> RenderableType:
    """An outreach step by step."""
    table = _table("Step", "What", "When", "Who", "As", "Event", "Request")
    for step in steps:
        table.add_row(
            str(step["step"]),
            step["what"].replace("_", " "),
            moment(step["at"]),
            step["actor_id"],
            step["actor_role"],
            str(step["event_position"]),
            step["request_id"][:8],
        )
    return table


def events(log: Sequence[Row]) -> RenderableType:
    """CloudEvents in the order of the log."""
    table = _table("Id", "Type", "Time", "Actor", "Data")
    for event in log:
        data = ", ".join(name for name, value in event["data"].items() if value is not None)
        table.add_row(event["id"], event["type"], moment(event["time"]), event["actorid"], data)
    return table


def counts(tabs: Row) -> str:
    """How many each tab of a position has."""
    return (
        f"Recommendations {tabs['recommendations']:,}  |  "
        f"Passive candidates {tabs['passive_candidates']:,}  |  Interviews {tabs['interviews']:,}"
    )


def filters(chosen: Row) -> RenderableType:
    """The filters that are set."""
    table = _table("Filter", "")
    for name, value in chosen.items():
        if value not in (None, [], False):
            table.add_row(name.replace("_", " "), _said(value))
    return table


def likelihood(score: Row | None) -> str:
    """A likelihood in a word and a number."""
    if score is None:
        return "?"
    colour = {"high": "green", "medium": "yellow"}.get(score["band"], "dim")
    return f"[{colour}]{score['band']:<6} {percent(score['probability']):>6}[/]"


def percent(share: float, digits: int = 1) -> str:
    """A share of one."""
    return f"{share:.{digits}%}"


def place(facts: Row) -> str:
    """Where somebody is, and whether they would work from there."""
    where = ", ".join(facts[part] for part in ("city", "country") if facts[part])
    return f"{where or '?'}{' (or remote)' if facts['open_to_remote'] else ''}"


def moment(said: str) -> str:
    """A moment to the minute."""
    return datetime.fromisoformat(said).astimezone(UTC).strftime("%Y-%m-%d %H:%M")


def age(said: str) -> str:
    """A day, and how many months ago it was."""
    day = date.fromisoformat(said[:10])
    months = round((datetime.now(UTC).date() - day).days / DAYS_A_MONTH)
    return f"{day}, {months} mo"


def _said(value: Any) -> str:
    match value:
        case list():
            separator = "; " if any("," in str(each) for each in value) else ", "
            return separator.join(map(str, value))
        case {"amount": amount, "currency": currency}:
            return f"{amount:,} {currency} a year"
        case bool():
            return "yes" if value else "no"
        case _:
            return str(value)


def _jobs(jobs: Sequence[Row]) -> list[str]:
    each = [filter(None, (job["title"], job["employer"])) for job in jobs[:3]]
    return [" at ".join(names) for names in each]


def _table(*columns: str) -> Table:
    table = Table(header_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=column in NEVER_WRAPPED)
    return table
