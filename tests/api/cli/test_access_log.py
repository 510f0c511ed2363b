"""What an access log says of requests by a signed link."""

import logging
from collections.abc import Iterator

import httpx2
import pytest

from api.cli.serve import shorten_links
from tests.support.browser import served
from tests.support.letter_links import holder
from tests.support.stage import Stage


@pytest.fixture
def access(caplog: pytest.LogCaptureFixture) -> Iterator[logging.Logger]:
    """The server's access log, as `serve` sets it up."""
    log = logging.getLogger("uvicorn.access")
    log.addFilter(shorten_links)
    yield log
    log.removeHandler(caplog.handler)
    log.removeFilter(shorten_links)


def test_an_access_log_has_no_token_of_a_link(
    stage: Stage, access: logging.Logger, caplog: pytest.LogCaptureFixture
) -> None:
    ada = holder(stage)
    with served(stage.marketplace) as address:
        access.setLevel(logging.INFO)
        access.addHandler(caplog.handler)  # which the server's start took away
        httpx2.get(f"{address}{ada.link}/data?after=1")
        httpx2.get(f"{address}{ada.unsubscribe}")
    said = [record for record in caplog.records if record.name == access.name]
    first, second = (record.getMessage() for record in said)
    assert "GET /p/.../data?after=1 HTTP" in first
    assert "GET /u/... HTTP" in second
