-- Ids of imported people derive from this namespace, so that the same import finds the same people.
-- It is random and made when a new installation is first opened: nobody can guess an id from an
-- external one. An installation with a log keeps the namespace that its people's ids derive from.
CREATE TABLE installation (
    log_id              smallint PRIMARY KEY,
    candidate_namespace uuid NOT NULL
);

INSERT INTO installation (log_id, candidate_namespace)
SELECT log_id, '3b7c6c86-53f0-5f0e-9f3d-0c7d8b1b7c55' FROM log_head WHERE log_position > 0;
