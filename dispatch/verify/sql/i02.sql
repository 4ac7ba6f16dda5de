-- One report, one case, for ever.
SELECT 'report ' || id AS number, count(*) || ' rows have this id' AS words FROM report GROUP BY id HAVING count(*) > 1
UNION ALL
SELECT string_agg(number, ' ' ORDER BY id), count(*) || ' cases come from report ' || report_id
  FROM cases GROUP BY report_id HAVING count(*) > 1
UNION ALL
SELECT number, count(*) || ' cases have this number' FROM cases GROUP BY number HAVING count(*) > 1
UNION ALL
SELECT c.number, 'its first report belongs to another case'
  FROM cases c JOIN report r ON r.id = c.report_id WHERE r.case_id <> c.id AND c.state <> 'merged'
UNION ALL
SELECT coalesce(c.number, 'report ' || r.id), 'the hash of its report is none'
  FROM report r LEFT JOIN cases c ON c.id = r.case_id WHERE length(r.body_hash) <> 32
