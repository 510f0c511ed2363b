"""What the program lists by hand is complete: aggregates, read models, routes and pages."""

import pkgutil
from importlib import import_module
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
    imported = {aggregate.__module__ for aggregate in AGGREGATES}
    assert {event.__module__ for event in declared(domain, Event)} <= imported


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
