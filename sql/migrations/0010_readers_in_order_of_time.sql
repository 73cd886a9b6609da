-- The readers of a post in the order in which they came. Ordered by reader, the twenty
-- events of a batch went to as many of all its pages, and each page changed for the
-- first time after a checkpoint goes into the log whole: on ten million events that
-- took half of the rate. Ordered by time, a post grows at one place.

DROP INDEX user_interactions_readers;
CREATE INDEX user_interactions_readers
    ON user_interactions (post_id, created_at) INCLUDE (user_id);
