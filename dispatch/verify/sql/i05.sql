-- No case is passed back more often than the city allows; the row counts what the steps say.
WITH back AS (SELECT case_id, count(*) AS times FROM step WHERE action = 'approve_return' GROUP BY case_id)
SELECT c.number,
       CASE WHEN coalesce(b.times, 0) <> c.returns
            THEN format('its row says %%s returns, its steps %%s', c.returns, coalesce(b.times, 0))
            ELSE format('returned %%s times, %%s are allowed', b.times, %(most)s::int) END AS words
  FROM cases c LEFT JOIN back b ON b.case_id = c.id
 WHERE coalesce(b.times, 0) <> c.returns OR b.times > %(most)s
