-- A version may be built again beside itself: `live` tells the two apart.
ALTER TABLE projection_checkpoints DROP CONSTRAINT projection_checkpoints_pkey;
ALTER TABLE projection_checkpoints ADD PRIMARY KEY (projection, version, log_id, live);

-- How fast it has moved on lately, as of `moved_at`.
ALTER TABLE projection_checkpoints ADD events_per_second double precision NOT NULL DEFAULT 0;

ALTER TABLE parked_events ADD live boolean NOT NULL DEFAULT true;
UPDATE parked_events SET live = checkpoint.live
FROM projection_checkpoints AS checkpoint
WHERE checkpoint.projection = parked_events.projection
    AND checkpoint.version = parked_events.version AND checkpoint.log_id = parked_events.log_id;
ALTER TABLE parked_events DROP CONSTRAINT parked_events_pkey;
ALTER TABLE parked_events
    ADD PRIMARY KEY (projection, version, log_id, live, stream, log_position);
DROP INDEX parked_events_first;
CREATE UNIQUE INDEX parked_events_first ON parked_events (projection, version, log_id, live, stream)
    WHERE error IS NOT NULL;
