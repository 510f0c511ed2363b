-- The Merkle tree over the log (RFC 9162), in tiles of up to 256 hashes, and how many events it has.
CREATE TABLE log_tree (
    log_id smallint PRIMARY KEY,
    size   bigint NOT NULL
);
INSERT INTO log_tree (log_id, size) VALUES (0, 0);

CREATE TABLE log_tree_tiles (
    log_id smallint,
    level  smallint,
    number bigint,
    hashes bytea NOT NULL,
    PRIMARY KEY (log_id, level, number)
);

-- What was signed, and kept: each says how long the log was and which root its tree had.
CREATE TABLE log_checkpoints (
    log_id    smallint,
    size      bigint,
    note      text        NOT NULL,
    signed_at timestamptz NOT NULL,
    PRIMARY KEY (log_id, size)
);
