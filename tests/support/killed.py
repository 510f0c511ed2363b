"""Processes that tests kill: forked off a server that has imported what they need."""

import multiprocessing

forks = multiprocessing.get_context("forkserver")
# One server serves the whole session, and imports these before the first fork.
forks.set_forkserver_preload(
    [
        "tests.infrastructure.projecting.test_parking_at_once",
        "tests.infrastructure.projecting.test_projector",
        "tests.infrastructure.projecting.test_rebuilds_read_models",
        "tests.infrastructure.projecting.test_versions",
        "tests.infrastructure.event_log.test_recorder_under_fire",
        "tests.infrastructure.webhooks.test_sender_killed",
        "tests.api.delivery.test_timers",
        "tests.support.killed_deliveries",
    ]
)
