-- Where imported rows wait until they are judged.
CREATE TEMPORARY TABLE import_interactions (
    id               uuid NOT NULL,
    user_id          uuid NOT NULL,
    post_id          uuid NOT NULL,
    interaction_type text NOT NULL,
    created_at       timestamptz NOT NULL
) ON COMMIT DROP
