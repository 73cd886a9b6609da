#!/bin/sh
# Usage: tests/lint/sql_heads.sh FILE...
# A SQL file starts by saying what it does; a query also names its parameters.
set -eu
awk '
    FNR == 1 {
        if (NR > 1)
            close_file()
        file = FILENAME
        head = ""
        body = 0
        most = 0
        if ($0 !~ /^-- [^ ]/)
            complain("starts without a comment that says what it does")
    }
    /^--/ && !body { head = head $0; next }
    /[^ \t]/ { body = 1 }
    {
        line = $0
        sub(/--.*/, "", line)
        while (match(line, /\$[0-9]+/)) {
            n = substr(line, RSTART + 1, RLENGTH - 1) + 0
            most = n > most ? n : most
            line = substr(line, RSTART + RLENGTH)
        }
    }
    END {
        if (NR)
            close_file()
        exit bad
    }
    # "$2 .. $5" names four.
    function spell_out(s,    range, ends, n)
    {
        while (match(s, /\$[0-9]+ *\.\. *\$[0-9]+/)) {
            range = substr(s, RSTART, RLENGTH)
            s = substr(s, RSTART + RLENGTH)
            split(range, ends, /[ $.]+/)
            for (n = ends[2] + 1; n < ends[3] + 0; n++)
                head = head " $" n " "
        }
    }
    function close_file(    n)
    {
        spell_out(head)
        for (n = 1; n <= most; n++)
            if (file ~ /queries\// && head !~ ("\\$" n "([^0-9]|$)"))
                complain("the head comment does not name $" n)
    }
    function complain(what)
    {
        print file ":1: " what
        bad = 1
    }' "$@"
