-- The events that a projection has not applied although it has gone past them: of each stream the
-- first with its error, and behind it the later ones, which have none of their own.
CREATE TABLE parked_events (
    projection text,
    version    integer,
    log_id     smallint,
    stream     uuid,
    position   bigint,
    kind       text NOT NULL,
    error      text,
    parked_at  timestamptz NOT NULL,
    PRIMARY KEY (projection, version, log_id, stream, position)
);

CREATE UNIQUE INDEX parked_events_first ON parked_events (projection, version, log_id, stream)
    WHERE error IS NOT NULL;
