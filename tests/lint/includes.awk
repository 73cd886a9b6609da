# Usage: awk -f tests/lint/includes.awk lib/rooms.txt FILE...
# Fails when a file includes a room, one header of a room, or a third-party
# header that lib/rooms.txt does not grant it.
BEGIN {
    # The C library and the compiler; whatever else stands in <> needs a door.
    n = split("assert ctype dirent dlfcn endian errno fcntl fenv float getopt " \
        "glob grp inttypes limits locale malloc math poll pthread pwd sched " \
        "setjmp signal spawn stdalign stdarg stdatomic stdbool stddef stdint " \
        "stdio stdlib stdnoreturn string strings syslog termios time unistd " \
        "wchar immintrin fnmatch netdb libgen", names, " ")
    for (i = 1; i <= n; i++)
        system_header[names[i] ".h"] = 1
    generated = "queries.h" # the files of sql/, see the Makefile
}

FNR == 1 {
    file = FILENAME
    split(file, path, "/")
    room = path[1] == "lib" ? path[2] : path[1]
}

NR == FNR {
    if ($0 ~ /^ *(#|$)/)
        next
    if ($1 == "door") {
        doors[$2] = doors[$2] " " $3
        next
    }
    known[$1] = 1
    may[$1, $1] = 1
    for (i = 2; i <= NF; i++)
        may[$1, $i] = 1
    next
}

!(room in known) {
    complain("no room '" room "' in lib/rooms.txt")
    nextfile
}

match($0, /^[ \t]*#[ \t]*include[ \t]*["<][^">]+/) {
    header = substr($0, RSTART, RLENGTH)
    quoted = header ~ /"/
    sub(/^[^"<]*["<]/, "", header)
    split(header, part, "/")
    if (part[1] in known && !((room, part[1]) in may) && !((room, header) in may))
        complain("room " room " may not include " header)
    else if (quoted && path[1] == "lib" && index(header, "/") < 2 && header != generated)
        complain("write " header " as seen from lib/: \"" room "/" header "\"")
    else if (!through_door(header))
        complain(header " belongs to" door_of(header))
    else if (!quoted && !has_door(header) && !is_system(header))
        complain(header " has no door in lib/rooms.txt")
}

END { exit bad }

function complain(what)
{
    print file ":" FNR ": " what
    bad = 1
}

function is_system(header)
{
    return header in system_header || header ~ /^(sys|linux|netinet|arpa|sanitizer)\// ||
        (header == "check.h" && path[1] == "tests")
}

# A door ends in "/" for a whole folder of headers: openssl/
function door_of(header,    d)
{
    for (d in doors)
        if (index(header, d) == 1)
            return doors[d]
    return ""
}

function has_door(header) { return door_of(header) != "" }

function through_door(header,    n, i, files)
{
    n = split(door_of(header), files, " ")
    for (i = 1; i <= n; i++)
        if (index(file, files[i]) == 1)
            return 1
    return n == 0
}
