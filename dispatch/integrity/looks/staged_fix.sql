-- Staged fix, by unit: cases whose last reply is of the period; a trace is a reply with a picture that an earlier reply
-- of the unit to another case had (the same bytes, or all but a few bits of the picture's hash), or one whose camera says
-- that it was taken before the case was sent to the unit. Indexes: fact_disposed, case_photo's by case.
WITH done AS MATERIALIZED (
    SELECT case_id AS id, unit_id AS unit, disposed_at AS at, dispatched_at
      FROM fact WHERE disposed_at >= %(since)s AND disposed_at < %(until)s AND unit_id IS NOT NULL AND NOT imported
), picture AS MATERIALIZED (
    SELECT d.*, p.sha256, p.dhash, p.taken_at
      FROM done d JOIN case_photo cp ON cp.case_id = d.id AND cp.kind = 'after' JOIN photo p USING (sha256)
     WHERE p.uploaded_by IS NOT NULL
), quarter AS MATERIALIZED (
    SELECT p.*, q.no, p.dhash >> (16 * q.no) & 65535 AS bits FROM picture p CROSS JOIN generate_series(0, 3) AS q (no)
), trace AS (
    SELECT b.id
      FROM quarter a JOIN quarter b
        ON a.unit = b.unit AND a.no = b.no AND a.bits = b.bits AND (a.at, a.id) < (b.at, b.id) AND a.id <> b.id
     WHERE a.sha256 = b.sha256 OR bit_count((a.dhash # b.dhash)::bit(64)) <= %(picture_bits)s
    UNION
    SELECT id FROM picture WHERE taken_at < dispatched_at
)
SELECT d.unit AS subject, count(*)::int AS looked, count(t.id)::int AS traces,
       coalesce(array_agg(t.id ORDER BY t.id) FILTER (WHERE t.id IS NOT NULL), '{}') AS cases, NULL::numeric AS expected
  FROM done d LEFT JOIN trace t USING (id)
 GROUP BY d.unit
