"""Requests that hold a connection never wait for another one that a request like them holds."""

from tests.support.databases import Databases
from tests.support.letter_links import holder
from tests.support.stage import own_stage


def test_a_page_that_reads_events_beside_read_models_needs_one_connection_of_each_pool(
    databases: Databases,
) -> None:
    with own_stage(databases, database_pool_size=1) as stage:
        ada = holder(stage)
        for page in ("", "/data", "/reasons", "/likelihood", "/choices"):
            assert ada.get(page).status_code == 200
