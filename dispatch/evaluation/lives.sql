-- How many cases that lie whole in the period are whose (`key`), by what they have in common (`life`); `ids` some of them.
-- `only`: of these cases, if it is not empty.
WITH RECURSIVE
{whose},
told AS (  -- first by what stands in the index: whose that is, is asked once for all of them
    SELECT own, life, count(*) AS cases, {ids} AS ids
      FROM ({whole}) w
     WHERE %(only)s::bigint[] IS NULL OR case_id = ANY(%(only)s)
     GROUP BY own, life
)
SELECT {key} AS key, t.life, t.cases::int, t.ids
  FROM told t {keyed}
