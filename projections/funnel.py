"""From shown to interviewed: how many candidates came how far, and when.

Each step counts on the day (UTC) it happened, so that a day's numbers are final once it is over. A
step counts in the band of what was shown: pages and profiles by the probability on them, and all
that follows a message by the probability when it was sent. Where the sender was shown none, as in
history that was taken over, it is what the model would have said.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Literal
from uuid import UUID

from psycopg import Connection
from pydantic import BaseModel, Field

from domain.candidate_events import ContactRetracted
from domain.event import Event
from domain.handlers import on
from domain.likelihood import BAND_FROM, Band, band
from domain.outreach_events import (
    AnswerCorrected,
    InterviewRequested,
    InterviewScheduled,
    MessageSent,
    OutreachAccepted,
    OutreachDeclined,
    Status,
)
from domain.viewing import CandidatesShown, Feed, ProfileOpened
from infrastructure.database.postgres import fetch_all
from infrastructure.projecting.projection import Change, Projection
from projections.likelihood.projection import Likelihoods

UNKNOWN: Literal["unknown"] = "unknown"
"""The band of what was shown without a probability."""


class Funnel(Projection, name="funnel", version=3, key="position_id"):
    """What was seen of each position's lists, counted by day, and how far each outreach came."""

    READS = (Likelihoods,)

    TABLES = """
        CREATE TABLE funnel_views (
            employer_id uuid,
            position_id uuid,
            day         date,
            passive     boolean,
            explored    boolean,
            band        text,
            shown       bigint NOT NULL,
            opened      bigint NOT NULL,
            PRIMARY KEY (employer_id, position_id, day, passive, explored, band)
        );
        CREATE INDEX funnel_views_by_day ON funnel_views (day);

        -- Candidates shown by exploration: the funnel counts what becomes of them apart.
        CREATE TABLE funnel_explored (
            employer_id  uuid,
            position_id  uuid,
            candidate_id uuid,
            PRIMARY KEY (employer_id, position_id, candidate_id)
        );

        -- When each candidate was last shown in one of a position's lists.
        CREATE TABLE funnel_shown (
            employer_id  uuid,
            position_id  uuid,
            candidate_id uuid,
            shown_at     timestamptz NOT NULL,
            PRIMARY KEY (employer_id, position_id, candidate_id)
        );

        CREATE TABLE funnel_outreach (
            employer_id  uuid,
            outreach_id  uuid,
            position_id  uuid NOT NULL,
            candidate_id uuid NOT NULL,
            passive      boolean NOT NULL,
            explored     boolean NOT NULL,
            probability  double precision,
            sent_on      date NOT NULL,
            accepted_on  date,
            declined_on  date,
            interview_on date,
            PRIMARY KEY (employer_id, outreach_id)
        )"""

    SHOW = """
        INSERT INTO funnel_views (
            employer_id, position_id, day, passive, explored, band, shown, opened)
        VALUES (
            %(employer_id)s, %(position_id)s, %(day)s, %(passive)s, %(explored)s, %(band)s,
            %(number)s, 0)
        ON CONFLICT (employer_id, position_id, day, passive, explored, band)
        DO UPDATE SET shown = funnel_views.shown + EXCLUDED.shown"""

    SHOW_CANDIDATE = """
        INSERT INTO funnel_shown (employer_id, position_id, candidate_id, shown_at)
        VALUES (%(employer_id)s, %(position_id)s, %(candidate_id)s, %(at)s)
        ON CONFLICT (employer_id, position_id, candidate_id)
        DO UPDATE SET shown_at = greatest(funnel_shown.shown_at, EXCLUDED.shown_at)"""

    EXPLORE = """
        INSERT INTO funnel_explored (employer_id, position_id, candidate_id)
        VALUES (%(employer_id)s, %(position_id)s, %(candidate_id)s)
        ON CONFLICT DO NOTHING"""

    WAS_EXPLORED = """
        EXISTS (SELECT FROM funnel_explored WHERE employer_id = %(employer_id)s
                AND position_id = %(position_id)s AND candidate_id = %(candidate_id)s)"""

    OPEN = f"""
        INSERT INTO funnel_views (
            employer_id, position_id, day, passive, explored, band, shown, opened)
        VALUES (
            %(employer_id)s, %(position_id)s, %(day)s, %(passive)s, {WAS_EXPLORED}, %(band)s, 0, 1)
        ON CONFLICT (employer_id, position_id, day, passive, explored, band)
        DO UPDATE SET opened = funnel_views.opened + 1"""  # noqa: S608 - our own text

    SEND = f"""
        INSERT INTO funnel_outreach (
            employer_id, outreach_id, position_id, candidate_id, passive, explored, probability,
            sent_on)
        VALUES (
            %(employer_id)s, %(id)s, %(position_id)s, %(candidate_id)s, %(passive)s,
            {WAS_EXPLORED}, %(probability)s, %(day)s)"""  # noqa: S608 - our own text

    # An interview that is moved is the same one.
    COME_FURTHER: Mapping[type[Event], str] = {
        kind: f"""
        UPDATE funnel_outreach SET {column} = coalesce({column}, %(day)s)
        WHERE employer_id = %(employer_id)s AND outreach_id = %(id)s"""  # noqa: S608 - our own names
        for kind, column in (
            (OutreachAccepted, "accepted_on"),
            (OutreachDeclined, "declined_on"),
            (InterviewScheduled, "interview_on"),
        )
    }

    # Of an outreach that did not reach the candidate nothing counts.
    RETRACT = """
        DELETE FROM funnel_outreach
        WHERE employer_id = %(employer_id)s AND outreach_id = %(outreach_id)s"""

    CORRECT = """
        UPDATE funnel_outreach SET
            accepted_on = CASE WHEN %(accepted)s THEN coalesce(accepted_on, %(day)s::date) END,
            declined_on = CASE WHEN %(declined)s THEN coalesce(declined_on, %(day)s::date) END
        WHERE employer_id = %(employer_id)s AND outreach_id = %(id)s"""

    @on(CandidatesShown)
    def on_candidates_shown(self, event: CandidatesShown) -> Iterable[Change]:
        passive = event.feed is Feed.PASSIVE
        counted = Counter((slot.explored, _band(slot.probability)) for slot in event.slots)
        for (explored, word), number in counted.items():
            seen = {"passive": passive, "explored": explored, "band": word, "number": number}
            yield self.SHOW, _day(event) | seen
        for slot in event.slots:
            yield self.SHOW_CANDIDATE, {"candidate_id": slot.candidate_id}
            if slot.explored:
                yield self.EXPLORE, {"candidate_id": slot.candidate_id}

    @on(ProfileOpened)
    def on_profile_opened(self, event: ProfileOpened) -> Change:
        return self.OPEN, _day(event) | {"band": _band(event.probability)}

    @on(MessageSent, InterviewRequested)
    def on_sent(self, event: MessageSent | InterviewRequested) -> Change:
        return self.SEND, _day(event) | {
            "passive": isinstance(event, MessageSent),
            "probability": event.likelihood and event.likelihood.probability,
        }

    @on(OutreachAccepted, OutreachDeclined, InterviewScheduled)
    def on_came_further(
        self, event: OutreachAccepted | OutreachDeclined | InterviewScheduled
    ) -> Change:
        return self.COME_FURTHER[type(event)], _day(event)

    @on(ContactRetracted)
    def on_contact_retracted(self, _event: ContactRetracted) -> Change:
        return self.RETRACT, {}

    @on(AnswerCorrected)
    def on_answer_corrected(self, event: AnswerCorrected) -> Change:
        return self.CORRECT, _day(event) | {
            "accepted": event.status is Status.ACCEPTED,
            "declined": event.status is Status.DECLINED,
        }


