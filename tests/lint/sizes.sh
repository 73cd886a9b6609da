#!/bin/sh
# Usage: tests/lint/sizes.sh FILE...
# Advice: a body over 60 lines, a .c over 600, a .h over 200. Bodies are measured
# by their braces in column 0 (our layout).
set -eu
awk '
    FNR == 1 { if (NR > 1) whole(); file = FILENAME; from = 0 }
    { lines = FNR }
    /^[{]/ { from = FNR }
    /^[}]/ && from {
        if (FNR - from > 60)
            print file ":" from ": body of " FNR - from " lines"
        from = 0
    }
    END { if (NR) whole() }
    function whole(    limit)
    {
        limit = file ~ /\.h$/ ? 200 : 600
        if (lines > limit)
            print file ":" lines ": " lines " lines, mark " limit
    }' "$@"
