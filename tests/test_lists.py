"""What the program lists by hand is complete: aggregates, read models, routes and pages."""

import ast
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest
from fastapi import APIRouter

import domain
import projections
from api import routes
from api.console import pages
from domain.aggregate import Aggregate
from domain.aggregates import AGGREGATES
from domain.event import Event
from infrastructure.projecting.projection import Projection
from projections.read_models import read_models


def modules(package: ModuleType) -> list[ModuleType]:
    found = pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    return [import_module(module.name) for module in found]


def declared(package: ModuleType, kind: type) -> set[type]:
    return {
        found
        for module in modules(package)
        for found in vars(module).values()
        if isinstance(found, type)
        and issubclass(found, kind)
        and found.__module__ == module.__name__
        and found is not kind
    }


def test_every_aggregate_is_listed() -> None:
    assert declared(domain, Aggregate) == set(AGGREGATES)


def test_whoever_imports_the_aggregates_knows_the_names_of_all_events() -> None:
    script = "import sys, domain.aggregates; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert {event.__module__ for event in declared(domain, Event)} <= set(run.stdout.split())


def test_every_read_model_is_listed() -> None:
    assert declared(projections, Projection) == {type(model) for model in read_models()}


@pytest.mark.parametrize("package", [routes, pages])
def test_every_router_is_listed(package: ModuleType) -> None:
    routers = {
        id(found)
        for module in modules(package)
        for found in vars(module).values()
        if isinstance(found, APIRouter)
    }
    assert routers == set(map(id, package.ROUTERS))


def test_what_tests_share_stands_in_support() -> None:
    tests = Path(__file__).parent
    shared = [
        f"{path.relative_to(tests)} imports {module}"
        for path in sorted(tests.rglob("*.py"))
        for module in imported_by(path)
        if module.split(".")[-1].startswith(("test_", "conftest"))
    ]
    assert shared == []


def imported_by(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
            yield str(node.module)
