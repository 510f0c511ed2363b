"""Real profiles for tests, and what a marketplace knows beside them."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

ROOT = Path(__file__).parents[2]
SURVEY = ROOT.parent / "shared" / "data" / "candidates_so2019.ndjson"
OUR_OWN = Path(__file__).with_name("documents.ndjson")


def survey_profiles() -> tuple[list[dict[str, Any]], bool]:
    """The 997 real documents of the survey and True; where they are not, five of ours and False."""
    is_there = SURVEY.is_file()
    return _documents(SURVEY if is_there else OUR_OWN), is_there


def members(documents: list[dict[str, Any]], *, seed: int, until: datetime) -> list[dict[str, Any]]:
    """The documents with what they do not say of their time with us, made up from the seed.

    Nine in ten signed up one to five years before `until`, the others within the year. Three in
    four opted in. The last activity lies anywhere between sign-up and `until`, so that some six or
    seven in ten are passive. What a document says itself is kept.
    """
    rng = Random(seed)
    return [_member(document, rng, until) for document in documents]


def _member(document: Mapping[str, Any], rng: Random, until: datetime) -> dict[str, Any]:
    longest = timedelta(days=rng.uniform(365, 1_800) if rng.random() < 0.9 else rng.uniform(1, 365))
    signed_up_at = until - longest
    last_active_at = signed_up_at + rng.random() * longest
    meta = dict(document.get("meta") or {})
    made_up = {
        "signed_up_at": signed_up_at.isoformat(timespec="seconds"),
        "last_active_at": last_active_at.isoformat(timespec="seconds"),
        "opted_in": rng.random() < 0.75,
    }
    meta["sourcing"] = made_up | dict(meta.get("sourcing") or {})
    return {**document, "meta": meta}


@cache
def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def _documents(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in _lines(path) if line.strip()]
