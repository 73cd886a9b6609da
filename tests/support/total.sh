#!/bin/sh
# Usage: tests/support/total.sh TALLY
# The closing line. Fails when something failed or nothing ran.
set -eu
awk '
    { passed += $1; failed += $2; skipped += $3 }
    END {
        printf "%d passed, %d failed", passed, failed
        if (skipped)
            printf ", %d skipped", skipped
        print ""
        exit failed || !passed
    }' "$1"
