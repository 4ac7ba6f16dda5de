-- The facts of all cases that have a part in [since, until), as they were known by `as_of`, each as one line of text:
-- codes, marks (1, 0, empty: not known) and instants of UTC. No person, no free text, nothing that says which case it is.
-- The columns are those of `content.COLUMNS`, in their order. Branches and indexes: as in evaluation/measures.sql.
WITH part AS (
    SELECT f.*
      FROM (SELECT * FROM fact WHERE known_at <= %(as_of)s::timestamptz
            UNION ALL
            SELECT * FROM unnest(%(past)s::fact[])) f
     WHERE reported_at < %(until)s AND (settled_at >= %(since)s OR settled_at IS NULL)
       AND (%(area_class)s::int IS NULL OR area_class = %(area_class)s)  -- a scheme of areas scores one class
       AND (reported_at >= %(since)s
         OR (filed_at >= %(since)s AND filed_at < %(until)s)
         OR (closed_at >= %(since)s AND closed_at < %(until)s)
         OR (due_at >= %(since)s AND due_at < %(until)s)
         OR (disposed_at >= %(since)s AND (disposed_at < %(until)s OR due_at < %(since)s))
         OR (disposed_at IS NULL AND due_at < %(since)s))
)
SELECT row_number() OVER (ORDER BY p.case_id)::int AS no,
       p.case_id,
       array_to_string(ARRAY[
           p.unit_id,
           a.code,
           p.state,
           (p.source = 'inspector' AND NOT p.public)::int::text,
           p.public::int::text,
           p.self_handled::int::text,
           p.forced::int::text,
           (p.exempt OR p.case_id = ANY(%(left_out)s::bigint[]))::int::text,
           p.void_after_filing::int::text,
           (p.verifier_id IS NOT NULL)::int::text,
           (p.checker_id IS NOT NULL)::int::text,
           to_char(p.reported_at AT TIME ZONE 'UTC', %(instant)s),
           to_char(p.accepted_at AT TIME ZONE 'UTC', %(instant)s),
           to_char(p.filed_at AT TIME ZONE 'UTC', %(instant)s),
           to_char(p.voided_at AT TIME ZONE 'UTC', %(instant)s),
           to_char(p.dispatched_at AT TIME ZONE 'UTC', %(instant)s),
           to_char(p.disposed_at AT TIME ZONE 'UTC', %(instant)s),
           to_char(p.closed_at AT TIME ZONE 'UTC', %(instant)s),
           to_char(p.due_at AT TIME ZONE 'UTC', %(instant)s),
           to_char(p.suspended_at AT TIME ZONE 'UTC', %(instant)s),
           to_char(p.stage_due_at AT TIME ZONE 'UTC', %(instant)s),
           p.ontime_file::int::text,
           p.ontime_dispatch::int::text,
           p.ontime_verify::int::text,
           p.ontime_check::int::text,
           p.ontime_send_verify::int::text,
           p.ontime_send_check::int::text,
           p.reworks::text,
           p.returns::text,
           p.shirks::text,
           p.extensions::text,
           p.suspensions::text,
           -- seen before the period, sent in within it: a device without a signal; the device's own claim
           (p.reported_at >= %(since)s AND p.reported_at < %(until)s AND NOT p.imported
               AND coalesce(r.captured_at < %(since)s, false))::int::text
       ], ',', '') AS line
  FROM part p
  JOIN cases c ON c.id = p.case_id
  LEFT JOIN report r ON r.id = c.report_id
  LEFT JOIN area a ON a.id = p.top_area_id
