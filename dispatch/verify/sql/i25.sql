-- The ledger in the order it was written: no shelf below nothing; each use a reply that says so, each such reply a use;
-- each correction agreed to by a second person, and as large as that was.
SELECT c.number, f.words
  FROM (
    SELECT case_id, format('after movement %%s there are %%s of %%s', id, stock, spare_id) AS words
      FROM (SELECT *, sum(quantity) OVER (PARTITION BY spare_id ORDER BY id) AS stock FROM stock_movement) m
     WHERE stock < 0
    UNION ALL
    SELECT m.case_id, format('movement %%s took %%s of %%s, and step %%s says otherwise', m.id, -m.quantity, m.spare_id, m.seq)
      FROM stock_movement m LEFT JOIN step s ON (s.case_id, s.seq) = (m.case_id, m.seq)
     WHERE m.kind = 'used'
       AND (s.action IN ('reply', 'reply_for')
            AND s.data -> 'form' -> 'spares' @> jsonb_build_array(jsonb_build_array(m.spare_id, -m.quantity))) IS NOT TRUE
    UNION ALL
    SELECT s.case_id, format('step %%s used %%s of %%s, and no movement says so', s.seq, p ->> 1, p ->> 0)
      FROM step s CROSS JOIN LATERAL jsonb_array_elements(s.data -> 'form' -> 'spares') AS p
     WHERE s.action IN ('reply', 'reply_for')
       AND NOT EXISTS (SELECT FROM stock_movement m
                        WHERE (m.case_id, m.seq, m.spare_id) = (s.case_id, s.seq, p ->> 0)
                          AND m.quantity = -(p ->> 1)::int)
    UNION ALL
    SELECT NULL, format('movement %%s corrects by %%s what was not agreed to so', m.id, m.quantity)
      FROM stock_movement m JOIN stock_count k ON k.id = m.count_id
     WHERE (k.answer = 'agreed' AND k.answered_by <> k.asked_by AND m.person_id = k.answered_by
            AND (m.spare_id, m.quantity) = (k.spare_id, k.quantity)) IS NOT TRUE
    UNION ALL
    SELECT NULL, format('count %%s was agreed to and corrects nothing', k.id)
      FROM stock_count k WHERE k.answer = 'agreed' AND NOT EXISTS (SELECT FROM stock_movement m WHERE m.count_id = k.id)
  ) f LEFT JOIN cases c ON c.id = f.case_id
