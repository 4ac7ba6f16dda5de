-- Steps 1..n without a gap, each from where the last one led, each a row of the table; the case stands where they lead.
WITH legal AS (
  SELECT DISTINCT frm, action, dest FROM jsonb_to_recordset(%(legal)s) AS x(frm text, action text, dest text)),
chain AS (
  SELECT case_id, seq, action, coalesce(from_state, '') AS frm, to_state, at, unit_id,
         lag(seq, 1, 0) OVER w AS seq_before, lag(to_state, 1, '') OVER w AS led_to, lag(at) OVER w AS at_before,
         lead(seq) OVER w IS NULL AS newest
    FROM step WINDOW w AS (PARTITION BY case_id ORDER BY seq))
SELECT number, words
  FROM (SELECT c.number,
               CASE WHEN s.seq <> s.seq_before + 1 THEN format('step %%s follows step %%s', s.seq, s.seq_before)
                    WHEN s.frm <> s.led_to THEN format('step %%s is from %%s, the one before led to %%s', s.seq, s.frm, s.led_to)
                    WHEN l.action IS NULL THEN format('step %%s, %%s: %%s → %%s, is not in the table', s.seq, s.action, s.frm, s.to_state)
                    WHEN s.at < s.at_before THEN format('step %%s takes effect before the one before it', s.seq)
                    WHEN s.newest AND s.seq <> c.version THEN format('its version is %%s, its last step %%s', c.version, s.seq)
                    WHEN s.newest AND s.to_state <> c.state THEN format('it is %%s, its steps lead to %%s', c.state, s.to_state)
                    WHEN s.newest AND s.unit_id IS DISTINCT FROM c.unit_id THEN 'its unit is not that of its last step'
                    WHEN s.newest AND s.at <> c.last_at THEN 'its last instant is not that of its last step'
               END AS words
          FROM chain s JOIN cases c ON c.id = s.case_id
          LEFT JOIN legal l ON l.frm = s.frm AND l.action = s.action AND l.dest = s.to_state) AS followed
 WHERE words IS NOT NULL
