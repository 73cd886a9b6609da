# Usage: awk -f sql/embed.awk FILE.sql... > queries.c
# Each file becomes `const char sql_<name>[]`. Migrations also enter the table
# sql_migrations[], in the order of their numbers (the arguments are sorted);
# queries enter sql_queries[]. A query with lines between `-- own:` and `-- end own`
# also becomes sql_<name>_hosted[], which is the same without them.
BEGIN { print "#include \"queries.h\"\n" }
function end_file() {
    if (open) print "    \"\";\n"
    if (has_own) {
        print "const char sql_" name "_hosted[] =\n" hosted "    \"\";\n"
        query[++queries] = name "_hosted"
    }
    hosted = ""; own = has_own = 0
}
FNR == 1 {
    end_file()
    open = 1
    n = split(FILENAME, part, "/"); name = part[n]; sub(/\.sql$/, "", name)
    if (FILENAME ~ /migrations\//) { migration[++count] = name; name = "migration_" name }
    else query[++queries] = name
    print "const char sql_" name "[] ="
}
/^-- own:/ { own = has_own = 1 }
{
    ended = $0 == "-- end own"
    gsub(/\\/, "\\\\"); gsub(/"/, "\\\"")
    line = "    \"" $0 "\\n\""
    print line
    if (!own) hosted = hosted line "\n"
    if (ended) own = 0
}
END {
    end_file()
    print "const struct sql_migration sql_migrations[] = {"
    for (i = 1; i <= count; i++)
        printf "    {\"%s\", sql_migration_%s},\n", migration[i], migration[i]
    print "    {0, 0},\n};\n"
    print "const struct sql_query sql_queries[] = {"
    for (i = 1; i <= queries; i++)
        printf "    {\"%s\", sql_%s},\n", query[i], query[i]
    print "    {0, 0},\n};"
}
