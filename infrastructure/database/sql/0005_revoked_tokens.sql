-- Bearer tokens that are refused although they have not expired, each by its fingerprint.
CREATE TABLE revoked_tokens (
    fingerprint bytea PRIMARY KEY,
    expires_at  timestamptz NOT NULL
);

CREATE INDEX revoked_tokens_by_expiry ON revoked_tokens (expires_at);
