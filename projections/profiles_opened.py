"""Whose profile was opened from a position, and when it last was, by anybody of the employer."""

from domain.candidate_events import CandidateErased
from domain.handlers import on
from domain.viewing import ProfileOpened
from infrastructure.projecting.projection import Change, Projection


class ProfilesOpened(Projection, name="profiles_opened", version=1, key="candidate_id"):
    """When each candidate's profile was last opened from a position."""

    TABLES = """
        CREATE TABLE profiles_opened (
            employer_id  uuid,
            position_id  uuid,
            candidate_id uuid,
            opened_at    timestamptz NOT NULL,
            PRIMARY KEY (employer_id, position_id, candidate_id)
        );
        CREATE INDEX profiles_opened_by_candidate ON profiles_opened (candidate_id)"""

    OPEN = """
        INSERT INTO profiles_opened (employer_id, position_id, candidate_id, opened_at)
        VALUES (%(employer_id)s, %(position_id)s, %(candidate_id)s, %(at)s)
        ON CONFLICT (employer_id, position_id, candidate_id)
        DO UPDATE SET opened_at = greatest(profiles_opened.opened_at, excluded.opened_at)"""

    ERASE = "DELETE FROM profiles_opened WHERE candidate_id = %(candidate_id)s"

    @on(ProfileOpened)
    def on_profile_opened(self, _event: ProfileOpened) -> Change:
        return self.OPEN, {}

    @on(CandidateErased)
    def on_candidate_erased(self, event: CandidateErased) -> Change:
        return self.ERASE, {"candidate_id": event.originator_id}
