# sql/queries/insert_events.sql for pgbench, which has no arrays: a batch of 20 is made
# on the server, once a statement, as load.c makes it, ids in the order of time.
# :reader and :post are variables of pgbench. A colon that is none of them must not
# stand before a letter or digit.
/^--/d
/^ *--/d
s/\$14/(SELECT propensities FROM batch)/g
s/\$13/(SELECT models FROM batch)/g
s/\$12/(SELECT arms FROM batch)/g
s/\$11/(SELECT sources FROM batch)/g
s/\$10/(SELECT positions FROM batch)/g
s/\$9/(SELECT requests FROM batch)/g
s/\$8/(SELECT metadata FROM batch)/g
s/\$[67]/(SELECT at FROM batch)/g
s/\$5/(SELECT types FROM batch)/g
s/\$4/(SELECT posts FROM batch)/g
s/\$3/(SELECT ids FROM batch)/g
s/\$2/now()/g
s/\$1/(SELECT reader FROM batch)/g
