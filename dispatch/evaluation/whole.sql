-- The cases that ended in [since, until) and began in it, in `fact_life` alone: no row of a fact is read. `own`: whose each is as
-- far as the index tells (KEY in lives.py says whose that is). Those of which more is to be known than their life says are not
-- among them (`single`).
SELECT f.*,
       CASE %(by)s::text
           WHEN 'unit' THEN unit_id
           WHEN 'group' THEN unit_id
           WHEN 'area' THEN area_id::text
           WHEN 'area_class' THEN area_class::text
           WHEN 'kind' THEN split_part(class_code, ':', 1)
           WHEN 'class' THEN class_code
           WHEN 'category' THEN category
           WHEN 'source' THEN CASE WHEN life & 1 <> 0 THEN 'public' WHEN life & 32 <> 0 THEN 'inspector' ELSE 'other' END  -- its bits
           WHEN 'channel' THEN source
           WHEN 'campaign' THEN campaign
       END AS own
  FROM (SELECT p.*, {campaign} AS campaign
          FROM (SELECT * FROM fact WHERE unit_id = ANY(coalesce(%(units)s::text[], ARRAY(SELECT id FROM unit)))
                 UNION ALL
                SELECT * FROM fact WHERE unit_id IS NULL AND %(units)s::text[] IS NULL) p) f
 WHERE life IS NOT NULL AND settled_at >= %(since)s AND settled_at < %(until)s AND reported_at >= %(since)s
   AND NOT case_id = ANY(%(single)s::bigint[])
   AND (%(class_code)s::text IS NULL OR class_code = %(class_code)s)
   AND (%(channel)s::text IS NULL OR source = %(channel)s)
   AND (%(campaign)s::text IS NULL OR coalesce(campaign, '') = %(campaign)s)
   AND (%(top_area)s::bigint IS NULL OR top_area_id = %(top_area)s)
   AND (%(area_class)s::int IS NULL OR area_class = %(area_class)s)
