# Usage: awk -f sql/embed.awk FILE.sql... > queries.c
# Each file becomes `const char sql_<name>[]`. Migrations also enter the table
# sql_migrations[], in the order of their numbers (the arguments are sorted);
# queries enter sql_queries[].
BEGIN { print "#include \"queries.h\"\n" }
FNR == 1 {
    if (open) print "    \"\";\n"
    open = 1
    n = split(FILENAME, part, "/"); name = part[n]; sub(/\.sql$/, "", name)
    if (FILENAME ~ /migrations\//) { migration[++count] = name; name = "migration_" name }
    else query[++queries] = name
    print "const char sql_" name "[] ="
}
{
    gsub(/\\/, "\\\\"); gsub(/"/, "\\\"")
    print "    \"" $0 "\\n\""
}
END {
    if (open) print "    \"\";\n"
    print "const struct sql_migration sql_migrations[] = {"
    for (i = 1; i <= count; i++)
        printf "    {\"%s\", sql_migration_%s},\n", migration[i], migration[i]
    print "    {0, 0},\n};\n"
    print "const struct sql_query sql_queries[] = {"
    for (i = 1; i <= queries; i++)
        printf "    {\"%s\", sql_%s},\n", query[i], query[i]
    print "    {0, 0},\n};"
}
