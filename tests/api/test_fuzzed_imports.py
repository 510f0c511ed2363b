"""Whatever is in a file: what can be read is taken, each other line is told with its reason."""

import codecs
import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from api.cli import import_report
from api.cli.import_candidates import Totals, _import_all
from tests.support.stage import NDJSON, Scene, Stage, activity

Line = bytes | None
"""A line of a file: None for a good one, which each test fills in."""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def scene(stage: Stage) -> Scene:
    return stage.scene()


@pytest.fixture(scope="module")
def member(scene: Scene) -> str:
    return scene.member("Silent", silent_days=400)


RESUME = {
    "basics": {"name": "Ada", "email": "ada@fuzzed.example", "url": "https://example.org"},
    "work": [{"name": "X", "position": "Dev", "startDate": "2019-01", "endDate": "Present"}],
    "skills": [{"name": "Go", "keywords": ["C++"]}],
    "languages": [{"language": "German", "fluency": "native"}],
    "meta": {"sourcing": {"opted_in": True, "signed_up_at": "2020-01-01T00:00:00Z"}},
}
ACTIVITY = activity("00000000-0000-0000-0000-000000000000", source_id="fuzzed")

values = some.sampled_from(
    [
        "null", "true", "-0", "NaN", "-Infinity", "1e999", "9" * 5_000, "1." + "0" * 400,
        '"\\u0000"', '"\\ud800"', '"\\udc00\\ud800"', '"\\ufeff\\u202e"', '"\\ud83d\\ude00"',
        '"' + "x" * 100_000 + '"', "[" * 5_000 + "]" * 5_000, '{"a":' * 3_000 + "1" + "}" * 3_000,
        "{}", "[]", '""', '" "', "[null]", '"2024-09-31"', '"0000-00-00"', '"9999999999-01"',
        '{"name": {"name": []}, "name": 1}', "[[], {}, 1e-999]", "18446744073709551616",
    ]
)  # fmt: skip
"""Values that JSON allows, or nearly, and that somebody's parser fell over."""

broken = some.sampled_from(
    [
        b"\x00", b"\xff\xfe{\x00}\x00", b"\xfe\xff\x00{\x00}", b"\xc3\x28", b"\xed\xa0\x80",
        b'{"basics": {"name": "\xe9"}}', b"\x1f\x8b\x08\x00", b"PK\x03\x04", b"\xef\xbb",
        b"[" * 200_000, b'{"a":' * 50_000, b'{"basics": {"name": "A', b"name,email", b"]", b",",
        b"{'basics': {}}", b'"text"', b"12", b"[]", b"\\", b"{}{}", b"x" * 200_000, b"/* no */ {}",
    ]
)  # fmt: skip


def spoiled(document: dict[str, Any]) -> some.SearchStrategy[bytes]:
    """A document in which bytes, or the values of some fields, are others."""
    text = json.dumps(document).encode()
    places = some.integers(0, len(text) - 1)
    cut = places.map(lambda at: text[:at])
    replaced = some.tuples(places, some.binary(max_size=4)).map(
        lambda to: text[: to[0]] + to[1] + text[to[0] + 1 :]
    )
    return (cut | replaced | filled(document)).map(one_line)


def filled(document: dict[str, Any]) -> some.SearchStrategy[bytes]:
    """A document with odd values in place of some of its own, and some keys twice."""
    pairs = {f'"{key}": {json.dumps(value)}' for key, value in leaves(document)}

    def replace(chosen: Sequence[tuple[str, str, bool]]) -> bytes:
        text = json.dumps(document)
        for pair, value, twice in chosen:
            changed = f"{pair.partition(':')[0]}: {value}"
            text = text.replace(pair, f"{pair}, {changed}" if twice else changed)
        return text.encode()

    one = some.tuples(some.sampled_from(sorted(pairs)), values, some.booleans())
    return some.lists(one, min_size=1, max_size=3).map(replace)


