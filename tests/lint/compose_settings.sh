#!/bin/sh
# docker-compose.yml passes on every setting of lib/base/config.def and no other, but
# for those of the image, which name places inside it (ops/container/Dockerfile).
set -eu
awk '
    FNR == 1 { file++ }
    file == 1 && sub(/^CFG_[A-Z]* *\(/, "") { sub(/,.*/, ""); wanted["KITH_" toupper($0)] = 1 }
    file == 2 && sub(/^ +KITH_/, "KITH_") { sub(/=.*/, ""); given[$0] = 1 }
    file == 3 && /^    KITH_[A-Z_]*:/ {
        name = $1
        sub(/:.*/, "", name)
        given[name] = 1
        if (!(name in wanted))
            complain(FNR, name " is not in lib/base/config.def")
    }
    END {
        for (name in wanted)
            if (!(name in given))
                complain(1, name " is missing")
        exit bad
    }
    function complain(line, what)
    {
        print "docker-compose.yml:" line ": " what
        bad = 1
    }' lib/base/config.def ops/container/Dockerfile docker-compose.yml
