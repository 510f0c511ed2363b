"""Templates of an employer: saved, changed, removed, and never another's."""

from typing import Any

import pytest
from hypothesis import given as whatever
from hypothesis import strategies as st

from domain.actor import Actor, Role
from domain.template import (
    RemoveTemplate,
    SaveTemplate,
    TemplateRemoved,
    TemplateSaved,
    fields,
    filled,
)
from tests.support.given import (
    ACME,
    GLOBEX,
    Fact,
    acmes_recruiter,
    by,
    fact,
    given,
    named,
    registered,
    then,
    then_refused,
    when,
)

FIRST = named("a template")
SAYS = {"title": "First message", "subject": "A role", "text": "Dear {first_name}"}
globex_recruiter = Actor(id="robin@globex", role=Role.RECRUITER, employer_id=GLOBEX)


def saved(**changed: Any) -> Fact:
    return fact(TemplateSaved, FIRST, employer_id=ACME, **{**SAYS, **changed})


def save(actor: Actor = acmes_recruiter, employer: Any = ACME, **changed: str) -> SaveTemplate:
    said = {**SAYS, **changed}
    return SaveTemplate(employer_id=employer, template_id=FIRST, **said, **by(actor))  # type: ignore[arg-type]


def test_a_recruiter_saves_a_template() -> None:
    given(registered(ACME))
    when(save())
    then(saved())


def test_a_template_is_changed_as_a_whole() -> None:
    given(registered(ACME), saved())
    when(save(text="Hello"))
    then(saved(text="Hello"))


def test_a_template_is_removed_once() -> None:
    removed = fact(TemplateRemoved, FIRST, employer_id=ACME)
    given(registered(ACME), saved())
    remove = RemoveTemplate(employer_id=ACME, template_id=FIRST, **by(acmes_recruiter))
    when(remove)
    then(removed)
    given(registered(ACME), saved(), removed)
    when(remove)
    then()


@pytest.mark.parametrize(
    "command",
    [
        save(globex_recruiter, GLOBEX),
        save(globex_recruiter, ACME),
        RemoveTemplate(employer_id=GLOBEX, template_id=FIRST, **by(globex_recruiter)),
    ],
    ids=["taken over", "for another", "removed"],
)
def test_another_employers_template_is_not_there(command: SaveTemplate | RemoveTemplate) -> None:
    given(registered(ACME), registered(GLOBEX), saved())
    when(command)
    then_refused("unknown")


def test_a_removed_template_does_not_come_back() -> None:
    given(registered(ACME), saved(), fact(TemplateRemoved, FIRST, employer_id=ACME))
    when(save())
    then_refused("unknown")


names = st.from_regex(r"[a-z][a-z_]{0,10}", fullmatch=True)


@whatever(st.text(), st.dictionaries(names, st.text(alphabet="abc {}", min_size=1)))
def test_only_fields_without_a_value_are_left(text: str, values: dict[str, str]) -> None:
    plain = {name: said.replace("{", "").replace("}", "") or "a" for name, said in values.items()}
    braced = text + "".join(f"{{{name}}}" for name in plain)
    left = fields(filled(braced, plain))
    assert not set(left) & set(plain)
    assert set(left) <= set(fields(braced))


@whatever(st.text())
def test_a_text_without_fields_stays_as_it_is(text: str) -> None:
    if not fields(text):
        assert filled(text, {"first_name": "Ada"}) == text
