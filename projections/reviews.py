"""What employers decided about the candidates of their positions.

`shortlist` has the queries; `candidate_search` leaves out who is set aside.
"""

from collections.abc import Sequence
from uuid import UUID

from psycopg import Connection

from domain.candidate_events import CandidateErased
from domain.handlers import on
from domain.review import (
    SetAside,
    Shortlisted,
    TakenBack,
    Unshortlisted,
)
from infrastructure.projecting.projection import Change, Projection


class Reviews(Projection, name="reviews", version=1, key="candidate_id", personal=True):
    """Who is shortlisted and who is set aside for each position."""

    TABLES = """
        -- A row stays when all was taken back: it leads to what the log holds about the person.
        CREATE TABLE reviews (
            employer_id    uuid,
            position_id    uuid,
            candidate_id   uuid,
            review_id      uuid NOT NULL,
            shortlisted_at timestamptz,
            set_aside_at   timestamptz,
            set_aside_by   text,
            reason         text,
            note           text,
            PRIMARY KEY (employer_id, position_id, candidate_id)
        );
        CREATE INDEX reviews_set_aside ON reviews (employer_id, position_id, candidate_id)
            WHERE set_aside_at IS NOT NULL;
        CREATE INDEX reviews_by_candidate ON reviews (candidate_id)"""

    SHORTLIST = """
        INSERT INTO reviews (employer_id, position_id, candidate_id, review_id, shortlisted_at)
        VALUES (%(employer_id)s, %(position_id)s, %(candidate_id)s, %(id)s, %(at)s)
        ON CONFLICT (employer_id, position_id, candidate_id)
        DO UPDATE SET shortlisted_at = excluded.shortlisted_at"""

    UNSHORTLIST = """
        UPDATE reviews SET shortlisted_at = NULL
        WHERE employer_id = %(employer_id)s AND position_id = %(position_id)s
          AND candidate_id = %(candidate_id)s"""

    SET_ASIDE = """
        INSERT INTO reviews (
            employer_id, position_id, candidate_id, review_id, set_aside_at, set_aside_by, reason,
            note)
        VALUES (
            %(employer_id)s, %(position_id)s, %(candidate_id)s, %(id)s, %(at)s, %(by)s, %(reason)s,
            %(note)s)
        ON CONFLICT (employer_id, position_id, candidate_id) DO UPDATE SET
            set_aside_at = excluded.set_aside_at, set_aside_by = excluded.set_aside_by,
            reason = excluded.reason, note = excluded.note"""

    TAKE_BACK = """
        UPDATE reviews SET set_aside_at = NULL, set_aside_by = NULL, reason = NULL, note = NULL
        WHERE employer_id = %(employer_id)s AND position_id = %(position_id)s
          AND candidate_id = %(candidate_id)s"""

    ERASE = "DELETE FROM reviews WHERE candidate_id = %(candidate_id)s"

    @on(Shortlisted)
    def on_shortlisted(self, _event: Shortlisted) -> Change:
        return self.SHORTLIST, {}

    @on(Unshortlisted)
    def on_unshortlisted(self, _event: Unshortlisted) -> Change:
        return self.UNSHORTLIST, {}

    @on(SetAside)
    def on_set_aside(self, _event: SetAside) -> Change:
        return self.SET_ASIDE, {}

    @on(TakenBack)
    def on_taken_back(self, _event: TakenBack) -> Change:
        return self.TAKE_BACK, {}

    @on(CandidateErased)
    def on_candidate_erased(self, event: CandidateErased) -> Change:
        return self.ERASE, {"candidate_id": event.originator_id}


def of_person(db: Connection, candidate_ids: Sequence[UUID]) -> list[UUID]:
    """The ids of all reviews of a person, who has these ids."""
    rows = db.execute(
        "SELECT review_id FROM reviews WHERE candidate_id = ANY(%s::uuid[])", [[*candidate_ids]]
    ).fetchall()
    return [id for (id,) in rows]
