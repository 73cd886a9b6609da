-- All rows keep the rule of 0008; readers and writers go on meanwhile.

ALTER TABLE user_interactions VALIDATE CONSTRAINT interaction_type_is_a_word;
