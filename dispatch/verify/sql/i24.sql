-- I24: more time is asked for a reason that the city's data offers, with what it wants beside it, and an extension before
-- the deadline; whoever asked does not answer. A kind that the edition does not list is the standard's, and the ask keeps the reason
-- as it stood there then. An ask of an older version does not, and is held against the standard of today, or names no edition.
WITH asked AS (
    SELECT s.case_id, s.seq, s.action, s.at, s.actor_id, s.note_hash, s.data #>> '{form,reason}' AS code,
           s.data #> '{why,settings}' AS settings,
           CASE WHEN s.data #> '{why}' ? 'evidence' THEN jsonb_build_array(s.data #> '{why}') END AS kept
      FROM step s WHERE s.action IN ('ask_delay', 'ask_defer', 'ask_suspend')
), offered AS (
    SELECT a.*, (SELECT r FROM edition e, jsonb_array_elements(
                       coalesce(e.content #> ARRAY['respites', a.action, 'reasons'], a.kept,
                                %(respites)s::jsonb #> ARRAY[a.action, 'reasons'])) r
                  WHERE e.kind = 'settings' AND e.id = a.settings::bigint AND r ->> 'code' = a.code) AS reason
      FROM asked a
), broken AS (
    SELECT case_id, 'asked in step ' || seq || ' for a reason that is not offered: ' || coalesce(code, 'none') AS words
      FROM offered WHERE settings IS NOT NULL AND reason IS NULL
    UNION ALL
    SELECT case_id, 'asked in step ' || seq || ' without the evidence that its reason wants'
      FROM offered o WHERE (reason ->> 'evidence')::boolean
       AND NOT EXISTS (SELECT FROM case_photo p WHERE p.case_id = o.case_id AND p.seq = o.seq)
       AND NOT EXISTS (SELECT FROM case_document d WHERE d.case_id = o.case_id AND d.seq = o.seq)
    UNION ALL
    SELECT case_id, 'asked in step ' || seq || ' without the words that its reason wants'
      FROM offered WHERE (reason ->> 'words')::boolean AND note_hash IS NULL
    UNION ALL
    SELECT case_id, 'an extension was asked in step ' || seq || ' after the deadline'
      FROM asked a
     WHERE action = 'ask_delay'
       AND at > (SELECT (d.data ->> 'dispose_due')::timestamptz FROM step d
                  WHERE d.case_id = a.case_id AND d.seq < a.seq AND d.data ? 'dispose_due' ORDER BY d.seq DESC LIMIT 1)
    UNION ALL
    SELECT a.case_id, 'who asked in step ' || a.seq || ' answered it in step ' || g.seq
      FROM asked a
      JOIN LATERAL (SELECT seq, actor_id FROM step s WHERE s.case_id = a.case_id AND s.seq > a.seq
                       AND s.action IN ('approve_delay', 'refuse_delay', 'approve_suspend', 'refuse_suspend')
                     ORDER BY seq LIMIT 1) g ON g.actor_id = a.actor_id
)
SELECT c.number, b.words FROM broken b JOIN cases c ON c.id = b.case_id
