-- Parameters and metrics of two runs side by side.
-- $1 bigint, $2 bigint: the runs; both may be the same
SELECT false, name, a.value, b.value
FROM (SELECT name, value FROM run_params WHERE run_id = $1) AS a
FULL JOIN (SELECT name, value FROM run_params WHERE run_id = $2) AS b USING (name)
UNION ALL
SELECT true, name, a.value::text, b.value::text
FROM (SELECT name, value FROM run_metrics WHERE run_id = $1) AS a
FULL JOIN (SELECT name, value FROM run_metrics WHERE run_id = $2) AS b USING (name)
ORDER BY 1, 2
