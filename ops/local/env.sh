# shellcheck shell=sh disable=SC2034  # read by the scripts that include it
# Sizes of the local stack. A variable in the environment of `make run` wins.

cores=$(nproc)
[ "$cores" -ge 2 ] || cores=2

# Processes of each role; each answers one request at a time. One of track mostly waits
# for the disk, and PostgreSQL commits the batches of those that wait together in one
# write: on a slow disk eight store three times as much as two. With as many as ask at
# once each keeps its connection to nginx, and nobody waits for a free one: sixteen cost
# 60 us of CPU in all for an event where eight cost 63. One of feeds mostly computes: with
# two a core one computes while the other waits for PostgreSQL, and who comes next waits
# in a queue instead of taking the core from all others in turn. Each process adds 3 MB of
# memory and one connection to PostgreSQL.
TRACK_WORKERS=${TRACK_WORKERS:-16}
FEEDS_WORKERS=${FEEDS_WORKERS:-$((cores * 2))}
ADMIN_WORKERS=${ADMIN_WORKERS:-1}

# Where nginx listens. PORT= moves it, LISTEN=0.0.0.0 opens it to the network.
DEFAULT_PORT=8080
LISTEN=${LISTEN:-127.0.0.1}
LISTEN=${LISTEN#[}
LISTEN=${LISTEN%]}
case $LISTEN in
*:*) LISTEN_HOST="[$LISTEN]" ;;
*) LISTEN_HOST=$LISTEN ;;
esac
case $LISTEN in
0.0.0.0) PROBE_HOST=127.0.0.1 ;;
*) PROBE_HOST=$LISTEN_HOST ;;
esac
# 0: no limit of requests per address, for load tests.
RATE_LIMIT=${RATE_LIMIT:-1}

# PEM files, a certificate with its chain and its key: HTTPS and HTTP/2 instead of HTTP.
TLS_CERT=${TLS_CERT:-}
TLS_KEY=${TLS_KEY:-}
case $TLS_CERT in
'') SCHEME=http ;;
*) SCHEME=https ;;
esac
# Seconds for which a browser may use nothing but HTTPS (Strict-Transport-Security).
# 0: not said, as it would bind every port of this host name, also programs not ours.
TLS_HSTS_S=${TLS_HSTS_S:-0}

# Hour (UTC) of the nightly training; missed by less than NIGHTLY_SLACK: made up for.
NIGHTLY_HOUR=${NIGHTLY_HOUR:-2}
NIGHTLY_SLACK=${NIGHTLY_SLACK:-12h}

# Logs: a file of a service is turned at this size, and this many old ones are kept.
LOG_BYTES=${LOG_BYTES:-5000000}
LOG_FILES=${LOG_FILES:-5}

# PostgreSQL: an eighth of the memory, 128 MB to 1 GB.
memory_mb=$(awk '/^MemTotal:/ { print int($2 / 1024) }' /proc/meminfo)
PG_SHARED_MB=${PG_SHARED_MB:-$((memory_mb / 8 < 128 ? 128 : memory_mb / 8 > 1024 ? 1024 : memory_mb / 8))}
PG_CACHE_MB=${PG_CACHE_MB:-$((memory_mb / 2))}
# One a worker; the rest for jobs (nightly: one a core) and for looking.
PG_CONNECTIONS=${PG_CONNECTIONS:-$((TRACK_WORKERS + FEEDS_WORKERS + ADMIN_WORKERS + cores + 21))}
# Log between two checkpoints: disk space against the pages written twice.
PG_WAL_MB=${PG_WAL_MB:-4096}
PG_BIN=${PG_BIN:-/usr/lib/postgresql/15/bin}

# Longest wait for /readyz.
READY_S=${READY_S:-30}
