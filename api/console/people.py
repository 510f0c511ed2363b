"""The names of those who did things, by the ids that they acted under."""

from api.marketplace import Marketplace
from domain.actor import Actor
from infrastructure.projecting.checkpoints import NotCaughtUp
from projections import teams
from projections.teams import Teams


class People:
    """Finds names for a page, a company's whole team at once; who has no name stays as they are."""

    def __init__(self, market: Marketplace, visitor: Actor) -> None:
        self._market = market
        self._visitor = visitor
        self._names: dict[str, str] = {}
        self._has_team = False

    def __call__(self, actor_id: str) -> str:
        """The name of somebody, or the id that they acted under."""
        if actor_id not in self._names:
            found = self._found(actor_id) if teams.member_id_of(actor_id) else {}
            self._names |= {actor_id: actor_id} | found
        return self._names[actor_id]

    def _found(self, actor_id: str) -> dict[str, str]:
        employer_id = self._visitor.employer_id
        if employer_id and self._has_team:
            return {}
        try:
            with self._market.read_models.reading(Teams) as db:
                if employer_id is None:
                    return teams.names(db, [actor_id])
                self._has_team = True
                return {str(one.member_id): one.name for one in teams.of_employer(db, employer_id)}
        except NotCaughtUp:  # names are not worth a page
            return {}
