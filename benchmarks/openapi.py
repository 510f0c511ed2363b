"""Calls the API with whatever its OpenAPI document allows and forbids, with Schemathesis.

    python -m benchmarks openapi --minutes 60

All of its checks are on: examples, coverage of every constraint, random requests, and sequences
that go on with what earlier answers brought. Whatever it finds is printed, and the exit code is 1.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, NamedTuple
from uuid import uuid4

from benchmarks.ingestion import server

NOT_CALLED = {
    "revoke_token": "revokes the token that all other requests come with",
    "stream_events": "does not end",
}
"""Operations that cannot be called in this way, and why."""

RULES_OVER_FIELDS = (
    "accept", "add_entry", "add_tag", "add_template", "declare_names", "edit_message",
    "edit_note", "follow_up", "list_shortlist", "offer_times", "open_position",
    "open_position_from_job_posting", "pick_time", "preview_filters", "preview_job_posting",
    "read_past_state", "register", "remove_tag", "report_attributes", "request_interview",
    "schedule_interview", "send_message", "set_closing_date", "set_details", "set_filters",
    "set_notification", "sign_up", "subscribe_webhook", "write_note",
)  # fmt: skip
"""Operations with a rule that a schema cannot say, such as a location unless the work is remote:
what fits their schema may still be answered with 422. (Which characters are blanks, of which an
e-mail address has none, differs between languages.)"""

ALSO_IDS = ("import_entries", "list_merged", "list_shared_addresses")
"""Operations whose path is also that of something with an id, for other methods: 422, not 405."""

ACCEPTED = ["2xx", "401", "403", "404", "409", "412", "429"]
"""How a request is answered that fits the schema."""

NDJSON = "application/x-ndjson"

Ids = Mapping[str, Sequence[str]]
"""Ids of what is there, by the name of the parameter in a path."""


class Finding(NamedTuple):
    """An answer that is not as the document has it."""

    operation: str
    what: str
    detail: str
    request: str
    answer: str


class Run(NamedTuple):
    """What Schemathesis found, and how often each status was answered."""

    findings: list[Finding]
    statuses: Counter[int]
    operations: set[str]


def call(
    url: str,
    token: str,
    ids: Ids,
    *,
    seed: int,
    examples: int,
    seconds: int | None = None,
    coverage: bool = True,
) -> Run:
    """Call every operation of a server with some examples of each, again and again for so long."""
    import schemathesis
    from schemathesis.config import SchemathesisConfig
    from schemathesis.engine import from_schema
    from schemathesis.engine.events import FatalError, NonFatalError, ScenarioFinished

    schemathesis.serializer(NDJSON)(lambda _, value: str(value).encode())
    rules = {"positive_data_acceptance": {"expected-statuses": [*ACCEPTED, "422"]}}
    lines = {"negative_data_rejection": {"enabled": False}}  # each line is answered by itself
    other = {
        **rules,
        "unsupported_method": {"enabled": False},
        "allow_header_conformance": {"enabled": False},
    }
    config = SchemathesisConfig.from_dict(
        {
            "seed": seed,
            **({"max-time": seconds} if seconds else {}),
            "continue-on-failure": True,
            "headers": {"Authorization": f"Bearer {token}"},
            "request-timeout": 60,
            "suppress-health-check": ["all"],
            "generation": {"max-examples": examples, "no-shrink": True, "database": "none"},
            "checks": {"positive_data_acceptance": {"expected-statuses": ACCEPTED}},
            "phases": {"coverage": {"enabled": coverage}},
            "operations": [
                *({"include-operation-id": name, "enabled": False} for name in NOT_CALLED),
                *({"include-operation-id": name, "checks": rules} for name in RULES_OVER_FIELDS),
                *({"include-operation-id": name, "checks": other} for name in ALSO_IDS),
                {"include-operation-id": "ingest_activity", "checks": lines},
            ],
        }
    )
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json", config=config)
    hook = schemathesis.hook(_before_call(ids, Random(seed)))
    run = Run([], Counter(), set())
    try:
        for event in from_schema(schema).execute():
            if isinstance(event, NonFatalError):
                run.findings.append(Finding(event.label, "not called", str(event.value), "", ""))
            elif isinstance(event, FatalError):
                raise event.exception
            elif isinstance(event, ScenarioFinished):
                _add(run, event.recorder)
    finally:
        schemathesis.hooks.unregister(hook)
    return run


def _add(run: Run, recorder: Any) -> None:
    for id, interaction in recorder.interactions.items():
        if interaction.response is None:
            run.findings.append(Finding(recorder.label, "no answer", "", _shown(interaction), ""))
            continue
        run.statuses[interaction.response.status_code] += 1
        run.operations.add(recorder.cases[id].value.operation.label)
    for id, checks in recorder.checks.items():
        for failed in checks:
            if failed.failure_info is None:
                continue
            failure, interaction = failed.failure_info.failure, recorder.interactions[id]
            answer = interaction.response
            label = recorder.cases[id].value.operation.label
            said = f"{answer.status_code} {answer.content[:600]!r}" if answer else ""
            run.findings.append(
                Finding(label, failure.title, failure.message, _shown(interaction), said)
            )


def _shown(interaction: Any) -> str:
    request = interaction.request
    return f"{request.method} {request.uri[:600]} {(request.body or b'')[:600]!r}"


def _before_call(ids: Ids, random: Random) -> Any:
    """What no document can say: a key is new, cursors and entity tags come from answers.

    Ids are those of what is there, most of the time.
    Requests that are meant to be wrong are sent as they are.
    """
    from schemathesis.generation import GenerationMode
    from schemathesis.generation.meta import TestPhase

    def before_call(_: Any, case: Any, **__: Any) -> None:
        if case.meta is None or case.meta.generation.mode is not GenerationMode.POSITIVE:
            return
        if case.headers and "idempotency-key" in case.headers:
            case.headers["idempotency-key"] = str(uuid4())
            case.headers.pop("if-match", None)
        if case.query:
            case.query.pop("cursor", None)
            case.query.pop("after", None)
        if case.meta.phase.name is not TestPhase.STATEFUL and random.random() < 0.7:
            for name in case.path_parameters or ():
                if ids.get(name):
                    case.path_parameters[name] = random.choice(ids[name])

    return before_call


def ids_in(client: Any) -> Ids:
    """Ids of what a demo marketplace has."""

    def listed(path: str, name: str) -> list[str]:
        answer = client.get(path, params={"limit": 50})
        return [item[name] for item in answer.json()["items"]] if answer.is_success else []

    employers = listed("/v1/employers", "employer_id")
    positions = [
        id for e in employers for id in listed(f"/v1/employers/{e}/positions", "position_id")
    ]
    candidates = [
        id
        for position in positions[:4]
        for id in listed(f"/v1/positions/{position}/passive-candidates", "candidate_id")
    ]
    return {
        "employer_id": employers,
        "position_id": positions,
        "candidate_id": candidates,
        "outreach_id": listed("/v1/outreach", "outreach_id"),
        "ticket_id": listed("/v1/tickets", "ticket_id"),
        "aggregate_id": [*employers, *candidates],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--examples", type=int, default=50, help="of each operation at a time")
    parser.add_argument("--candidates", type=int, default=200)
    parser.add_argument("--seed", type=int, default=uuid4().int % 10**6)
    options, _ = parser.parse_known_args()
    with server(options.candidates) as running:
        client = running.client("admin")
        token = client.headers["authorization"].removeprefix("Bearer ")
        begun = time.monotonic()
        found = call(
            str(client.base_url),
            token,
            ids_in(client),
            seed=options.seed,
            seconds=round(options.minutes * 60),
            examples=options.examples,
        )
    report(found, time.monotonic() - begun, options.seed)
    sys.exit(1 if found.findings else 0)


def report(found: Run, seconds: float, seed: int) -> None:
    """Print what was found, the first of each kind in full."""
    print(
        f"{found.statuses.total():,} requests to {len(found.operations)} operations in"
        f" {seconds:,.0f} s, seed {seed}."
    )
    print("Statuses:", ", ".join(f"{s}: {n:,}" for s, n in sorted(found.statuses.items())))
    seen: Counter[tuple[str, str]] = Counter()
    for finding in found.findings:
        seen[finding.operation, finding.what] += 1
        if seen[finding.operation, finding.what] == 1:
            print(f"\n{finding.operation}: {finding.what}\n  {finding.detail}")
            print(f"  {finding.request}\n  {finding.answer}")
    print("\nFound:", sum(seen.values()))
    for (operation, what), count in seen.most_common():
        print(f"  {count:6,} {operation}: {what}")


if __name__ == "__main__":
    main()
