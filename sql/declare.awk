# Usage: awk -f sql/declare.awk queries.c > queries.h
BEGIN {
    print "#pragma once\n"
    print "struct sql_migration {\n    const char *name;\n    const char *text;\n};\n"
    print "struct sql_query {\n    const char *name;\n    const char *text;\n};\n"
    print "/* Both end with a row of null pointers. */"
    print "extern const struct sql_migration sql_migrations[];"
    print "extern const struct sql_query sql_queries[];\n"
}
/^const char sql_.*\[\] =$/ { sub(/^const /, "extern const "); sub(/ =$/, ";"); print }
