-- A place in the event log is a log position; a position is a vacancy.
ALTER TABLE log_head RENAME COLUMN position TO log_position;
ALTER TABLE events RENAME COLUMN position TO log_position;
ALTER TABLE events RENAME CONSTRAINT events_log_id_position_key TO events_log_id_log_position_key;
ALTER TABLE projection_checkpoints RENAME COLUMN position TO log_position;
ALTER TABLE parked_events RENAME COLUMN position TO log_position;

-- Old answers are deleted by age.
CREATE INDEX idempotency_answers_by_age ON idempotency_answers (answered_at);
