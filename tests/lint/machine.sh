#!/bin/sh
# What belongs to one machine or one person: absolute paths of a home or checkout,
# fixed names in /tmp, this host's name, secrets. What is meant so ends its line in
# "lint: machine".
set -eu
here=$(dirname "$0")
files=$("$here/files.sh" | grep -vE '^tests/lint/|package-lock\.json$')
bad=0

# forbid PATTERN WHY [EXCEPT]
forbid()
{
    found=$(printf '%s\n' "$files" |
        tr '\n' '\0' | xargs -0 grep -nIE -e "$1" -- /dev/null |
        grep -vE "${3:-^\$}|lint: machine" | cut -c1-160 || true)
    [ -n "$found" ] || return 0
    printf '%s\n' "$found" | sed "s|^\([^:]*:[0-9]*:\)|\1 $2: |"
    bad=1
}

edge='(^|[^[:alnum:]_./$}-])'
forbid "$edge/(home|Users|root|work|workspaces?|mnt|media|builds)/[[:alnum:]_.]" \
    'a path of one machine'
forbid "$edge/tmp/([[:alnum:]_.-]*[/ \"']|[[:alnum:]_.-]*\$)" \
    'a fixed name in /tmp; use mktemp or TMPDIR' 'XXXXXX'
top=$(pwd -P)
case $top in
/tmp/* | /var/* | /) ;;
*) forbid "$top" 'this checkout' ;;
esac
host=$(uname -n)
case $host in
localhost | ???? | ??? | ?? | ? | kith* | debian | docker | container) ;;
*) forbid "(^|[^[:alnum:]])$host([^[:alnum:]]|\$)" 'the name of this machine' ;;
esac
forbid '-----BEGIN ([A-Z]+ )?PRIVATE KEY' 'a private key'
forbid '(AKIA|ASIA)[A-Z0-9]{16}|gh[pousr]_[A-Za-z0-9]{36}|xox[baprs]-[A-Za-z0-9-]{10}' 'a secret'
forbid '(postgres(ql)?|https?)://[^/:@ "<>{}$]+:[^/@ "<>{}$]+@' 'a password in an address'
exit "$bad"
