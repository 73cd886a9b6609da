#!/bin/sh
# readme_table.sh [-w]: the table of README's section Speed, from build/bench.json.
# -w writes it into README.md, between the two lines that name this script.
# A line here: names | what it is | what is asked of it (a bound on the values, or with
# x on the ratio). What was not measured is left out.
set -eu
cd "$(dirname "$0")/../.."
json=build/bench.json

rows()
{
    cat <<'X_ROWS'
feeds.demo.clients_1.p50 feeds.demo.clients_1.p95 feeds.demo.clients_1.p99|feed of the demo through nginx, 1 client: p50 / p95 / p99|p95 < 2 ms
feeds.demo.clients_1.rate|requests|>= 0.5 x
feeds.demo.clients_1.rate_again|the same|
feeds.demo.clients_8.p50 feeds.demo.clients_8.p95 feeds.demo.clients_8.p99|8 clients: p50 / p95 / p99|
feeds.demo.clients_8.rate|requests|>= 0.5 x
feeds.demo.clients_8.rate_again|the same|
feeds.demo.cpu.all|CPU a request: all programs|
constant.demo.cpu.all|our loop with a constant|
feeds.demo.cpu.feeds.fcgi|worker|
feeds.demo.cpu.postgres|PostgreSQL|
feeds.demo.cpu.nginx|nginx|
feeds.demo.stage.history feeds.demo.stage.neighbours feeds.demo.stage.reasons feeds.demo.stage.rest feeds.demo.stage.total|where the time of the worker goes (`Server-Timing`, one at a time): history / neighbours / reasons / rest / total|
feeds.deskdrop.clients_1.p50 feeds.deskdrop.clients_1.p95 feeds.deskdrop.clients_1.p99|feed of Deskdrop through nginx, 1 client: p50 / p95 / p99|p95 < 2 ms
feeds.deskdrop.clients_1.rate|requests|>= 0.5 x
feeds.deskdrop.clients_1.rate_again|the same|
feeds.deskdrop.clients_8.p50 feeds.deskdrop.clients_8.p95 feeds.deskdrop.clients_8.p99|8 clients: p50 / p95 / p99|
feeds.deskdrop.clients_8.rate|requests|>= 0.5 x
feeds.deskdrop.clients_8.rate_again|the same|
feeds.gowalla.clients_8.rate|model of Gowalla's size, 8 clients: highest rate|>= 0.5 x
feeds.gowalla.load_70.p50 feeds.gowalla.load_70.p95 feeds.gowalla.load_70.p99|at 70 % of that rate: p50 / p95 / p99|<= 0.7 / - / 3 ms
stock.gowalla.load_70.p50 stock.gowalla.load_70.p95 stock.gowalla.load_70.p99|(a constant from a stock worker at the same rate)|
feeds.gowalla.stage.history feeds.gowalla.stage.neighbours feeds.gowalla.stage.reasons feeds.gowalla.stage.rest feeds.gowalla.stage.total|history / neighbours / reasons / rest / total|
feeds.ml20m.clients_8.rate|model of ML-20M size, 8 clients: highest rate|>= 0.5 x
feeds.ml20m.load_70.p50 feeds.ml20m.load_70.p95 feeds.ml20m.load_70.p99|at 70 % of that rate: p50 / p95 / p99|<= 2 / 5 / 10 ms
stock.ml20m.load_70.p50 stock.ml20m.load_70.p95 stock.ml20m.load_70.p99|(a constant from a stock worker at the same rate)|
feeds.ml20m.stage.history feeds.ml20m.stage.neighbours feeds.ml20m.stage.reasons feeds.ml20m.stage.rest feeds.ml20m.stage.total|history / neighbours / reasons / rest / total|
track.rate|events through nginx in batches of 20, each batch committed to disk|>= 30000, >= 0.8 x
track.batch.p50 track.batch.p95 track.batch.p99|a batch, 16 clients: p50 / p95 / p99|
track.table_10000000.rate|the same on ten million stored events|>= 0.8 x
track.event.parse track.event.check track.event.encode|an event in the worker, CPU: parse / check / encode|together <= 3 us
track.worker_cpu|all of the worker, kernel included: also libpq, FastCGI, log, answer|
track.cpu.all track.cpu.postgres track.cpu.nginx track.cpu.svlogd|CPU of an event, all programs / PostgreSQL / nginx / log|
disk.synchronous_write|(a synchronous write of 8 KB on that disk)|
neighbours.gowalla.binary.request.p50 neighbours.gowalla.binary.request.p99|recommending 50 posts, one thread, Gowalla: p50 / p99|<= 50 / 150 us
neighbours.ml20m.binary.request.mean neighbours.ml20m.binary.request.p99|ML-20M size, binary: mean / p99|<= 0.4 / 1.5 ms
neighbours.ml20m.weighted.request.mean neighbours.ml20m.weighted.request.p99|weighted: mean / p99|<= 0.8 / 4 ms
neighbours.ml20m.binary.lists_CPU_of_all_users|50 posts for each of the 138,493 readers, binary, one core|<= 25 s
neighbours.ml20m.binary.lists_wall_of_all_users neighbours.ml20m.binary.lists_wall_of_all_users_by_2_threads|by the clock: one thread / two|
neighbours.1m.binary.request.mean|1 M readers, 100 M pairs: mean|<= 2 ms
neighbours.1m_newest_500.binary.request.mean neighbours.1m_newest_500.binary.request.p99|with `KITH_POST_READERS=500`: mean / p99|p99 <= 0.5 ms
peers.ml100k.kith|100 neighbours of a reader, MovieLens 100K: kith|
peers.ml100k.scipy.single|scipy|
peers.ml100k.sklearn.single|scikit-learn|
peers.ml100k.sklearn.batch_64|scikit-learn, 64 at once|
peers.gowalla.kith|Gowalla: kith|
peers.gowalla.scipy.single|scipy|
peers.gowalla.sklearn.single|scikit-learn|
peers.gowalla.sklearn.batch_64|scikit-learn, 64 at once|
peers.ml20m_weighted.kith|ML-20M size, weighted: kith|
peers.ml20m_weighted.scipy.single|scipy|
peers.ml20m_weighted.sklearn.single|scikit-learn|
peers.ml20m_weighted.sklearn.batch_64|scikit-learn, 64 at once|
X_ROWS
}

