-- The key under which a person's data is encrypted. A destroyed one stays as a tombstone, so that no
-- late writer makes a new one for somebody who asked to be forgotten.
CREATE TABLE person_keys (
    person_id    uuid PRIMARY KEY,
    wrapped      bytea,
    destroyed_at timestamptz
);
