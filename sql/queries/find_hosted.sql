-- Hosted mode: users belongs to a host application and is shown as a view.
SELECT coalesce((SELECT relkind NOT IN ('r', 'p')
                 FROM pg_class WHERE oid = to_regclass('users')), false)
