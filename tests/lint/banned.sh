#!/bin/sh
# Usage: tests/lint/banned.sh FILE...
# Calls that banned.txt forbids, with its reason.
set -eu
here=$(dirname "$0")
awk -f "$here/code.awk" "$@" | awk -v table="$here/banned.txt" '
    BEGIN {
        while ((getline line < table) > 0) {
            if (line ~ /^ *(#|$)/)
                continue
            rules++
            split(line, field, / : /)
            where[rules] = field[1]
            why[rules] = field[3]
            n = split(field[2], names, " ")
            for (i = 1; i <= n; i++)
                rules_of[names[i]] = rules_of[names[i]] " " rules
        }
        if (!rules) {
            print table ": is empty or missing"
            bad = 1
        }
    }

    match($0, /^[^:]*:[0-9]+:/) {
        at = substr($0, 1, RLENGTH)
        file = substr(at, 1, index(at, ":") - 1)
        code = substr($0, RLENGTH + 1)
        while (match(code, /(->|\.)?[ \t]*[A-Za-z_][A-Za-z0-9_]*[ \t]*\(/)) {
            call = substr(code, RSTART, RLENGTH)
            code = substr(code, RSTART + RLENGTH)
            if (call !~ /^(->|\.)/) {
                gsub(/[ \t(]/, "", call)
                # Ignoring a signal has no handler whose details could matter.
                if (call != "signal" || code !~ /^[^,()]+, SIG_(IGN|DFL)/)
                    judge(call)
            }
        }
    }

    END { exit bad }

    function judge(name,    n, i, rule)
    {
        n = split(rules_of[name], rule, " ")
        for (i = 1; i <= n; i++)
            if (means(where[rule[i]])) {
                print at " " name "(): " why[rule[i]]
                bad = 1
            }
    }

    function means(prefixes,    n, i, word, yes)
    {
        n = split(prefixes, word, " ")
        for (i = 1; i <= n; i++) {
            if (word[i] ~ /^!/ && index(file, substr(word[i], 2)) == 1)
                return 0
            if (index(file, word[i]) == 1)
                yes = 1
        }
        return yes
    }'
