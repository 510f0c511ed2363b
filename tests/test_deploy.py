"""What is deployed beside the program asks for what the program has."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from infrastructure.settings import Settings, variable_of
from tests.support.databases import Databases
from tests.support.stage import own_stage

ROOT = Path(__file__).parents[1]
COMPOSE = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
ALERTS = (ROOT / "deploy" / "prometheus" / "alerts.yml").read_text(encoding="utf-8")
SCRAPED = (ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text(encoding="utf-8")
DASHBOARD: dict[str, Any] = json.loads(
    (ROOT / "deploy" / "grafana" / "dashboards" / "sourcing.json").read_text(encoding="utf-8")
)


@pytest.fixture(scope="module")
def served(databases: Databases) -> dict[str, set[str]]:
    """The figures that the program serves, each with the names of its samples."""
    with own_stage(databases) as stage:
        text = stage.http.get("/metrics").text
    families = text_string_to_metric_families(text)
    names = [family.name for family in families if not family.name.endswith("_created")]
    suffixes = ("", "_total", "_bucket", "_sum", "_count")
    return {name: {f"{name}{suffix}" for suffix in suffixes} for name in names}


def asked(text: str) -> set[str]:
    """The samples of ours that a text asks for."""
    return set(re.findall(r"\bsourcing_[a-z_]+", text))


def test_the_dashboard_shows_figures_that_there_are(served: dict[str, set[str]]) -> None:
    queries = [q["expr"] for panel in DASHBOARD["panels"] for q in panel.get("targets", ())]
    assert len(queries) > 30
    assert asked("\n".join(queries)) - set().union(*served.values()) == set()


def test_the_dashboard_shows_all_figures_but_those_of_detail(served: dict[str, set[str]]) -> None:
    shown = asked(json.dumps(DASHBOARD))
    ours = {name for name in served if name.startswith("sourcing_")}
    assert {name for name in ours if served[name].isdisjoint(shown)} == {
        "sourcing_likelihood_brier",
        "sourcing_projection_standing_still",
    }


def test_alerts_look_at_figures_that_there_are(served: dict[str, set[str]]) -> None:
    assert asked(ALERTS)
    assert asked(ALERTS) - set().union(*served.values()) == set()


def test_the_compose_file_sets_settings_that_there_are() -> None:
    known = {variable_of(name) for name in Settings.model_fields}
    variables = set(re.findall(r"^ +((?:SOURCING|OTEL|DATABASE)_\w+):", COMPOSE, re.MULTILINE))
    assert variables
    assert variables <= known


def test_what_the_compose_file_mounts_is_there() -> None:
    mounted = re.findall(r"- \./(\S+):/", COMPOSE)
    assert mounted
    assert [path for path in mounted if not (ROOT / path).exists()] == []


def test_workers_are_asked_on_the_port_on_which_they_serve_their_figures() -> None:
    port = re.search(r"SOURCING_METRICS_PORT: (\d+)", COMPOSE)
    assert port
    assert re.search(rf"names: \[worker\]\s+type: A\s+port: {port[1]}\b", SCRAPED)
