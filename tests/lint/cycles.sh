#!/bin/sh
# A module is a .c with its .h, and with what only its files share (a_inner.h,
# a_parts.h). tsort complains when the include graph loops.
set -eu
loops=$(find lib -name '*.[ch]' | while read -r f; do
    module=${f#lib/}
    module=${module%.*}
    module=${module%_inner}
    module=${module%_parts}
    sed -n 's,^#include "\(.*\)\.h".*,\1,p' "$f" | sed 's,_inner$,,; s,_parts$,,' |
    while read -r other; do
        [ "$other" = "$module" ] || echo "$module $other"
    done
done | tsort 2>&1 >/dev/null | sed -n 's,^tsort: \([^ ]*/[^ ]*\)$,\1,p')
[ -n "$loops" ] || exit 0
for module in $loops; do
    echo "lib/$module.h:1: includes itself by way of others"
done
exit 1
