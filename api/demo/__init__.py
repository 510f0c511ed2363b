"""A marketplace for trying things out, filled with a simulated past that is the same for a seed.

People follow published facts about developers and answer employers for reasons, so that there is
something true for the likelihood model to find: `world` is the whole of it, `answers` the reasons.
Later they answer the letters of the demo's user: `replies`.
"""

from api.demo.companies import NORDLICHT
from api.demo.fill import Summary, fill
from api.demo.replies import SimulatedPeople
from api.demo.situations import is_filled
from api.demo.world import World

__all__ = ["NORDLICHT", "SimulatedPeople", "Summary", "World", "fill", "is_filled"]
