"""The domain speaks one language: how its events, commands and aggregates are named and made."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType, ModuleType

import pytest
from pydantic import BaseModel, ValidationError

from domain.actor import Actor
from domain.aggregate import Aggregate
from domain.candidate import Activity, SignUpCandidate
from domain.command import Command
from domain.employer import Manager, SuspendEmployer
from domain.event import Event, Personal
from domain.outreach import DeclineOutreach, Message
from domain.position import OpenPosition
from domain.profile import Facts, Job
from domain.ticket import CloseTicket, SubmitTicket
from tests.support.vocabulary import AGGREGATES, COMMANDS, EVENTS, MODULES, SOURCES

every_event = pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.TOPIC)
every_command = pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.__name__)
every_module = pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)


# --- No clock, no chance, no world

OF_THE_WORLD = {
    "asyncio", "http", "io", "logging", "os", "pathlib", "random", "secrets", "socket", "sqlite3",
    "subprocess", "sys", "threading", "time", "urllib",
}  # fmt: skip
ASKS_THE_CLOCK_OR_CHANCE = {"now", "utcnow", "today", "uuid1", "uuid4"}


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


@every_module
def test_the_domain_reads_no_clock_and_draws_no_lots(module: ModuleType) -> None:
    assert not ASKS_THE_CLOCK_OR_CHANCE.intersection(calls(SOURCES[module.__name__]))


@every_module
def test_the_domain_knows_nothing_of_the_world(module: ModuleType) -> None:
    assert not OF_THE_WORLD & imports(SOURCES[module.__name__])


@every_module
def test_eventsourcing_and_pydantic_are_the_domains_only_libraries(module: ModuleType) -> None:
    libraries = imports(SOURCES[module.__name__]) - sys.stdlib_module_names - {"domain"}
    assert libraries <= {"eventsourcing", "pydantic"}


def test_a_look_at_the_clock_would_be_found() -> None:
    tree = ast.parse("import time\nsent_at = datetime.now(UTC)\nid = uuid4()")
    assert ASKS_THE_CLOCK_OR_CHANCE.intersection(calls(tree)) == {"now", "uuid4"}
    assert OF_THE_WORLD & imports(tree) == {"time"}


# --- Events

IRREGULAR = {"given", "left", "sent", "set", "shown", "withdrawn"}


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


@every_event
def test_an_events_stored_name_is_its_aggregates_and_a_past_participle(
    event: type[Event],
) -> None:
    aggregate, verb = event.TOPIC.split(".")
    assert event.__module__ == f"domain.{aggregate}"
    participle = any(word.endswith("ed") or word in IRREGULAR for word in verb.split("_"))
    assert participle or verb == "was_active"


@every_event
def test_an_events_stored_name_is_the_name_of_its_class(event: type[Event]) -> None:
    aggregate, verb = event.TOPIC.split(".")
    words = "".join(word.title() for word in f"{aggregate}_{verb}".split("_"))
    assert event.__name__ in {words, words.removeprefix(aggregate.title())}


@every_event
def test_an_event_never_changes_and_takes_nothing_it_does_not_know(event: type[Event]) -> None:
    assert event.model_config["frozen"]
    assert event.model_config["extra"] == "forbid"


@every_event
def test_an_event_says_who_when_and_by_which_request(event: type[Event]) -> None:
    assert {"actor", "timestamp", "request_id"} <= event.model_fields.keys()


@every_event
def test_an_event_with_personal_fields_says_whose_they_are(event: type[Event]) -> None:
    assert event.person in event.model_fields
    assert event.person not in event.personal


@every_event
def test_free_text_by_or_about_a_person_is_personal(event: type[Event]) -> None:
    about_people = {
        "name", "email", "summary", "jobs", "note", "text", "subject", "sender_name",
        "sender_role", "manager_name", "manager_email", "answer",
    }  # fmt: skip
    assert about_people & event.model_fields.keys() <= event.personal


def test_personal_data_that_cannot_read_erased_is_refused() -> None:
    with pytest.raises(TypeError, match="make it text or default it"):

        class AgeTold(Event, name="person.age_told_in_a_test", version=1):
            age: "Personal[int]"


def test_a_stored_name_is_given_once() -> None:
    with pytest.raises(Exception, match="already registered"):

        class OptedInAgain(Event, name="candidate.opted_in", version=1):
            pass


# --- Commands


@every_command
def test_a_command_is_a_frozen_value(command: type[Command]) -> None:
    assert command.model_config["frozen"]
    assert command.model_config["extra"] == "forbid"


IMPERATIVE = {
    "Accept", "Approve", "Block", "Clear", "Close", "Decline", "Enhance", "Erase", "Expire",
    "Give", "Join", "Leave", "Note", "Open", "Opt", "Register", "Report", "Request",
    "Schedule", "Send", "Set", "Share", "Sign", "Submit", "Suspend", "Withdraw",
}  # fmt: skip


@every_command
def test_a_commands_name_is_imperative(command: type[Command]) -> None:
    verb = re.findall("[A-Z][a-z]+", command.__name__)[0]
    assert verb in IMPERATIVE, "is it imperative? then add its verb"


@every_command
def test_a_command_is_given_in_some_test(command: type[Command]) -> None:
    here = Path(__file__).parent
    assert any(f"{command.__name__}(" in path.read_text() for path in here.glob("test_*.py"))


@every_command
def test_a_command_says_what_it_is_for(command: type[Command]) -> None:
    assert command.__doc__ != Command.__doc__


def test_a_command_knows_who_when_and_by_which_request() -> None:
    assert {"by", "at", "request_id"} <= Command.model_fields.keys()


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
    ],
)
def test_a_text_that_no_database_keeps_is_refused_by_name(
    value: type[BaseModel], field: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        value.model_validate({field: "a NUL \0 amid words@example.com"})
    assert (field,) in {error["loc"] for error in refused.value.errors()}


# --- Aggregates


@pytest.mark.parametrize("aggregate", AGGREGATES, ids=lambda aggregate: aggregate.__name__)
def test_one_module_one_aggregate(aggregate: type[Aggregate]) -> None:
    assert aggregate.__module__ == f"domain.{aggregate.__name__.lower()}"


@pytest.mark.parametrize("aggregate", AGGREGATES, ids=lambda aggregate: aggregate.__name__)
def test_events_are_named_after_the_aggregate_that_they_make(aggregate: type[Aggregate]) -> None:
    assert any(event.TOPIC.startswith(f"{aggregate.__name__.lower()}.") for event in EVENTS)


def methods(aggregate: type[Aggregate]) -> Iterator[ast.FunctionDef]:
    for node in SOURCES[aggregate.__module__].body:
        if isinstance(node, ast.ClassDef) and node.name == aggregate.__name__:
            yield from (method for method in node.body if isinstance(method, ast.FunctionDef))


def folds_facts(method: ast.FunctionDef) -> bool:
    return any("on(" in ast.unparse(decorator) for decorator in method.decorator_list)


def changes_to_itself(method: ast.FunctionDef) -> list[str]:
    return [
        ast.unparse(node)
        for node in ast.walk(method)
        if isinstance(node, ast.Attribute | ast.Subscript)
        and isinstance(node.ctx, ast.Store | ast.Del)
        and ast.unparse(node).startswith("self.")
    ]


@pytest.mark.parametrize("aggregate", AGGREGATES, ids=lambda aggregate: aggregate.__name__)
def test_facts_never_raise_and_never_refuse(aggregate: type[Aggregate]) -> None:
    facts = [method for method in methods(aggregate) if folds_facts(method)]
    assert facts
    for fact in facts:
        assert not any(isinstance(node, ast.Raise) for node in ast.walk(fact))
        assert not {"refuse", "record"} & set(calls(fact))


@pytest.mark.parametrize("aggregate", AGGREGATES, ids=lambda aggregate: aggregate.__name__)
def test_decisions_change_nothing_but_by_stating_a_fact(aggregate: type[Aggregate]) -> None:
    decisions = [m for m in methods(aggregate) if not folds_facts(m) and m.name != "__init__"]
    assert decisions
    assert [change for decision in decisions for change in changes_to_itself(decision)] == []


# --- Words


def public(module: ModuleType) -> Iterator[tuple[str, object]]:
    for name, thing in vars(module).items():
        its_own = getattr(thing, "__module__", None) == module.__name__
        if its_own and not name.startswith("_") and isinstance(thing, type | FunctionType):
            yield name, thing
            if isinstance(thing, type):
                for method_name, method in vars(thing).items():
                    if isinstance(method, FunctionType) and not method_name.startswith("_"):
                        yield f"{name}.{method_name}", method


@every_module
def test_everything_public_says_what_it_is(module: ModuleType) -> None:
    silent = [
        name
        for name, thing in public(module)
        if not thing.__doc__
        and not name.endswith(".execute")  # the command says what it does
        and ".on_" not in name  # the event says what happened
    ]
    assert silent == []


@every_module
def test_a_module_says_what_it_is_about(module: ModuleType) -> None:
    assert module.__doc__
