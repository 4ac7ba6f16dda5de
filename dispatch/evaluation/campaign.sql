-- The first of the city's campaigns that a case `p` falls under, if cases are told apart by them.
CASE WHEN %(apart)s THEN (  -- the first of the city's campaigns that it falls under
    SELECT k.key
      FROM ROWS FROM (jsonb_to_recordset(%(campaigns)s::jsonb)
             AS (key text, classes text[], area text, since timestamptz, until timestamptz))
           WITH ORDINALITY AS k (key, classes, area, since, until, no)
     WHERE p.reported_at >= k.since AND p.reported_at < k.until AND p.class_code = ANY(k.classes)
       AND (k.area IS NULL OR EXISTS (
              SELECT FROM area h JOIN area a ON a.id = ANY(h.path)
               WHERE h.id = p.area_id AND a.level || ':' || a.code = k.area))
     ORDER BY k.no LIMIT 1) END
