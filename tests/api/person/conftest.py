"""A person about whom much is known, with a long letter."""

from uuid import uuid4

import pytest

from tests.support.client import done
from tests.support.letter_links import Holder
from tests.support.stage import MESSAGE, Stage

TEXT = """Dear Ada,

we build robots that sort medicine in hospitals, and your work on schedulers is what we miss.

Would you talk to us for half an hour, any evening?"""

DESCRIPTION = """You design the planner that decides which robot goes where.

Our stack is Python, Rust and PostgreSQL. Six people work on it, two of them remote."""


@pytest.fixture
def ada(stage: Stage) -> Holder:
    """A person about whom much is known, with a long letter."""
    scene = stage.scene().in_beta()
    document = {
        "basics": {
            "name": "Ada Lovelace",
            "email": f"{uuid4().hex}@example.com",
            "phone": "+44 20 7946 0000",
            "summary": "Fifteen years of schedulers, compilers and engines.",
            "location": {"city": "London", "country": "United Kingdom"},
            "profiles": [{"network": "GitHub", "url": "https://github.com/ada"}],
        },
        "work": [
            {"name": "Analytical Engines", "position": "Backend developer", "startDate": "2016-02"},
            {"name": "Royal Society", "position": "Fellow", "startDate": "2011", "endDate": "2016"},
        ],
        "education": [{"institution": "Home", "area": "Mathematics"}],
        "skills": [{"name": name} for name in ("Python", "PostgreSQL", "Scheduling")],
        "meta": {"sourcing": {"opted_in": True, "signed_up_at": "2021-03-01T00:00:00Z"}},
    }
    candidate = str(done(scene.platform.post("/candidates", document))["id"])
    posting = {
        "title": "Backend developer for robots",
        "description": DESCRIPTION,
        "location": "Berlin",
        "salary": {"minimum": 65_000, "maximum": 85_000, "currency": "EUR"},
        "filters": {},
    }
    path = f"/employers/{scene.employer_id}/positions"
    position = str(done(scene.recruiter.post(path, posting))["id"])
    body = {"candidate_id": candidate, "message": {**MESSAGE, "text": TEXT}}
    outreach = done(scene.recruiter.post(f"/positions/{position}/messages", body))["id"]
    return Holder(stage, scene, position, candidate, str(outreach))
