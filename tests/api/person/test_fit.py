"""The candidate's pages in a browser: on phones and desks, in both schemes, without JavaScript."""

import json
from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.support.browser import Desks
from tests.support.client import done
from tests.support.letter_links import Holder
from tests.support.stage import Stage
from tests.support.visitor import in_every_look

TEXT = """Dear Ada,

we build robots that sort medicine in hospitals, and your work on schedulers is what we miss.

Would you talk to us for half an hour, any evening?

Best wishes
Robin"""

DESCRIPTION = """You design the planner that decides which robot goes where.

Our stack is Python, Rust and PostgreSQL. The team is six people in Berlin, two of them remote."""