def leaves(document: dict[str, Any]) -> list[tuple[str, Any]]:
    """The fields of a document at any depth that hold neither an object nor a list."""
    found = []
    for key, value in document.items():
        for inner in value if isinstance(value, list) else [value]:
            found += leaves(inner) if isinstance(inner, dict) else [(key, inner)]
    return [pair for pair in found if f'"{pair[0]}": {json.dumps(pair[1])}' in json.dumps(document)]


def one_line(text: bytes) -> bytes:
    return text.replace(b"\n", b" ")


def files(document: dict[str, Any]) -> some.SearchStrategy[list[Line]]:
    """The lines of a file, some good and some not."""
    junk = some.binary(max_size=30).map(one_line) | broken | spoiled(document)
    return some.lists(some.none() | junk, min_size=1, max_size=6)


endings = some.sampled_from([b"\n", b"\r\n"])
marks = some.sampled_from([b"", codecs.BOM_UTF8])


def written(lines: list[Line], good: Callable[[], Any], end: bytes, mark: bytes) -> list[bytes]:
    """A file line by line."""
    texts = [json.dumps(good()).encode() if line is None else line for line in lines]
    return [mark + texts[0] + end, *(text + end for text in texts[1:])]


def is_blank(line: bytes) -> bool:
    return not line.removeprefix(codecs.BOM_UTF8).strip()


def a_resume() -> dict[str, Any]:
    basics = {"name": "Grace", "email": f"{uuid4()}@example.com"}
    return {**RESUME, "basics": basics}


def imported(stage: Stage, file: bytes, report: Path) -> list[dict[str, Any]]:
    with import_report.writing(report) as write:
        _import_all(stage.marketplace, io.BytesIO(file), Totals(write), lambda *_: None)
    return [json.loads(line) for line in report.read_text("utf-8").splitlines()]


@settings(max_examples=60)
@given(lines=files(RESUME), end=endings, mark=marks)
def test_every_line_of_an_import_is_taken_or_told_with_its_number_and_reason(
    stage: Stage,
    tmp_path_factory: pytest.TempPathFactory,
    lines: list[Line],
    end: bytes,
    mark: bytes,
) -> None:
    # A first line that is a document makes it NDJSON.
    texts = written([None, *lines], a_resume, end, mark)
    rows = imported(stage, b"".join(texts), tmp_path_factory.mktemp("fuzzed") / "report.jsonl")
    outcomes = {row["record"]: row["outcome"] for row in rows}
    places = [number for number, text in enumerate(texts, start=1) if not is_blank(text)]
    assert outcomes.keys() == {f"line {number}" for number in places}
    good = [f"line {number}" for number, line in enumerate([None, *lines], start=1) if line is None]
    assert {outcomes[place] for place in good} == {"signed up"}
    assert all(row["problem"] for row in rows if row["outcome"] == "refused")


@settings(max_examples=60)
@given(lines=files(RESUME), end=endings, mark=marks, raw=some.binary(max_size=100))
def test_no_file_ends_an_import_and_each_document_in_it_is_taken(
    stage: Stage,
    tmp_path_factory: pytest.TempPathFactory,
    lines: list[Line],
    end: bytes,
    mark: bytes,
    raw: bytes,
) -> None:
    texts = [one_line(raw) + end, *written(lines, a_resume, end, mark)]
    rows = imported(stage, b"".join(texts), tmp_path_factory.mktemp("fuzzed") / "report.jsonl")
    assert sum(row["outcome"] == "signed up" for row in rows) >= lines.count(None)
    assert all(row["problem"] for row in rows if row["outcome"] == "refused")
    assert rows or all(map(is_blank, texts))


@settings(max_examples=150)
@given(body=broken | some.binary(max_size=100) | spoiled(RESUME))
def test_any_document_over_http_is_taken_or_refused_with_its_reasons(
    stage: Stage, scene: Scene, body: bytes
) -> None:
    answer = scene.platform("POST", "/candidates", content=body)
    if answer.status_code == 201:
        profile = scene.admin.get(f"/candidates/{answer.json()['id']}")
        assert profile.status_code == 200, profile.text
        return
    assert answer.status_code in (409, 422), answer.text
    assert all(reason["detail"] for reason in answer.json()["reasons"])
    assert answer.json()["detail"]


