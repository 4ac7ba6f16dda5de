-- Invented find, by inspector: his own reports of the period; a trace is a report made with a picture that an earlier
-- report of his had (the same bytes, or all but a few bits of the picture's hash), or while his phone, which was heard of
-- within two hours, was nowhere near. Indexes: cases_reported, the key of track, case_photo's by case.
-- Two hashes that differ in at most 3 of 64 bits are equal in one quarter at least: pairs are found by quarters.
WITH own AS MATERIALIZED (
    SELECT c.id, c.reporter_id AS person, coalesce(r.captured_at, c.reported_at) AS at, c.geom
      FROM cases c JOIN report r ON r.id = c.report_id
     WHERE c.reported_at >= %(since)s AND c.reported_at < %(until)s
       AND c.source = 'inspector' AND c.reporter_id IS NOT NULL
), picture AS MATERIALIZED (
    SELECT o.id, o.person, o.at, p.sha256, p.dhash
      FROM own o JOIN case_photo cp ON cp.case_id = o.id AND cp.kind = 'before' JOIN photo p USING (sha256)
     WHERE p.uploaded_by IS NOT NULL
), quarter AS MATERIALIZED (
    SELECT p.*, q.no, p.dhash >> (16 * q.no) & 65535 AS bits FROM picture p CROSS JOIN generate_series(0, 3) AS q (no)
), again AS (
    SELECT DISTINCT b.id
      FROM quarter a JOIN quarter b ON a.person = b.person AND a.no = b.no AND a.bits = b.bits AND a.at < b.at
     WHERE a.sha256 = b.sha256 OR bit_count((a.dhash # b.dhash)::bit(64)) <= %(picture_bits)s
), away AS (
    SELECT o.id FROM own o
     WHERE EXISTS (SELECT FROM track t WHERE t.person_id = o.person
                      AND t.at BETWEEN o.at - interval '2 hours' AND o.at + interval '2 hours')
       AND NOT EXISTS (SELECT FROM track t WHERE t.person_id = o.person
                          AND t.at BETWEEN o.at - %(near_minutes)s * interval '1 minute'
                                       AND o.at + %(near_minutes)s * interval '1 minute'
                          AND ST_DistanceSphere(t.geom, o.geom) <= %(near_m)s)
), trace AS (
    SELECT id FROM again UNION SELECT id FROM away
)
SELECT p.login AS subject, count(*)::int AS looked, count(t.id)::int AS traces,
       coalesce(array_agg(t.id ORDER BY t.id) FILTER (WHERE t.id IS NOT NULL), '{}') AS cases, NULL::numeric AS expected
  FROM own o LEFT JOIN trace t ON t.id = o.id JOIN person p ON p.id = o.person
 GROUP BY p.login
