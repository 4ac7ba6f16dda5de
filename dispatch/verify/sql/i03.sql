-- One state, one holder. %(holder)s: state → pool; %(units)s: states that need a unit; %(tasks)s: that need an inspector.
SELECT number, words
  FROM (SELECT c.number,
               CASE WHEN h.pool IS NULL THEN format('its state %%s is none', c.state)
                    WHEN h.pool <> c.pool THEN format('it is %%s and held by %%s instead of %%s', c.state, c.pool, h.pool)
                    WHEN c.state = ANY (%(units)s) AND c.unit_id IS NULL AND NOT f.imported
                         THEN format('it is %%s and has no unit', c.state)
                    WHEN c.state = ANY (%(no_unit)s) AND c.unit_id IS NOT NULL AND NOT f.imported
                         THEN format('it is %%s and has the unit %%s', c.state, c.unit_id)
                    WHEN c.state = ANY (%(tasks)s) AND c.inspector_id IS NULL
                         THEN format('it is %%s and no inspector has it', c.state)
                    WHEN c.state <> ALL (%(tasks)s) AND c.inspector_id IS NOT NULL
                         THEN format('it is %%s and an inspector still has it', c.state)
                    WHEN (c.state = 'merged') <> (c.merged_into IS NOT NULL) THEN 'merged, or not?'
                    WHEN (c.state = 'suspended') <> (c.suspended_until IS NOT NULL) THEN 'suspended, or not?'
                    WHEN (h.pool = 'nobody') <> (c.ended_at IS NOT NULL) THEN 'ended, or not?'
               END AS words
          FROM cases c
          LEFT JOIN fact f ON f.case_id = c.id
          LEFT JOIN jsonb_each_text(%(holder)s) AS h(state, pool) ON h.state = c.state) AS held
 WHERE words IS NOT NULL
