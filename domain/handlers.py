"""How an event finds its handler: a method marked with `@on`."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar

from domain.event import Event

H = TypeVar("H", bound=Callable[..., Any])

_MARK = "handled_events"


def on(*events: type[Event]) -> Callable[[H], H]:
    """Mark a method, named `on_...`, as the handler of these events.

    Raises:
        TypeError: it has another name. Of two methods named `_`, Python keeps the second alone.
    """

    def mark(method: H) -> H:
        if not method.__name__.startswith("on_"):
            raise TypeError(f"{method.__qualname__} handles events: begin its name with on_.")
        setattr(method, _MARK, events)
        return method

    return mark


class HandlesEvents:
    """A class whose marked methods handle events; a subclass inherits and may override them.

    >>> class CupFilled(Event, name="cup.filled_to_the_brim", version=1):
    ...     litres: float
    >>> class Cup(HandlesEvents):
    ...     @on(CupFilled)
    ...     def on_cup_filled(self, event: CupFilled) -> None: ...
    >>> Cup.handlers[CupFilled].__name__
    'on_cup_filled'

    Raises:
        TypeError: when the class is made, if two of its methods handle the same event.
    """

    __slots__ = ()

    handlers: ClassVar[Mapping[type[Event], Callable[..., Any]]] = {}

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.handlers = _collect(cls)


def _collect(cls: type) -> dict[type[Event], Callable[..., Any]]:
    found: dict[type[Event], Callable[..., Any]] = {}
    for name in dir(cls):
        method: Any = getattr(cls, name, None)
        for event in getattr(method, _MARK, ()):
            if event in found:
                first = found[event].__name__
                raise TypeError(f"{cls.__name__} handles {event.TOPIC} twice: {first} and {name}.")
            found[event] = method
    return found
