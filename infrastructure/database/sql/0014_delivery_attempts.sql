-- Which letters somebody is trying to deliver, or will try again, and when at the earliest.
CREATE TABLE delivery_attempts (
    candidate_id uuid,
    outreach_id  uuid,
    letter       bigint,
    attempts     int NOT NULL,
    next_at      timestamptz NOT NULL,
    last_code    text,
    PRIMARY KEY (candidate_id, outreach_id, letter)
);

-- Letters that the embedded mail server took, sealed under the key of the person they are to.
CREATE TABLE sink_letters (
    person_id   uuid,
    message_id  text,
    received_at timestamptz NOT NULL,
    sealed      bytea NOT NULL,
    PRIMARY KEY (person_id, message_id)
);
CREATE INDEX sink_letters_by_age ON sink_letters (received_at DESC);
