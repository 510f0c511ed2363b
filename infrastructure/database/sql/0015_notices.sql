-- Up to when each recruiter was told of answers, and when to look again at the earliest.
CREATE TABLE notices (
    notification_id uuid PRIMARY KEY,
    told_until      timestamptz NOT NULL,
    next_at         timestamptz NOT NULL
);
