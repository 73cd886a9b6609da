#!/bin/sh
# Usage: tests/lint/asserts.sh FILE...
# An assert with an effect, or one that calls: release builds drop both. What
# only looks (memcmp, isfinite, in_object, kind_of ...) may be called.
set -eu
awk -f "$(dirname "$0")/code.awk" "$@" | awk '
    BEGIN {
        n = split("sizeof alignof offsetof memcmp strcmp strlen isfinite isnan " \
            "isdigit is_aligned fabs fabsf", names, " ")
        for (i = 1; i <= n; i++)
            looks[names[i]] = 1
    }

    match($0, /^[^:]*:[0-9]+:/) {
        place = substr($0, 1, RLENGTH)
        line = substr($0, RLENGTH + 1)
        if (depth) {
            collect(line)
        } else if (line !~ /^[ \t]*#/ && match(line, /(^|[^A-Za-z0-9_])assert[ \t]*\(/)) {
            at = place
            text = ""
            depth = 1
            collect(substr(line, RSTART + RLENGTH))
        }
    }

    END { exit bad }

    function collect(s,    i, c)
    {
        for (i = 1; i <= length(s); i++) {
            c = substr(s, i, 1)
            depth += (c == "(") - (c == ")")
            if (!depth) {
                judge(text)
                return
            }
            text = text c
        }
    }

    function judge(s,    call)
    {
        gsub(/[=!<>]=/, " ", s)
        if (s ~ /=|\+\+|--/)
            complain("assert changes something")
        while (match(s, /[A-Za-z_][A-Za-z0-9_]*[ \t]*\(/)) {
            call = substr(s, RSTART, RLENGTH)
            s = substr(s, RSTART + RLENGTH)
            gsub(/[ \t(]/, "", call)
            if (!(call in looks) && call !~ /(^|_)(is|has|in)_|_(of|count)$/)
                complain("assert calls " call "()")
        }
    }

    function complain(what)
    {
        print at " " what
        bad = 1
    }'
