"""Writes the golden file of every event that has none: `python -m tests.domain.golden`."""

import sys

from tests.domain.golden import write_missing

for path in write_missing():
    sys.stdout.write(f"wrote {path.name}\n")