def _day(event: Event) -> dict[str, Any]:
    return {"day": event.timestamp.date()}


def _band(probability: float | None) -> str:
    return UNKNOWN if probability is None else band(probability)


# Queries ------------------------------------------------------------------------------------------


class Interval(StrEnum):
    """How long a period is. A week begins on its Monday."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class Split(StrEnum):
    """What the numbers can be split by."""

    BAND = "band"
    KIND = "kind"
    EXPLORED = "explored"
    EMPLOYER = "employer"
    POSITION = "position"


class Steps(BaseModel):
    """How many candidates came how far. What it is not split by is null.

    A person who is shown or opened twice counts twice; a message, an answer and an interview come
    once.
    """

    period: date | None = Field(None, description="its first day")
    band: Band | Literal["unknown"] | None = None
    passive: bool | None = None
    explored: bool | None = None
    employer_id: UUID | None = None
    position_id: UUID | None = None
    shown: int
    opened: int
    messaged: int = Field(description="messages, and requests for interviews to active candidates")
    accepted: int
    declined: int
    answered: int
    interviews: int


_COLUMNS = {
    Split.BAND: "band",
    Split.KIND: "passive",
    Split.EXPLORED: "explored",
    Split.EMPLOYER: "employer_id",
    Split.POSITION: "position_id",
}

_BAND_ORDER = f"array_position('{{{','.join([*BAND_FROM, UNKNOWN])}}}'::text[], band)"
_BANDS = " ".join(f"WHEN p >= {lowest} THEN '{word}'" for word, lowest in BAND_FROM.items())

_STEPS = f"""
    SELECT day, band, passive, explored, employer_id, position_id,
           shown, opened, 0 AS messaged, 0 AS accepted, 0 AS declined, 0 AS interviews
    FROM funnel_views
    UNION ALL
    SELECT happened.day, CASE {_BANDS} ELSE 'unknown' END, passive, explored, employer_id,
           position_id, 0, 0, happened.sent, happened.accepted, happened.declined,
           happened.interview
    FROM (
        SELECT f.*, coalesce(f.probability, l.probability) AS p
        FROM funnel_outreach AS f
        LEFT JOIN likelihood_predictions AS l USING (candidate_id, outreach_id)
    ) AS outreach
    CROSS JOIN LATERAL (VALUES
        (sent_on, 1, 0, 0, 0), (accepted_on, 0, 1, 0, 0), (declined_on, 0, 0, 1, 0),
        (interview_on, 0, 0, 0, 1)
    ) AS happened (day, sent, accepted, declined, interview)
    WHERE happened.day IS NOT NULL"""  # noqa: S608 - our own text


def was_shown(
    db: Connection, employer_id: UUID, position_id: UUID, candidate_id: UUID, since: datetime
) -> bool:
    """Whether a candidate has been shown in one of a position's lists since a moment."""
    row = db.execute(
        "SELECT FROM funnel_shown"
        " WHERE employer_id = %s AND position_id = %s AND candidate_id = %s AND shown_at >= %s",
        [employer_id, position_id, candidate_id, since],
    ).fetchone()
    return row is not None