jq -e 'type == "array"' "$json" >/dev/null || { echo "error: no list in $json: make bench" >&2; exit 1; }
table()
{
    echo '| What | Measured | Beside | Asked |'
    echo '|---|---|---|---|'
    rows | jq -Rrn --slurpfile list "$json" '
        def digits: if . >= 100 then round elif . >= 10 then (. * 10 | round) / 10
                    else (. * 100 | round) / 100 end | tostring;
        def grouped: if test("^[0-9]{5,}$")
                     then (.[:-3] + " " + .[-3:]) | if test("^[0-9]{4,} ") then (.[:-7] + " " + .[-7:]) else . end
                     else . end;
        def shown: if .unit == "us" and .value >= 1000 then (.value / 1000 | digits) + " ms"
                   elif .unit == "us" then (.value | digits) + " µs"
                   elif .unit == "ns" and .value >= 1000 then (.value / 1000 | digits) + " µs"
               elif .unit == "us/event" or .unit == "us/request" then (.value | digits) + " µs"
                   elif .unit == "/s" then (.value | digits | grouped) + " /s"
                   else (.value | digits | grouped) + " " + .unit end;
        def beside: if .ratio == null then ""
                    else (.ratio | digits) + " × " +
                         (.compared_to | sub("^stock\\..*"; "a constant from a stock worker")
                          | sub("^constant\\..*"; "a constant from our loop")
                          | sub("^pgbench\\..*"; "pgbench") | sub("^peers\\..*"; "kith")
                          | sub("^track\\.table_empty\\..*"; "an empty table")) end;
        ($list[0] | map({key: .name, value: .}) | from_entries) as $of
        | inputs | split("|") as [$names, $what, $asked]
        | [$names | split(" ")[] | $of[.]] | select(all)
        | "| \($what) | \(map(shown) | join(" / ")) | \(if length == 1 then .[0] | beside else "" end) | \($asked) |"'
}

[ "${1:-}" = -w ] || { table; exit; }
new=$(mktemp)
trap 'rm -f "$new"' EXIT
{
    sed '/^<!-- tests\/bench\/readme_table.sh/q' README.md
    table
    sed -n '/^<!-- end of tests\/bench\/readme_table.sh/,$p' README.md
} >"$new"
cat "$new" >README.md
