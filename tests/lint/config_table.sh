#!/bin/sh
# Prints lib/base/config.def as the table of settings of the README.
set -eu
awk '
    BEGIN {
        print "| Setting | Default | Range | What it bounds |"
        print "|---|---|---|---|"
    }
    /^CFG_/ {
        split($0, quoted, "\"")
        split(quoted[1], word, /[(,]/)
        for (i in word)
            gsub(/^ +| +$/, "", word[i])
        kind = word[1]
        if (kind == "CFG_TEXT")
            row(quoted[2], "text", quoted[4])
        else if (kind == "CFG_COUNT")
            row(word[3], word[4] "-" word[5], quoted[2])
        else if (kind == "CFG_FLAG")
            row(word[3], "0-1", quoted[2])
        else {
            print FILENAME ":" FNR ": unknown row " kind > "/dev/stderr"
            exit 1
        }
    }
    function row(fallback, range, why)
    {
        printf "| `KITH_%s` | %s | %s | %s |\n", toupper(word[2]),
            fallback == "" ? "none" : "`" fallback "`", range, why
    }' lib/base/config.def
