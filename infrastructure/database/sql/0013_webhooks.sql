-- Webhooks as of the log position up to which their deliveries are queued. Addresses and secrets
-- stand in the log alone, sealed.
CREATE TABLE webhook_subscriptions (
    webhook_id  uuid PRIMARY KEY,
    employer_id uuid,
    kinds       text[] NOT NULL,
    enabled     boolean NOT NULL
);

-- What is to be sent, without its contents: an event is read when it is sent.
CREATE TABLE webhook_deliveries (
    webhook_id      uuid,
    log_position    bigint,
    kind            text NOT NULL,
    status          text NOT NULL,  -- queued, delivered or dead
    attempts        int NOT NULL,
    queued_at       timestamptz NOT NULL,
    due_at          timestamptz NOT NULL,
    attempted_at    timestamptz,
    response_status int,
    failure         text,
    PRIMARY KEY (webhook_id, log_position)
);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (webhook_id, due_at)
    WHERE status = 'queued';
CREATE INDEX webhook_deliveries_by_status ON webhook_deliveries (webhook_id, status, log_position);
CREATE INDEX webhook_deliveries_by_age ON webhook_deliveries (queued_at);

CREATE TABLE webhook_progress (
    log_id       smallint PRIMARY KEY,
    log_position bigint NOT NULL
);
INSERT INTO webhook_progress (log_id, log_position) SELECT log_id, log_position FROM log_head;
