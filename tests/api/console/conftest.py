"""A marketplace of each module's own for the console's pages."""

from collections.abc import Iterator

import pytest

from tests.support.databases import Databases
from tests.support.stage import Scene, Stage, own_stage


@pytest.fixture(scope="module")
def stage(databases: Databases) -> Iterator[Stage]:
    """A marketplace of the module's own: pages show everything that there is."""
    with own_stage(databases) as stage:
        yield stage


@pytest.fixture
def scene(stage: Stage) -> Scene:
    """An employer of the test's own."""
    return stage.scene()
