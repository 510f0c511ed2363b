"""The domain speaks one language: how its events, commands and aggregates are named and made.

Each rule is one test over the whole domain, which lists what breaks it.
"""

import ast
import re
import sys
from collections.abc import Iterator
from types import FunctionType, ModuleType

import pytest
from pydantic import BaseModel, ValidationError

from domain import merging
from domain.actor import Actor
from domain.aggregate import Aggregate
from domain.answering import DeclineOutreach
from domain.command import Command
from domain.contacting import Message
from domain.do_not_contact import AddToDoNotContact
from domain.employer import Manager, SuspendEmployer
from domain.event import Event, Personal
from domain.identifier import SignUpCandidate
from domain.position import OpenPosition
from domain.profile import Facts, Job
from domain.sources import Activity
from domain.ticket import CloseTicket, SubmitTicket
from tests.support.vocabulary import AGGREGATES, COMMANDS, EVENTS, MODULES, SOURCES

# --- No clock, no chance, no I/O

DOES_IO = {
    "asyncio", "http", "io", "logging", "os", "pathlib", "random", "secrets", "socket", "sqlite3",
    "subprocess", "sys", "threading", "time", "urllib",
}  # fmt: skip
ASKS_THE_CLOCK_OR_CHANCE = {"now", "utcnow", "today", "uuid1", "uuid4"}
LIBRARIES = {"eventsourcing", "pydantic"}


