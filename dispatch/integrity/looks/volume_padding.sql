-- Volume padding, by inspector: minutes on patrol in the period; a trace is a report that follows his own last one within
-- minutes and metres: one matter made into several. Indexes: cases_reported; the shifts of the period are few.
WITH patrol AS (
    SELECT person_id AS person,
           (sum(extract(epoch FROM coalesce(ended_at, least(started_at + interval '8 hours', %(now)s)) - started_at))
            / 60)::int AS minutes
      FROM shift WHERE started_at >= %(since)s AND started_at < %(until)s GROUP BY person_id
), own AS (
    SELECT c.id, c.reporter_id AS person, c.reported_at AS at, c.geom,
           lag(c.reported_at) OVER w AS last_at, lag(c.geom) OVER w AS last_geom
      FROM cases c
     WHERE c.reported_at >= %(since)s AND c.reported_at < %(until)s
       AND c.source = 'inspector' AND c.reporter_id IS NOT NULL
    WINDOW w AS (PARTITION BY c.reporter_id ORDER BY c.reported_at, c.id)
), trace AS (
    SELECT id, person FROM own
     WHERE at - last_at <= %(near_minutes)s * interval '1 minute' AND ST_DistanceSphere(geom, last_geom) <= %(near_m)s
)
SELECT p.login AS subject, o.minutes AS looked, count(t.id)::int AS traces,
       coalesce(array_agg(t.id ORDER BY t.id) FILTER (WHERE t.id IS NOT NULL), '{}') AS cases, NULL::numeric AS expected
  FROM patrol o JOIN person p ON p.id = o.person LEFT JOIN trace t ON t.person = o.person
 WHERE o.minutes > 0
 GROUP BY p.login, o.minutes
