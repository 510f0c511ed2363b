-- How far each version of each projection has come in each log.
CREATE TABLE projection_checkpoints (
    projection text,
    version    integer,
    log_id     smallint,
    position   bigint NOT NULL,
    PRIMARY KEY (projection, version, log_id)
);
