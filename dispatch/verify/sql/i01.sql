-- A report that was answered is there: its row, its case, the first step, the fact, the photos' and documents' rows.
SELECT 'report ' || r.id AS number, 'it has no case' AS words
  FROM report r LEFT JOIN cases c ON c.id = r.case_id WHERE c.id IS NULL
UNION ALL
SELECT c.number, 'its first report is gone'
  FROM cases c LEFT JOIN report r ON r.id = c.report_id WHERE r.id IS NULL
UNION ALL
SELECT c.number, 'it has no first step'
  FROM cases c LEFT JOIN step s ON s.case_id = c.id AND s.seq = 1 WHERE s.case_id IS NULL
UNION ALL
SELECT c.number, 'it has no fact'
  FROM cases c LEFT JOIN fact f ON f.case_id = c.id WHERE f.case_id IS NULL
UNION ALL
SELECT c.number, 'photo ' || left(p.sha256, 12) || ' has no row'
  FROM case_photo p JOIN cases c ON c.id = p.case_id LEFT JOIN photo o ON o.sha256 = p.sha256 WHERE o.sha256 IS NULL
UNION ALL
SELECT c.number, format('step %%s names photo %%s, the case does not', s.seq, left(named.sha256, 12))
  FROM step s JOIN cases c ON c.id = s.case_id
 CROSS JOIN LATERAL jsonb_array_elements_text(s.data #> '{form,photos}') AS named(sha256)
 WHERE s.data #> '{form,photos}' IS NOT NULL
   AND NOT EXISTS (SELECT FROM case_photo p WHERE p.case_id = s.case_id AND p.seq = s.seq AND p.sha256 = named.sha256)
UNION ALL
SELECT c.number, format('step %%s names document %%s, the case does not', s.seq, left(named.sha256, 12))
  FROM step s JOIN cases c ON c.id = s.case_id
 CROSS JOIN LATERAL jsonb_array_elements_text(s.data #> '{form,documents}') AS named(sha256)
 WHERE s.data #> '{form,documents}' IS NOT NULL
   AND NOT EXISTS (SELECT FROM case_document d
                    WHERE d.case_id = s.case_id AND d.seq = s.seq AND d.sha256 = named.sha256)
