-- The same rule as before for words, cheaper for the usual ones: a regular
-- expression was a tenth of what an insert costs. NOT VALID: all rows keep the
-- rule already, and the next migration says so without a lock on writers.

ALTER TABLE user_interactions
    DROP CONSTRAINT interaction_type_is_a_word,
    ADD CONSTRAINT interaction_type_is_a_word CHECK (
        interaction_type IN ('view', 'click', 'like', 'share', 'unlike', 'hide')
        OR interaction_type ~ '^[a-z][a-z_]{0,31}$') NOT VALID;
