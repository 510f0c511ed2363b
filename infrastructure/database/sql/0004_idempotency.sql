-- Requests by idempotency key. A claim says that one is being worked on; its answer commits together
-- with the events it recorded, so that a claim without an answer has changed nothing.
CREATE TABLE idempotency_claims (
    caller      text,
    key         text,
    fingerprint text NOT NULL,
    claimed_at  timestamptz NOT NULL,
    PRIMARY KEY (caller, key)
);

CREATE TABLE idempotency_answers (
    caller      text,
    key         text,
    answer      jsonb NOT NULL,
    answered_at timestamptz NOT NULL,
    PRIMARY KEY (caller, key)
);

CREATE INDEX idempotency_claims_by_age ON idempotency_claims (claimed_at);

-- The activities that were taken, by the id that their source gave them.
CREATE TABLE activity_receipts (
    candidate_id uuid,
    source       text,
    source_id    text,
    PRIMARY KEY (candidate_id, source, source_id)
);
