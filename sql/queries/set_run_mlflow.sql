-- What became of a run's copy in MLflow.
-- $1 bigint: run, $2 text: run id there, or why there is none
UPDATE runs SET mlflow = $2 WHERE id = $1
