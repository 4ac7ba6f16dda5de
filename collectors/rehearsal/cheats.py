"""Who cheats in a rehearsal, and how often: drawn by a seed, and written where the product does not look."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Self

__all__ = ["FILE", "Cheats", "truth_in"]

FILE = "cheats.json"  # in the data folder: the truth, in no table
OFTEN = 0.6  # of the chances a cheat has, he takes
SLIP = 0.03  # of what honest people do looks like cheating: or every trace would prove one


@dataclass(frozen=True, slots=True, kw_only=True)
class Cheats:
    """By the name of the test that should find them: logins, unit ids, duty grids. `self_dealing`: unit → login;
    `people_of`: unit → who answers for it.

    `sparing`: the honest share a dozen pictures that nobody sent up, which no test looks at; for a demo, as drawing one
    for every find takes longer than all else.
    """

    seed: int
    share: float
    people_of: Mapping[str, str]
    invented_find: frozenset[str]
    volume_padding: frozenset[str]
    staged_fix: frozenset[str]
    clock_gaming: frozenset[str]
    one_reason: frozenset[str]
    far_above: frozenset[str]
    self_dealing: Mapping[str, str]
    under_reporting: frozenset[str]
    sparing: bool = False

    @classmethod
    def drawn(
        cls, seed: int, share: float, *, inspectors: Iterable[str], units: Mapping[str, str], grids: Iterable[str]
    ) -> Self:
        """About `share` of the persons, units and grids in each way, at least one where there are enough; nobody in two
        ways, so that a finding can be laid to one. `units`: each with the login that answers for it."""
        rng = Random(f"{seed}:cheats")
        persons, offices, beats = (sorted(set(names)) for names in (inspectors, units, grids))
        for names in (persons, offices, beats):
            rng.shuffle(names)
        one, few, quiet = (max(1, round(share * len(names))) for names in (persons, offices, beats))
        cronies = persons[2 * one : 2 * one + few]
        return cls(
            seed=seed,
            share=share,
            people_of=dict(units),
            invented_find=frozenset(persons[:one]),
            volume_padding=frozenset(persons[one : 2 * one]),
            staged_fix=frozenset(offices[:few]),
            clock_gaming=frozenset(offices[few : 2 * few]),
            one_reason=frozenset(offices[3 * few : 4 * few]),
            far_above=frozenset(offices[4 * few : 5 * few]),
            self_dealing=dict(zip(offices[2 * few : 3 * few], cronies, strict=False)),
            under_reporting=frozenset(beats[:quiet]),
        )

    def does(self, *words: object) -> bool:
        """Whether a cheat takes the chance that the words name."""
        return self._draw(*words) < OFTEN

    def slips(self, *words: object) -> bool:
        """Whether an honest person does by accident what looks like it."""
        return self._draw("slip", *words) < SLIP

    def _draw(self, *words: object) -> float:
        return Random(":".join(map(str, (self.seed, *words)))).random()

    def truth(self) -> dict[str, list[str]]:
        """Test → its subjects if all are found and nobody else; a pair is `login|unit`."""
        pairs = [f"{login}|{unit}" for unit, login in self.self_dealing.items()]
        gaming = self.clock_gaming  # who wins time by asking, asks for all and for one reason too
        asking = {
            "clock_gaming": gaming,
            "one_reason": self.one_reason | gaming,
            "far_above": self.far_above | gaming,
        }
        return {
            "invented_find": sorted(self.invented_find),
            "staged_fix": sorted(self.staged_fix),
            **{test: sorted(units) for test, units in asking.items()},
            **{f"{test}_person": sorted(self.people_of[unit] for unit in units) for test, units in asking.items()},
            "self_dealing": sorted(pairs),
            "volume_padding": sorted(self.volume_padding),
            "under_reporting": sorted(self.under_reporting),
        }

    def keep(self, folder: Path) -> None:
        """Write the truth into the data folder."""
        folder.mkdir(parents=True, exist_ok=True)
        told = {"seed": self.seed, "share": self.share, "cheats": self.truth()}
        (folder / FILE).write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def truth_in(folder: Path) -> dict[str, frozenset[str]]:
    """What a rehearsal with cheats wrote there. Raises OSError or ValueError where nothing can be read."""
    told = json.loads((folder / FILE).read_text(encoding="utf-8"))
    return {test: frozenset(names) for test, names in told["cheats"].items()}
