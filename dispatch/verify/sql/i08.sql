-- An event fires only while the epoch it belongs to runs: the last mark of its clock before it is of that epoch.
SELECT c.number,
       format('%%s of clock %%s, epoch %%s, fired in step %%s; the clock was at %%s', f.event, f.kind, f.epoch, f.seq,
              coalesce(m.mark ->> 0 || ' ' || (m.mark ->> 2), 'nothing')) AS words
  FROM fired f
  JOIN cases c ON c.id = f.case_id
  LEFT JOIN LATERAL (
    SELECT e.mark
      FROM step s CROSS JOIN LATERAL jsonb_array_elements(s.data -> 'clocks') WITH ORDINALITY AS e(mark, no)
     WHERE s.case_id = f.case_id AND s.seq < f.seq AND s.data ? 'clocks' AND e.mark ->> 1 = f.kind
     ORDER BY s.seq DESC, e.no DESC LIMIT 1) AS m ON true
 WHERE f.event <> 'wake'
   AND (m.mark IS NULL OR m.mark ->> 0 IN ('-', '~') OR (m.mark ->> 2)::int <> f.epoch)
