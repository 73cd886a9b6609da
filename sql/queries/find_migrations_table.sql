-- Where migrations are recorded: the schema (NULL when search_path names none
-- that exists), and whether the table is there.
SELECT current_schema()::text,
       to_regclass(quote_ident(coalesce(current_schema(), ''))
                   || '.schema_migrations') IS NOT NULL
