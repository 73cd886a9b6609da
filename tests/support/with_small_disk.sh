#!/bin/sh
# with_small_disk.sh MEGABYTES COMMAND [ARG...] -- run COMMAND beside a file system of
# that size, which it may fill to the last byte.
#
# Exports SMALL_DISK, the folder it is mounted on. The mount is seen by COMMAND and its
# children alone and is gone with the last of them. As root, or where a user may have a
# namespace of his own; elsewhere COMMAND is not run: a sentence, and exit status 77.
# Otherwise the exit status is COMMAND's.
set -eu

[ $# -gt 1 ] || { echo "usage: with_small_disk.sh MEGABYTES COMMAND [ARG...]" >&2; exit 2; }
apart="unshare --mount"
[ "$(id -u)" -eq 0 ] || apart="unshare --user --map-current-user --keep-caps --mount"
$apart mount -t tmpfs tmpfs /mnt 2>/dev/null || {
    echo "skipped: no file system can be mounted here, not even in a namespace" >&2
    exit 77
}

SMALL_DISK=$(mktemp -d /tmp/ksd.XXXXXX)
export SMALL_DISK
child=
trap 'rmdir "$SMALL_DISK"' EXIT
trap '[ -z "$child" ] || kill -TERM "$child"; wait' HUP INT TERM
# shellcheck disable=SC2016  # expanded inside
$apart sh -c 'mount -t tmpfs -o "size=$1m,mode=1777" tmpfs "$SMALL_DISK"
              shift; exec "$@"' sh "$@" &
child=$!
status=0
wait "$child" || status=$?
exit "$status"
