-- Whose a case is in a ranking group (`seat`, by unit) and in areas of one level (`home`, by unit grid); read before `measures.sql`
-- and `lives.sql`. Empty for another cut.
tree AS MATERIALIZED (  -- as the period's last day had it
    SELECT * FROM units_on(city_day(%(until)s - interval '1 second')) WHERE %(by)s::text = 'group'
),
up AS (  -- from every unit up to the first that takes part in the ranking group
    SELECT unit_id, unit_id AS at, parent_id, ranking_group IS NOT DISTINCT FROM %(group)s::text AS found FROM tree
    UNION ALL
    SELECT up.unit_id, t.unit_id, t.parent_id, t.ranking_group IS NOT DISTINCT FROM %(group)s::text
      FROM up JOIN tree t ON t.unit_id = up.parent_id WHERE NOT up.found
),
seat AS (SELECT unit_id, at FROM up WHERE found),
home AS MATERIALIZED (  -- an area that was renamed or cut anew is one: the row that its code had on the period's last day
    SELECT a.id AS area_id, coalesce(n.id, w.id)::text AS key
      FROM (SELECT city_day(%(until)s - interval '1 second') AS last) d
      CROSS JOIN area a JOIN area w ON w.id = a.path[%(depth)s::int]
      LEFT JOIN area n ON n.level = w.level AND n.code = w.code
           AND n.valid_from <= d.last AND (n.valid_to IS NULL OR n.valid_to > d.last)
     WHERE %(by)s::text = 'area'
)