@settings(max_examples=100)
@given(lines=files(ACTIVITY), end=endings, mark=marks)
def test_every_line_of_activity_is_taken_or_told_with_its_number_and_reason(
    stage: Stage, scene: Scene, member: str, lines: list[Line], end: bytes, mark: bytes
) -> None:
    texts = written(lines, lambda: activity(member), end, mark)
    answer = scene.platform("POST", "/activity", content=b"".join(texts), headers=NDJSON)
    assert answer.status_code == 202, answer.text
    told = answer.json()
    good = [number for number, line in enumerate(lines, start=1) if line is None]
    places = {number for number, text in enumerate(texts, start=1) if not is_blank(text)}
    rejected = {each["line"] for each in told["rejections"]}
    assert told["accepted"] == len(good)
    assert rejected == places - set(good)
    assert told["rejected"] == len(rejected)
    assert all(each["code"] and each["detail"] for each in told["rejections"])


def test_a_report_is_a_file_of_text_whatever_was_in_a_document(
    stage: Stage, tmp_path: Path
) -> None:
    odd = json.dumps({**a_resume(), "work": [{"name": "X", "startDate": "\ud800 soon"}]})
    for name in ("report.jsonl", "report.csv"):
        report = tmp_path / name
        with import_report.writing(report) as write:
            totals = Totals(write)
            _import_all(stage.marketplace, io.BytesIO(odd.encode()), totals, lambda *_: None)
        assert "work[0].startDate" in report.read_text("utf-8")


HEAD = b"kind,value,reason,until"
characters = some.characters(codec="utf-8", exclude_characters='"\r\n')
cells = some.text(characters, max_size=60).map(str.encode)


@settings(max_examples=60)
@given(lines=some.lists(some.none() | cells, min_size=1, max_size=6), end=endings, mark=marks)
def test_every_line_of_a_do_not_contact_list_is_taken_or_refused_with_its_number_and_reason(
    stage: Stage, scene: Scene, lines: list[Line], end: bytes, mark: bytes
) -> None:
    good = f"domain,{uuid4().hex}.example,A client,".encode()
    texts = [HEAD, *(good if line is None else line for line in lines)]
    answer = scene.recruiter(
        "POST",
        f"/employers/{scene.employer_id}/do-not-contact/import",
        content=mark + end.join(texts),
    )
    assert answer.status_code == 200, answer.text
    told = {each["line"]: each for each in answer.json()["lines"]}
    assert all(
        told[number]["outcome"] == "taken"
        for number, line in enumerate(lines, start=2)
        if line is None
    )
    assert all(each["detail"] for each in told.values() if each["outcome"] == "refused")
    assert answer.json()["taken"] >= lines.count(None)


@settings(max_examples=60)
@given(raw=some.binary(max_size=200) | broken | some.text(max_size=200).map(str.encode))
def test_any_do_not_contact_list_is_answered(stage: Stage, scene: Scene, raw: bytes) -> None:
    path = f"/employers/{scene.employer_id}/do-not-contact/import"
    for body in (raw, HEAD + b"\n" + raw):
        answer = scene.recruiter("POST", path, content=body)
        assert answer.status_code in (200, 422), answer.text
        assert answer.status_code == 200 or answer.json()["detail"]


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (b"domain,a.example,\xe9,\n", "Line 3 is not UTF-8; save the list as CSV UTF-8."),
        (b'domain,a.example,"b"c,\n', "Line 3 is no CSV: ',' expected after '\"'."),
    ],
)
def test_the_line_is_named_that_makes_a_do_not_contact_list_unreadable(
    scene: Scene, rows: bytes, told: str
) -> None:
    path = f"/employers/{scene.employer_id}/do-not-contact/import"
    answer = scene.recruiter("POST", path, content=HEAD + b"\ndomain,b.example,A client,\n" + rows)
    assert (answer.status_code, answer.json()["detail"]) == (422, told)
