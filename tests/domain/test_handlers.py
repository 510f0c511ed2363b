"""An event finds its handler by a mark on a method, and there is one for each."""

from uuid import uuid4

import pytest

from domain.actor import Actor, Role
from domain.event import Event
from domain.handlers import HandlesEvents, on
from tests.support.events import event_of
from tests.support.given import NOW


class BellRung(Event, name="test.bell_rung", version=1):
    pass


class BellMuted(Event, name="test.bell_muted", version=1):
    pass


class Listener(HandlesEvents):
    @on(BellRung, BellMuted)
    def on_bell(self, _event: Event) -> str:
        return "listener"


def handled(by: HandlesEvents, event: type[Event]) -> object:
    fact = event_of(event, uuid4(), at=NOW, by=Actor(id="system", role=Role.SYSTEM))
    return by.handlers[event](by, fact)


def test_a_method_may_handle_several_events() -> None:
    assert [handled(Listener(), event) for event in (BellRung, BellMuted)] == ["listener"] * 2


def test_a_subclass_handles_what_its_base_handles() -> None:
    class Deaf(Listener):
        pass

    assert handled(Deaf(), BellRung) == "listener"


def test_a_subclass_may_handle_more() -> None:
    class Other(Event, name="test.other", version=1):
        pass

    class Attentive(Listener):
        @on(Other)
        def on_other(self, _event: Other) -> str:
            return "attentive"

    assert set(Attentive.handlers) == {BellRung, BellMuted, Other}
    assert set(Listener.handlers) == {BellRung, BellMuted}


def test_a_second_handler_of_the_same_event_is_refused() -> None:
    with pytest.raises(TypeError, match=r"test.bell_rung twice: on_bell and on_ringing"):

        class Confused(Listener):
            @on(BellRung)
            def on_ringing(self, _event: BellRung) -> None: ...


def test_a_handler_says_by_its_name_that_it_is_one() -> None:
    with pytest.raises(TypeError, match=r"begin its name with on_"):

        class Nameless(HandlesEvents):
            @on(BellRung)
            def _(self, _event: BellRung) -> None: ...