def steps(
    db: Connection,
    *,
    since: date | None = None,
    until: date | None = None,
    interval: Interval | None = None,
    by: Collection[Split] = (),
    only: Mapping[str, object] | None = None,
) -> list[Steps]:
    """The funnel, in order of time and then of what it is split by; of nothing, one row of zeros.

    It counts from `since` until the day before `until`, and `only` what has these values of
    `employer_id`, `position_id`, `passive` or `explored`.
    """
    period = f"date_trunc('{interval}', day::timestamp)::date"
    columns = [_COLUMNS[split] for split in Split if split in by]
    chosen = [f"{period} AS period", *columns] if interval else columns
    groups = [period, *columns] if interval else columns
    order = [_BAND_ORDER if group == "band" else group for group in groups]
    conditions = [f"{name} = %({name})s" for name in only or {}]
    if since:
        conditions.append("day >= %(since)s")
    if until:
        conditions.append("day < %(until)s")
    numbers = ("shown", "opened", "messaged", "accepted", "declined", "interviews")
    sums = ", ".join(f"coalesce(sum({name}), 0)::bigint AS {name}" for name in numbers)
    return fetch_all(
        db,
        Steps,
        f"""
        SELECT {", ".join([*chosen, sums])},
               coalesce(sum(accepted + declined), 0)::bigint AS answered
        FROM ({_STEPS}) AS steps WHERE {" AND ".join(conditions) or "true"}
        {f"GROUP BY {', '.join(groups)} ORDER BY {', '.join(order)}" if groups else ""}""",  # noqa: S608 - our own text
        {"since": since, "until": until, **(only or {})},
    )
