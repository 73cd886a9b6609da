-- The record of what was trained and measured, and of which model was live,
-- from when on and why. Rows are small, written a few times a day and kept.

CREATE TABLE runs (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- train, evaluate, tune, ...: a word, not an enum, as in user_interactions.
    kind            text NOT NULL
        CONSTRAINT kind_is_a_word CHECK (kind ~ '^[a-z][a-z_]{0,31}$'),
    status          text NOT NULL
        CONSTRAINT status_is_known CHECK (status IN ('finished', 'refused', 'failed')),
    note            text NOT NULL DEFAULT '',
    -- git revision of the program.
    revision        text NOT NULL DEFAULT '',
    -- NULL: the run made no model.
    model_version   text,
    data_hash       text,
    data_from       timestamptz,
    data_until      timestamptz,
    artefact_sha256 text
        CONSTRAINT sha256_is_hex CHECK (artefact_sha256 ~ '^[0-9a-f]{64}$'),
    artefact_bytes  bigint CHECK (artefact_bytes >= 0),
    started_at      timestamptz NOT NULL,
    took_us         bigint NOT NULL CHECK (took_us >= 0),
    -- The copy in MLflow: its run id, or why there is none. NULL: not asked for.
    mlflow          text,
    CONSTRAINT artefact_is_whole
        CHECK (num_nonnulls(artefact_sha256, artefact_bytes) IN (0, 2))
);

-- The newest runs of a kind.
CREATE INDEX runs_kind ON runs (kind, id DESC);

CREATE TABLE run_params (
    run_id bigint NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    name   text NOT NULL CHECK (name ~ '^[A-Za-z0-9_.@/-]{1,96}$'),
    value  text NOT NULL,
    PRIMARY KEY (run_id, name)
);

CREATE TABLE run_metrics (
    run_id bigint NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    name   text NOT NULL CHECK (name ~ '^[A-Za-z0-9_.@/-]{1,96}$'),
    value  double precision NOT NULL,
    PRIMARY KEY (run_id, name)
);

-- One row a model file that was ever made; it stays when the file is deleted.
CREATE TABLE models (
    version       text PRIMARY KEY,
    run_id        bigint REFERENCES runs (id) ON DELETE SET NULL,
    algorithm     text NOT NULL,
    -- found: it was live before anybody recorded it.
    verdict       text NOT NULL
        CONSTRAINT verdict_is_known
        CHECK (verdict IN ('passed', 'refused', 'forced', 'found')),
    -- Why, as a sentence for people.
    reason        text NOT NULL,
    data_hash     text NOT NULL,
    sha256        text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    bytes         bigint NOT NULL CHECK (bytes > 0),
    users         bigint NOT NULL,
    posts         bigint NOT NULL,
    pairs         bigint NOT NULL,
    built_at      timestamptz NOT NULL,
    -- NULL: there was no event.
    trained_until timestamptz
);

-- The newest models. run_id has no index: runs are not deleted.
CREATE INDEX models_newest ON models (built_at DESC, version DESC);

-- Every time a model became live. The file at KITH_MODEL is the truth of what is
-- live now; this is the history of how it came to be.
CREATE TABLE model_changes (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    version    text NOT NULL REFERENCES models (version),
    change     text NOT NULL
        CONSTRAINT change_is_known
        CHECK (change IN ('train', 'promote', 'rollback', 'found')),
    reason     text NOT NULL,
    changed_at timestamptz NOT NULL
);

-- When a version was live last.
CREATE INDEX model_changes_version ON model_changes (version, id DESC);
