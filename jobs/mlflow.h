/*
 * mlflow.h -- a copy of a run in an MLflow server, through its REST API.
 *
 * Settings  those of MLflow's own clients, from the environment:
 *             MLFLOW_TRACKING_URI       http(s)://host[:port][/prefix]
 *             MLFLOW_EXPERIMENT_NAME    default "kith"
 *             MLFLOW_TRACKING_TOKEN     sent as a bearer token, or
 *             MLFLOW_TRACKING_USERNAME, MLFLOW_TRACKING_PASSWORD
 * Sends     experiment (made when it is not there), run, params, metrics, tags,
 *           artefact (through the server's mlflow-artifacts proxy), registered
 *           model and model version.
 * Time      MLFLOW_CONNECT_S to connect, MLFLOW_CALL_S a call, for an artefact
 *           MLFLOW_STALL_S without progress.
 * Secrets   neither token, password nor a URL's userinfo reach a message.
 * from      mlflow.org/docs/latest/rest-api.html
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "store/runs.h"

enum { MLFLOW_CONNECT_S = 2, MLFLOW_CALL_S = 10, MLFLOW_STALL_S = 10 };
enum { MLFLOW_ID_BYTES = 64 };

/* MLFLOW_TRACKING_URI is set and not empty. */
bool mlflow_wanted(void);

/*
 * run_id: MLflow's, also on failure when the run was begun (else empty); a run
 * that could not be finished is marked FAILED as far as possible. ERR_DOWN,
 * ERR_TIMEOUT: not reached. ERR_DENIED: credentials. ERR_INVALID: it said no.
 */
MUST_USE bool mlflow_log(const struct run_record *r, const char *artefact,
                         char run_id[MLFLOW_ID_BYTES + 1], struct err *err);
