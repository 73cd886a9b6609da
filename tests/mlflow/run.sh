#!/bin/sh
# Usage: tests/mlflow/run.sh BIN_FOLDER
# `make test-mlflow`: trains the demo twice against a real MLflow server and looks at
# what has arrived there. MLflow comes from PyPI into build/mlflow (a virtual
# environment, some 700 MB; kept for the next time); MLFLOW_BIN names one that is
# there already. Database, server and data are private and gone afterwards.
set -eu
cd "$(dirname "$0")/../.."
bin=$(CDPATH='' cd -- "${1:?usage: run.sh BIN_FOLDER}" && pwd)
[ -n "${DB_URL:-}" ] || exec tests/support/with_pg.sh "$0" "$bin"

die()
{
    printf 'test-mlflow: %s\n' "$*" >&2
    exit 1
}

command -v jq >/dev/null || die "needs jq"
mlflow=${MLFLOW_BIN:-build/mlflow/bin/mlflow}
if [ ! -x "$mlflow" ]; then
    [ -z "${MLFLOW_BIN:-}" ] || die "$mlflow: no program"
    python3 -m venv build/mlflow || die "needs python3 with venv"
    build/mlflow/bin/pip install --quiet mlflow
fi

dir=$(mktemp -d)
server=
clean()
{
    [ -z "$server" ] || kill -- "-$server" 2>/dev/null || kill "$server" 2>/dev/null || :
    [ -z "$server" ] || wait "$server" 2>/dev/null || :
    rm -rf "$dir"
}
trap clean EXIT
trap 'exit 130' HUP INT TERM

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
uri=http://127.0.0.1:$port
# A session of its own: the server starts workers.
setsid "$mlflow" server --host 127.0.0.1 --port "$port" --workers 1 \
    --backend-store-uri "sqlite:///$dir/mlflow.db" \
    --artifacts-destination "$dir/artifacts" --serve-artifacts >"$dir/log" 2>&1 &
server=$!
tries=0
until curl -fsS -o /dev/null "$uri/health" 2>/dev/null; do
    tries=$((tries + 1))
    [ "$tries" -le 600 ] || { cat "$dir/log" >&2; die "the server did not start"; }
    kill -0 "$server" 2>/dev/null || { cat "$dir/log" >&2; die "the server ended"; }
    sleep 0.2
done

export KITH_DB_URL="$DB_URL" KITH_MODEL="$dir/model/current.kith" \
    KITH_COVERS="$dir/covers" KITH_LOG_LEVEL=1
mkdir "$dir/model"
"$bin/kith" migrate >/dev/null
"$bin/kith" demo >/dev/null

passed=0
check()
{
    what=$1
    shift
    "$@" >"$dir/said" 2>&1 || { cat "$dir/said" >&2; die "not true: $what"; }
    passed=$((passed + 1))
    printf 'ok    mlflow/%s\n' "$what"
}
has() { jq -e "$1" "$dir/run.json"; }

export MLFLOW_TRACKING_URI="$uri"
check 'a training succeeds' "$bin/kith" train --json
check 'a second one finds the experiment' "$bin/kith" train --json
run=$("$bin/kith" runs --last 1 --json | jq -r '.runs[0].mlflow')
sum=$("$bin/kith" runs --last 1 --json | jq -r '.runs[0].artefact_sha256')
version=$("$bin/kith" runs --last 1 --json | jq -r '.runs[0].model_version')
case $run in
*[!0-9a-f]* | '') die "MLflow's run id is '$run'" ;;
esac
curl -fsS "$uri/api/2.0/mlflow/runs/get?run_id=$run" >"$dir/run.json"
check 'the run is finished' has '.run.info.status == "FINISHED"'
check 'it has its times' has '.run.info.end_time >= .run.info.start_time'
check 'it has its parameters' has '.run.data.params | any(.key == "neighbours" and .value == "100")'
check 'it has its metrics' has '.run.data.metrics | any(.key == "ndcg_at_20" and .value > 0)'
check 'it has its durations' has '.run.data.metrics | any(.key == "read_ms" and .value > 0)'
check 'it has its revision' has '.run.data.tags | any(.key == "mlflow.source.git.commit")'
check 'it has its data hash' has '.run.data.tags | any(.key == "kith.data_hash" and (.value | length) == 16)'
check 'it has its note' has '.run.data.tags | any(.key == "kith.note" and (.value | startswith("NDCG")))'

curl -fsS "$uri/api/2.0/mlflow/registered-models/get?name=kith" >"$dir/run.json"
curl -fsS "$uri/api/2.0/mlflow-artifacts/artifacts?path=$(jq -r \
    '.registered_model.latest_versions[0].source | sub("^mlflow-artifacts:/+"; "") | sub("/[^/]*$"; "")' \
    "$dir/run.json")" >"$dir/files.json"
check 'there are two model versions' has '.registered_model.latest_versions[0].version == "2"'
# shellcheck disable=SC2016  # $v is a variable of jq
check 'the version names the model' \
    jq -e --arg v "$version" '.registered_model.latest_versions[0].tags | any(.key == "version" and .value == $v)' "$dir/run.json"
check 'the artefact is listed' jq -e '.files | any(.path | endswith("model.kith"))' "$dir/files.json"
path=$(jq -r '.registered_model.latest_versions[0].source | sub("^mlflow-artifacts:/+"; "")' "$dir/run.json")
curl -fsS "$uri/api/2.0/mlflow-artifacts/artifacts/$path" >"$dir/model.kith"
check 'the artefact is the model' sh -c "echo '$sum  $dir/model.kith' | sha256sum -c -"

KITH_NEIGHBOURS=1 "$bin/kith" train --json >"$dir/refused.json" 2>/dev/null || :
run=$("$bin/kith" runs --last 1 --json | jq -r '.runs[0].mlflow')
curl -fsS "$uri/api/2.0/mlflow/runs/get?run_id=$run" >"$dir/run.json"
check 'a refused model is there as refused' has '.run.data.tags | any(.key == "kith.status" and .value == "refused")'

MLFLOW_EXPERIMENT_NAME='another one & more' "$bin/kith" train >/dev/null
curl -fsS -G --data-urlencode 'experiment_name=another one & more' \
    "$uri/api/2.0/mlflow/experiments/get-by-name" >"$dir/run.json"
check 'the experiment can be named' has '.experiment.experiment_id | length > 0'

MLFLOW_TRACKING_URI=http://127.0.0.1:1 "$bin/kith" train >/dev/null 2>"$dir/warning"
check 'a server that is away is a warning' grep -q 'warning: MLflow' "$dir/warning"
echo "MLflow $("$mlflow" --version | sed 's/.* //'): $passed checks hold"
