-- The position of the last committed event of each log. Its row is taken before events are written,
-- so that positions are given in commit order and a rollback gives them back: a log has no gaps.
CREATE TABLE log_head (
    log_id   smallint PRIMARY KEY,
    position bigint NOT NULL
);
INSERT INTO log_head (log_id, position) VALUES (0, 0);

-- What happened. Written once, never changed.
CREATE TABLE events (
    log_id             smallint    NOT NULL,
    position           bigint      NOT NULL,
    originator_id      uuid        NOT NULL,
    originator_version bigint      NOT NULL,
    topic              text        NOT NULL,
    state              bytea       NOT NULL,
    recorded_at        timestamptz NOT NULL,
    PRIMARY KEY (log_id, originator_id, originator_version),
    UNIQUE (log_id, position)
);
