-- The live version of a projection is the one that queries read. A newer one is built beside it, in a
-- schema of its own, until it takes over and drops the tables of the version before.
ALTER TABLE projection_checkpoints
    ADD COLUMN changed_log_position bigint  NOT NULL DEFAULT 0, -- of the last event that it follows
    ADD COLUMN live                 boolean NOT NULL DEFAULT true,
    ADD COLUMN tables               text[]  NOT NULL DEFAULT '{}'; -- of a live version

CREATE UNIQUE INDEX projection_checkpoints_live ON projection_checkpoints (projection, log_id)
    WHERE live;

UPDATE projection_checkpoints SET tables = made.tables
FROM (VALUES
    ('adverse_impact', '{self_reported_attributes}'::text[]),
    ('candidate_pool', '{candidate_pool}'),
    ('employers', '{employers,feedback}'),
    ('funnel', '{funnel_views,funnel_explored,funnel_outreach}'),
    ('interview_list', '{interview_list}'),
    ('likelihood', '{likelihood_scores,likelihood_features,likelihood_positions,
        likelihood_predictions,likelihood_model,likelihood_snapshots,likelihood_open_outreach}'),
    ('outreach_timeline', '{outreach_timeline}'),
    ('positions', '{positions}'),
    ('ratings', '{ratings}'),
    ('tickets', '{tickets}')
) AS made (projection, tables)
WHERE projection_checkpoints.projection = made.projection;
