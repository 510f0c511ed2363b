"""Processes that tests kill: forked off a server that has imported what they need."""

import multiprocessing

forks = multiprocessing.get_context("forkserver")
# One server serves the whole session, and imports these before the first fork.
forks.set_forkserver_preload(
    [
        "tests.infrastructure.test_parking",
        "tests.infrastructure.test_projector",
        "tests.infrastructure.test_recorder_under_fire",
    ]
)
