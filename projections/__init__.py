"""The read models: one module each, with its tables, how events change them, and its queries."""

import pkgutil
from importlib import import_module

from infrastructure.projector import Projection


def every() -> list[Projection]:
    """All read models there are; a new module here is one more."""
    for module in pkgutil.iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
    return [kind() for kind in Projection.__subclasses__() if kind.__module__.startswith(__name__)]
