-- Interactions for training, up to kith.cutoff_ms, a reader's events together
-- and in order of time: user_interactions_history read backwards.
COPY (
    SELECT user_id, post_id, interaction_type, created_at
    FROM user_interactions
    WHERE created_at <= to_timestamp(
              current_setting('kith.cutoff_ms')::bigint / 1000.0)
    ORDER BY user_id DESC, created_at, id
) TO STDOUT (FORMAT binary)