def imports(tree: ast.AST) -> set[str]:
    plain = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    of = {str(n.module) for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    return {name.split(".")[0] for name in plain | of}


def calls(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node.func.attr
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id


def test_the_domain_reads_no_clock_and_draws_no_random_number() -> None:
    assert {
        module: found
        for module, tree in SOURCES.items()
        if (found := ASKS_THE_CLOCK_OR_CHANCE.intersection(calls(tree)))
    } == {}


def test_the_domain_imports_two_libraries_and_nothing_that_does_io() -> None:
    allowed = sys.stdlib_module_names - DOES_IO | LIBRARIES | {"domain"}
    assert {
        module: foreign for module, tree in SOURCES.items() if (foreign := imports(tree) - allowed)
    } == {}


def test_a_look_at_the_clock_would_be_found() -> None:
    tree = ast.parse("import time\nsent_at = datetime.now(UTC)\nid = uuid4()")
    assert ASKS_THE_CLOCK_OR_CHANCE.intersection(calls(tree)) == {"now", "uuid4"}
    assert DOES_IO & imports(tree) == {"time"}


# --- Events

IRREGULAR = {
    "active",
    "given",
    "left",
    "sent",
    "set",
    "shown",
    "taken",
    "undone",
    "withdrawn",
    "written",
    "read",
}


def stated_names(tree: ast.Module) -> Iterator[tuple[str, bool]]:
    """The stored name of every event class, and whether it stands at module level."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            for keyword in node.keywords:
                if keyword.arg == "name" and isinstance(keyword.value, ast.Constant):
                    yield str(keyword.value.value), node in tree.body


def test_every_event_stands_at_module_level() -> None:
    stated = dict(name for tree in SOURCES.values() for name in stated_names(tree))
    assert [name for name, at_module_level in stated.items() if not at_module_level] == []
    assert stated.keys() == {event.TOPIC for event in EVENTS}


def is_well_named(event: type[Event]) -> bool:
    """Stored under its aggregate and a past participle, which are also the name of its class."""
    aggregate, verb = event.TOPIC.split(".")
    words = "".join(word.title() for word in f"{aggregate}_{verb}".split("_"))
    return (
        event.__module__ in (f"domain.{aggregate}", f"domain.{aggregate}_events")
        and any(word.endswith("ed") or word in IRREGULAR for word in verb.split("_"))
        and event.__name__ in {words, words.removeprefix(aggregate.title())}
    )


def test_an_event_is_named_by_its_aggregate_and_a_past_participle() -> None:
    assert [event.TOPIC for event in EVENTS if not is_well_named(event)] == []


def is_frozen_and_closed(kind: type[BaseModel]) -> bool:
    return bool(kind.model_config["frozen"]) and kind.model_config["extra"] == "forbid"


def test_events_and_commands_never_change_and_take_no_unknown_field() -> None:
    kinds: list[type[BaseModel]] = [*EVENTS, *COMMANDS]
    assert [kind.__name__ for kind in kinds if not is_frozen_and_closed(kind)] == []


def test_events_and_commands_say_who_when_and_by_which_request() -> None:
    assert {"actor", "timestamp", "request_id"} <= Event.model_fields.keys()
    assert {"by", "at", "request_id"} <= Command.model_fields.keys()


def test_personal_fields_belong_to_a_person_whom_the_event_names_in_plain() -> None:
    assert [
        event.TOPIC
        for event in EVENTS
        if event.person not in event.model_fields or event.person in event.personal
    ] == []


def test_free_text_by_or_about_a_person_is_personal() -> None:
    about_people = {
        "name", "email", "summary", "jobs", "note", "text", "subject", "sender_name",
        "sender_role", "manager_name", "manager_email", "answer",
    }  # fmt: skip
    assert {
        event.TOPIC: in_plain
        for event in EVENTS
        if (in_plain := about_people & event.model_fields.keys() - event.personal)
    } == {}


def test_personal_data_that_cannot_read_erased_is_refused() -> None:
    with pytest.raises(TypeError, match="make it text or default it"):

        class AgeTold(Event, name="person.age_told_in_a_test", version=1):
            age: "Personal[int]"


def test_a_stored_name_is_given_once() -> None:
    with pytest.raises(TypeError, match="as OptedIn is"):

        class OptedInAgain(Event, name="candidate.opted_in", version=1):
            pass


# --- Commands


def first_word(name: str) -> str:
    return str(re.findall("[A-Z]?[a-z]+", name)[0]).lower()


DECISIONS = {
    first_word(name)
    for decides in (*AGGREGATES, merging)
    for name, decision in vars(decides).items()
    if isinstance(decision, FunctionType) and not name.startswith(("_", "on_"))
}


def test_a_command_is_named_by_the_verb_of_a_decision() -> None:
    names = [command.__name__ for command in COMMANDS]
    assert [name for name in names if first_word(name) not in DECISIONS] == []


def test_a_command_says_what_it_is_for() -> None:
    assert [c.__name__ for c in COMMANDS if c.__doc__ == Command.__doc__] == []


@pytest.mark.parametrize(
    ("value", "field"),
    [
        (Actor, "id"),
        (Activity, "source_id"),
        (Facts, "city"),
        (Job, "summary"),
        (Manager, "email"),
        (Message, "subject"),
        (Message, "text"),
        (SignUpCandidate, "name"),
        (OpenPosition, "description"),
        (SuspendEmployer, "reason"),
        (DeclineOutreach, "note"),
        (SubmitTicket, "text"),
        (CloseTicket, "answer"),
        (AddToDoNotContact, "reason"),
    ],
)
def test_a_text_that_no_database_keeps_is_refused_by_name(
    value: type[BaseModel], field: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        value.model_validate({field: "a NUL \0 amid words@example.com"})
    assert (field,) in {error["loc"] for error in refused.value.errors()}


# --- Aggregates


def test_an_aggregates_module_has_its_name() -> None:
    assert [a for a in AGGREGATES if a.__module__ != f"domain.{a.kind}"] == []


def methods(aggregate: type[Aggregate]) -> Iterator[ast.FunctionDef]:
    for node in SOURCES[aggregate.__module__].body:
        if isinstance(node, ast.ClassDef) and node.name == aggregate.__name__:
            yield from (method for method in node.body if isinstance(method, ast.FunctionDef))


def handles_events(method: ast.FunctionDef) -> bool:
    return any("on(" in ast.unparse(decorator) for decorator in method.decorator_list)


def refuses_or_records(method: ast.FunctionDef) -> bool:
    raises = any(isinstance(node, ast.Raise) for node in ast.walk(method))
    return raises or bool({"refuse", "record"} & set(calls(method)))


def changes_itself(method: ast.FunctionDef) -> bool:
    return any(
        isinstance(node, ast.Attribute | ast.Subscript)
        and isinstance(node.ctx, ast.Store | ast.Del)
        and ast.unparse(node).startswith("self.")
        for node in ast.walk(method)
    )


def test_applying_an_event_never_raises_and_never_decides() -> None:
    handlers = [(a.__name__, m) for a in AGGREGATES for m in methods(a) if handles_events(m)]
    assert {name for name, _ in handlers} == {aggregate.__name__ for aggregate in AGGREGATES}
    assert [f"{name}.{m.name}" for name, m in handlers if refuses_or_records(m)] == []


def test_decisions_change_nothing_but_by_recording_an_event() -> None:
    decisions = [
        (aggregate.__name__, method)
        for aggregate in AGGREGATES
        for method in methods(aggregate)
        if not handles_events(method) and method.name != "__init__"
    ]
    assert {name for name, _ in decisions} == {aggregate.__name__ for aggregate in AGGREGATES}
    assert [f"{name}.{m.name}" for name, m in decisions if changes_itself(m)] == []


# --- Docstrings


def public(module: ModuleType) -> Iterator[tuple[str, object]]:
    for name, thing in vars(module).items():
        its_own = getattr(thing, "__module__", None) == module.__name__
        if its_own and not name.startswith("_") and isinstance(thing, type | FunctionType):
            yield name, thing
            if isinstance(thing, type):
                for method_name, method in vars(thing).items():
                    if isinstance(method, FunctionType) and not method_name.startswith("_"):
                        yield f"{name}.{method_name}", method


def test_modules_and_everything_public_in_them_have_a_docstring() -> None:
    silent = [
        f"{module.__name__}.{name}"
        for module in MODULES
        for name, thing in [("", module), *public(module)]
        if not thing.__doc__
        and not name.endswith(".execute")  # the command says what it does
        and ".on_" not in name  # the event says what happened
    ]
    assert silent == []
