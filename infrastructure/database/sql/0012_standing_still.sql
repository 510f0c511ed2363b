-- When a projection last moved on, and why it cannot, so that every process can say so.
ALTER TABLE projection_checkpoints
    ADD COLUMN moved_at timestamptz NOT NULL DEFAULT '-infinity',
    ADD COLUMN failure  text;

-- Events of kinds that no program that ran here knew. They are looked for from the beginning.
CREATE TABLE unknown_events (
    log_id       smallint,
    log_position bigint,
    kind         text NOT NULL,
    found_at     timestamptz NOT NULL,
    PRIMARY KEY (log_id, log_position)
);

CREATE TABLE unknown_events_searched (
    log_id       smallint PRIMARY KEY,
    log_position bigint NOT NULL
);
INSERT INTO unknown_events_searched (log_id, log_position) VALUES (0, 0);
