"""What people did in their posts, counted from the steps: by person, by post, by collection company."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, LiteralString, get_args

__all__ = ["BY_PERSON", "COMPANY", "POST", "POSTED", "POSTS", "POST_CASES", "Post"]

Post = Literal["inspector", "acceptor", "shift_leader", "dispatcher"]
BY_PERSON: tuple[Post, ...] = get_args(Post)

# What the persons of a post did is counted from the steps; of what is not theirs to do they have no count.
POSTED: LiteralString = (Path(__file__).parent / "posts.sql").read_text(encoding="utf-8")
POSTS: Mapping[str, tuple[LiteralString, ...]] = {
    "inspector": (
        *("report", "own_report", "valid_report", "refused_report", "filed", "missed", "public_report_verified"),
        *("need_verify", "verify", "ontime_verify", "need_check", "check", "ontime_check"),
    ),
    "acceptor": (
        *("accepted", "ontime_accepted", "need_send_verify", "ontime_send_verify"),
        *("need_send_check", "ontime_send_check"),
    ),
    "shift_leader": ("filed", "ontime_filed", "accurate_filed", "closed", "ontime_closed"),
    "dispatcher": ("need_dispatch", "dispatched", "ontime_dispatched", "accurate_dispatched"),
}
# What the inspectors of a collection company did together.
POSTS = {**POSTS, "company": POSTS["inspector"]}
POST: LiteralString = (
    f"SELECT key, figure, count(*)::int AS number FROM ({POSTED}) posted GROUP BY key, figure ORDER BY key"
)
# A case counts once for a company, whoever of its inspectors had it: those who were its own when the case was reported.
COMPANY: LiteralString = f"""
    SELECT p.unit_id AS key, figure, count(DISTINCT posted.case_id)::int AS number
      FROM ({POSTED}) posted
      JOIN fact f ON f.case_id = posted.case_id
      JOIN person_unit p ON p.person_id = posted.key::bigint AND p.valid_from <= city_day(f.reported_at)
       AND (p.valid_to IS NULL OR p.valid_to > city_day(f.reported_at))
     GROUP BY p.unit_id, figure ORDER BY p.unit_id
"""
POST_CASES: LiteralString = f"""
    SELECT DISTINCT case_id FROM ({POSTED}) posted
     WHERE key IS NOT DISTINCT FROM %(key)s::text AND figure = %(figure)s ORDER BY case_id
"""
