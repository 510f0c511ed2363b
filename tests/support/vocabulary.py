"""What the domain declares: its modules, events, commands, aggregates and refusals."""

import ast
import pkgutil
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TypeVar

import domain
from domain.aggregate import Aggregate, Refusal
from domain.command import Command
from domain.event import Event

T = TypeVar("T")

MODULES: list[ModuleType] = [
    import_module(f"domain.{module.name}") for module in pkgutil.iter_modules(domain.__path__)
]
SOURCES = {module.__name__: ast.parse(Path(str(module.__file__)).read_text()) for module in MODULES}


def declared(kind: type[T]) -> list[type[T]]:
    """Every class of this kind that a module of the domain declares, but for the kind itself."""
    return [
        found
        for module in MODULES
        for found in vars(module).values()
        if isinstance(found, type)
        and issubclass(found, kind)
        and found is not kind
        and found.__module__ == module.__name__
    ]


EVENTS = declared(Event)
COMMANDS = declared(Command)  # type: ignore[type-abstract]  # it looks, it makes none
AGGREGATES = declared(Aggregate)
REFUSALS = declared(Refusal)
