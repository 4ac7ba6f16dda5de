-- Rungs in order, none twice, none before its time, none left out but those an acknowledgement spared; none owed.
WITH rung AS (
  SELECT a.id, a.case_id, a.ladder, a.opened_at, n.no - 1 AS no, (n.rung ->> 'wait')::int AS wait,
         n.rung ->> 'at' IS NOT NULL AS multiple, a.rung AS reached, a.next_at
    FROM alarm a CROSS JOIN LATERAL jsonb_array_elements(a.rungs) WITH ORDINALITY AS n(rung, no)),
rang AS (
  SELECT k.alarm_id AS id, k.rung AS no, min(k.at) AS at, count(DISTINCT k.at) AS times,
         count(k.person_id) AS people, min(k.acknowledged_at) AS acknowledged_at
    FROM alarm_call k GROUP BY k.alarm_id, k.rung),
laid AS (
  SELECT r.*, g.at, g.times, g.people,
         lag(g.at) OVER w AS before_at, lag(g.people) OVER w AS before_people,
         min(g.acknowledged_at) OVER (w ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS answered_at,
         max(g.at) OVER (w ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS later_at
    FROM rung r LEFT JOIN rang g ON g.id = r.id AND g.no = r.no
  WINDOW w AS (PARTITION BY r.id ORDER BY r.no))
SELECT c.number, f.words
  FROM (
    SELECT case_id, format('rung %%s of ladder %%s rang %%s times', no + 1, ladder, times) AS words
      FROM laid WHERE times > 1
    UNION ALL
    SELECT case_id, format('rung %%s of ladder %%s never rang, and nobody had acknowledged', no + 1, ladder)
      FROM laid WHERE at IS NULL AND no < reached AND (multiple OR answered_at IS NULL)
    UNION ALL
    SELECT case_id, format('rung %%s of ladder %%s rang before the one before it', no + 1, ladder)
      FROM laid WHERE at > later_at
    UNION ALL
    SELECT case_id, format('rung %%s of ladder %%s did not wait for its time', no + 1, ladder)
      FROM laid WHERE at < opened_at
                   OR (wait IS NOT NULL AND no > 0 AND before_people > 0 AND at < before_at + make_interval(mins => wait))
    UNION ALL
    SELECT case_id, format('rung %%s of ladder %%s rang though it lay ahead', no + 1, ladder)
      FROM laid WHERE at IS NOT NULL AND no >= reached
    UNION ALL
    SELECT a.case_id, format('a rung of ladder %%s was due at %%s and has not rung', a.ladder, a.next_at)
      FROM alarm a WHERE a.next_at < %(now)s::timestamptz - make_interval(secs => %(grace)s)
    UNION ALL
    SELECT a.case_id, format('ladder %%s rings for clock %%s, which no longer runs in epoch %%s', a.ladder, a.clock, a.epoch)
      FROM alarm a JOIN cases c ON c.id = a.case_id
     WHERE a.next_at IS NOT NULL
       AND ((c.clocks -> a.clock ->> 'epoch')::int IS DISTINCT FROM a.epoch OR c.clocks -> a.clock ->> 'due' IS NULL)
    UNION ALL
    SELECT a.case_id, format('rung %%s of ladder %%s told another than it says', k.rung + 1, a.ladder)
      FROM alarm_call k JOIN alarm a ON a.id = k.alarm_id JOIN outbox o ON o.id = k.outbox_id
     WHERE (o.case_id, o.person_id) IS DISTINCT FROM (a.case_id, k.person_id)
    UNION ALL
    -- An event that a ladder in force begins with, and no ladder began. One for dangerous cases alone is left out: the
    -- case may have been of another class.
    SELECT s.case_id, format('the %%s of clock %%s in step %%s began no ladder', f.event, f.kind, f.seq)
      FROM fired f JOIN step s ON (s.case_id, s.seq) = (f.case_id, f.seq)
      CROSS JOIN LATERAL (SELECT e.content FROM edition e
                           WHERE e.kind = 'ladders' AND e.published_at < s.recorded_at - make_interval(secs => %(grace)s)
                             AND e.in_force <= (s.recorded_at AT TIME ZONE %(zone)s)::date
                           ORDER BY e.in_force DESC, e.id DESC LIMIT 1) e
     WHERE f.event IN ('warn', 'lapse')
       AND EXISTS (SELECT FROM jsonb_array_elements(e.content -> 'ladder') AS l
                    WHERE l ->> 'event' = f.event AND l -> 'hazard' IS NULL
                      AND l -> 'clock' @> to_jsonb(split_part(f.kind, ':', 1)))
       AND NOT EXISTS (SELECT FROM alarm a
                        WHERE (a.case_id, a.clock, a.epoch, a.event) = (f.case_id, f.kind, f.epoch, f.event))
    UNION ALL
    -- Danger that nobody has made safe, reported where a ladder begins with the report of one, and none began: neither
    -- with the report nor when it was found to be dangerous later.
    SELECT c.id, 'it is dangerous, and no ladder for danger ever began'
      FROM cases c JOIN fact t ON t.case_id = c.id AND NOT t.imported
      CROSS JOIN LATERAL (SELECT e.content FROM edition e
                           WHERE e.kind = 'ladders' AND e.published_at < c.reported_at
                             AND e.in_force <= (c.reported_at AT TIME ZONE %(zone)s)::date
                           ORDER BY e.in_force DESC, e.id DESC LIMIT 1) e
     WHERE c.hazard AND (c.unit_id IS NULL OR c.clocks ? 'cordon')
       AND c.state NOT IN ('closed', 'closed_forced', 'merged', 'refused', 'self_closed', 'void')
       AND EXISTS (SELECT FROM jsonb_array_elements(e.content -> 'ladder') AS l
                    WHERE l ->> 'event' = 'start' AND l -> 'hazard' = 'true' AND l -> 'clock' @> '"accept"')
       AND NOT EXISTS (SELECT FROM alarm a
                        WHERE a.case_id = c.id
                          AND a.ladder IN (SELECT l ->> 'key' FROM edition h
                                            CROSS JOIN jsonb_array_elements(h.content -> 'ladder') AS l
                                            WHERE h.kind = 'ladders' AND l -> 'hazard' = 'true'))
  ) f JOIN cases c ON c.id = f.case_id
