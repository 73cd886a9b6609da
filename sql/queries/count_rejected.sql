-- How many samples there are of each code, most first, and the newest.
SELECT code, count(*), max(received_at)
FROM rejected_events
GROUP BY code
ORDER BY 2 DESC, 1
