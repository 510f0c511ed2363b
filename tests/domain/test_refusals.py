"""Programs that call us decide by the codes of refusals: one that was given is given for ever."""

import ast
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

from domain.aggregate import Refusal, Refused, refuse
from domain.employer import EmployerIsSuspended, NotInBeta
from tests.domain.golden import FOLDER
from tests.support.vocabulary import REFUSALS, SOURCES

CODES = FOLDER / "refusals.txt"
KEPT = CODES.read_text().split()


def test_no_code_was_renamed_or_taken_away() -> None:
    assert not set(KEPT) - {refusal.code for refusal in REFUSALS}


def test_every_code_is_kept() -> None:
    missing = {refusal.code for refusal in REFUSALS} - set(KEPT)
    assert not missing, f"add it to {CODES.name}; from then on it is given for ever"


def test_codes_are_kept_in_order_and_each_once() -> None:
    assert sorted(set(KEPT)) == KEPT


def test_every_refusal_is_provoked_by_a_test() -> None:
    tests = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    assert [refusal.code for refusal in REFUSALS if f'"{refusal.code}"' not in tests] == []


def details_named_by(refusal: type[Refusal]) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(refusal.__doc__ or "") if name}


def details_given() -> Iterator[tuple[str, set[str | None]]]:
    for tree in SOURCES.values():
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name):
                yield call.func.id, {keyword.arg for keyword in call.keywords}


def test_every_refusal_is_given_the_details_that_its_sentence_names() -> None:
    given = [*details_given()]
    named = {refusal.__name__: details_named_by(refusal) for refusal in REFUSALS}
    assert named.keys() - {name for name, _ in given} == set()
    assert [(name, it) for name, it in given if it != named.get(name, it)] == []


def test_every_refusal_is_a_sentence() -> None:
    sentences = [" ".join((refusal.__doc__ or "").split()) for refusal in REFUSALS]
    assert [it for it in sentences if not (it[:1].isupper() and it.endswith("."))] == []


def test_a_refusal_says_every_reason_in_one_text() -> None:
    refused = Refused(NotInBeta(), EmployerIsSuspended(reason="spam"))
    assert refused.codes == ["not_in_beta", "employer_is_suspended"]
    assert "Passive candidates tab" in str(refused)
    assert "(spam)" in str(refused)


def test_what_a_person_wrote_in_a_reason_is_never_taken_for_a_placeholder() -> None:
    assert "({0} {reason})" in str(EmployerIsSuspended(reason="{0} {reason}"))


def test_without_a_reason_nothing_is_refused() -> None:
    refuse([])
