#!/bin/sh
# The README's table of settings and lib/base/config.def are the same: names,
# defaults and ranges, both ways. The last column is free.
set -eu
here=$(dirname "$0")
[ -f README.md ] || { echo "README.md:1: missing"; exit 1; }
"$here/config_table.sh" | awk '
    /^\| `KITH_/ {
        key = row()
        if (NR == FNR) {
            wanted[name] = key
            next
        }
        seen[name] = 1
        if (!(name in wanted))
            complain(FNR, name " is not in lib/base/config.def")
        else if (wanted[name] != key)
            complain(FNR, name " should read " wanted[name])
    }
    END {
        for (name in wanted)
            if (!(name in seen))
                complain(1, name " is missing; tests/lint/config_table.sh prints its row")
        exit bad
    }
    function row(    cell)
    {
        split($0, cell, /[ \t]*\|[ \t]*/)
        name = cell[2]
        return "| " cell[2] " | " cell[3] " | " cell[4] " |"
    }
    function complain(line, what)
    {
        print "README.md:" line ": " what
        bad = 1
    }' - README.md
