"""The console's pages by what they are about."""

import pkgutil
from collections.abc import Iterator
from importlib import import_module

from fastapi import APIRouter


def every() -> Iterator[APIRouter]:
    """All routers there are; a new module here is one more."""
    for module in pkgutil.iter_modules(__path__):
        yield import_module(f"{__name__}.{module.name}").router
