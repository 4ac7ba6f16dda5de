"""Change sets: proposed, checked as a whole, in force whole or not at all, held for a second person, undone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dispatch.cases import books
from dispatch.city import load
from dispatch.cluster import Urls
from dispatch.layers.publish import city_of, look, put_in_force, undo, withdraw
from dispatch.layers.stranded import reasons_to_hold
from dispatch.routing.rulebook import rulebook_of
from gis.changes.layer import layer_of
from gis.changes.sets import Change, Op, State, changes_of, set_of, sets
from gis.db import Tx, dicts, execute, value
from gis.locate import place_of
from gis.problems import Conflict, FormIncomplete, NotAllowed
from tests.city.spoilt_town import TINY
from tests.layers.ground import EAST, LI, WANG, area, ended, lamp, proposed, row, says, square, today

GRIDS = tuple(f"{EAST}{number:03d}" for number in range(1, 5))
NEW = f"{EAST}005"


@pytest.fixture(scope="module", autouse=True)
def _town(database: Urls, tmp_path_factory: pytest.TempPathFactory) -> None:
    load(TINY, data=Path(tmp_path_factory.mktemp("data")))


@pytest.fixture(autouse=True)
def _books() -> None:
    books.forget()


def split_grid(no: int = 1) -> list[Change]:
    """The north-west grid cut in two: its western half under its old number, the rest under a new one."""
    old = area(GRIDS[0], square(0, 1, 0.5), EAST, no=no, op=Op.ALTER, name="东街1号网格")
    return [old, area(NEW, square(0.5, 1, 0.5), EAST, no=no + 1)]


def test_a_set_in_force_ends_the_old_row_by_date_and_writes_a_new_one(tx: Tx) -> None:
    done = put_in_force(tx, proposed(tx, "grid", *split_grid()), by=LI)
    assert done.set.state is State.IN_FORCE
    assert done.counts == {"add": 1, "alter": 1, "end": 0}
    now = today(tx)
    found = dicts(tx, "SELECT valid_from, valid_to FROM area WHERE code = %(c)s ORDER BY id", c=GRIDS[0])
    assert [r["valid_to"] for r in found] == [now, None]
    assert found[1]["valid_from"] == now
    assert place_of(tx, 114.0008, 22.5015, on=now).area_codes[-1] == f"grid:{NEW}"


def test_the_place_of_a_past_day_is_that_of_its_day(tx: Tx) -> None:
    put_in_force(tx, proposed(tx, "grid", *split_grid()), by=LI)
    before = place_of(tx, 114.0008, 22.5015, on=today(tx).replace(year=2025))
    assert before.area_codes[-1] == f"grid:{GRIDS[0]}"


def test_a_set_is_an_edition_and_the_city_has_a_new_version(tx: Tx) -> None:
    version = value(tx, "SELECT version FROM city")
    number = proposed(tx, "roads", road := row_as_change(tx, "R2", name="书院街"))
    put_in_force(tx, number, by=LI)
    assert value(tx, "SELECT name FROM edition ORDER BY id DESC LIMIT 1") == f"roads-set-{number}"
    assert value(tx, "SELECT version FROM city") == version + 1
    assert row(tx, "roads", "R2").said == road.said
    assert [one.id for one in sets(tx, layer="roads")] == [number]


def row_as_change(tx: Tx, code: str, **said: Any) -> Change:
    old = row(tx, "roads", code)
    return Change(no=1, op=Op.ALTER, code=code, said=old.said | said, geom=old.geom)


def test_undoing_restores_exactly_what_was_in_force(tx: Tx) -> None:
    before = {key: says(tx, key) for key in ("district", "street", "community", "grid", "components")}
    number = proposed(tx, "grid", *split_grid())
    put_in_force(tx, number, by=LI)
    assert says(tx, "grid") != before["grid"]
    back = undo(tx, number, by=LI, reason="画错了")
    assert back.set.state is State.IN_FORCE
    assert back.set.undoes == number
    assert set_of(tx, number).state is State.UNDONE
    assert {key: says(tx, key) for key in before} == before
    grids = (
        "SELECT a.code FROM component c JOIN area a ON a.id = c.area_id WHERE c.valid_to IS NULL AND a.valid_to IS NULL"
    )
    assert len(dicts(tx, grids)) == 12


def test_an_undone_set_leaves_one_row_in_force_on_every_day(tx: Tx) -> None:
    number = proposed(tx, "grid", *split_grid())
    put_in_force(tx, number, by=LI)
    undo(tx, number, by=LI, reason="画错了")
    twice = """SELECT code FROM area a WHERE EXISTS (SELECT FROM area b WHERE b.id > a.id AND b.level = a.level
                 AND b.code = a.code AND daterange(a.valid_from, a.valid_to) && daterange(b.valid_from, b.valid_to))"""
    assert dicts(tx, twice) == []


def test_what_later_sets_build_on_cannot_be_undone_and_they_are_named(tx: Tx) -> None:
    first = proposed(tx, "grid", *split_grid())
    put_in_force(tx, first, by=LI)
    second = proposed(tx, "grid", area(NEW, square(0.5, 1, 0.5), EAST, op=Op.ALTER, name="改名"))
    put_in_force(tx, second, by=LI)
    with pytest.raises(Conflict, match=f"change sets {second} build on it") as refused:
        undo(tx, first, by=LI, reason="画错了")
    assert refused.value.extra["later"] == [second]
    undo(tx, second, by=LI, reason="先退后者")
    undo(tx, first, by=LI, reason="再退前者")


def test_what_an_area_is_part_of_may_change_and_all_below_follows(tx: Tx) -> None:
    below = says(tx, "grid")
    old = row(tx, "district", "440001")
    renamed = Change(no=1, op=Op.ALTER, code=old.code, said=old.said | {"name": "河东区"}, geom=old.geom)
    number = proposed(tx, "district", renamed)
    put_in_force(tx, number, by=LI)
    assert says(tx, "grid") == below
    assert place_of(tx, 114.0008, 22.5015, on=today(tx)).area_names[0] == "河东区"
    dead = """SELECT g.code FROM area g JOIN area p ON p.id = ANY (g.path)
               WHERE g.valid_to IS NULL AND p.valid_to IS NOT NULL"""
    assert dicts(tx, dead) == []
    undo(tx, number, by=LI, reason="改回")
    assert row(tx, "district", "440001").said["name"] == "东河区"


def test_tours_and_components_follow_the_grid_drawn_over_theirs(tx: Tx) -> None:
    tour = "SELECT duty_grid FROM duty_grid_area WHERE grid = %(c)s AND valid_to IS NULL"
    before = value(tx, tour, c=GRIDS[0])
    put_in_force(tx, proposed(tx, "grid", *split_grid()), by=LI)
    assert (value(tx, tour, c=GRIDS[0]), value(tx, tour, c=NEW)) == (before, before)
    on = """SELECT a.code FROM component c JOIN area a ON a.id = c.area_id
             WHERE c.code = '4400010103000002' ORDER BY c.id"""
    assert [grid for (grid,) in tx.connection.execute(on)] == [GRIDS[0], NEW]


@pytest.mark.parametrize(
    ("changes", "kind", "codes"),
    [
        ([area(GRIDS[0], square(0, 1, 0.5), EAST, op=Op.ALTER)], "gap", {EAST}),
        ([area(GRIDS[0], square(0, 1, 1.2), EAST, op=Op.ALTER)], "overlap", {GRIDS[0], GRIDS[1]}),
        ([area(GRIDS[0], square(-0.2, 1, 1.2), EAST, op=Op.ALTER)], "across", {GRIDS[0], EAST}),
        ([area(NEW, square(0.5, 1, 0.5), "440001009009"), split_grid(2)[0]], "parent", {NEW, "440001009009"}),
        ([area("449999001001005", square(0.5, 1, 0.5), EAST), split_grid(2)[0]], "prefix", {"449999001001005", EAST}),
        ([area(f"{EAST}5", square(0.5, 1, 0.5), EAST), split_grid(2)[0]], "layout", {f"{EAST}5"}),
    ],
)
def test_a_set_that_would_break_the_map_is_refused_with_the_place(
    tx: Tx, changes: list[Change], kind: str, codes: set[str]
) -> None:
    before = says(tx, "grid")
    number = proposed(tx, "grid", *changes)
    with pytest.raises(FormIncomplete) as refused:
        put_in_force(tx, number, by=LI)
    faults: list[Any] = refused.value.extra["faults"]  # type: ignore[assignment]
    found = next(fault for fault in faults if fault["properties"]["kind"] == kind)
    assert codes <= set(found["properties"]["codes"])
    assert found["geometry"]["coordinates"]
    assert says(tx, "grid") == before
    assert set_of(tx, number).state is State.DRAFT


def test_a_parent_cannot_be_ended_under_its_children(tx: Tx) -> None:
    faults = look(tx, proposed(tx, "community", ended(EAST))).errors
    assert {fault.codes[0] for fault in faults if fault.kind == "orphan"} == set(GRIDS)


def test_a_number_is_never_used_again(tx: Tx) -> None:
    put_in_force(tx, proposed(tx, "grid", *split_grid()), by=LI)
    whole = area(GRIDS[0], square(0, 1), EAST, op=Op.ALTER)
    put_in_force(tx, proposed(tx, "grid", whole, ended(NEW, 2)), by=LI)
    with pytest.raises(FormIncomplete, match="never used again"):
        put_in_force(tx, proposed(tx, "grid", *split_grid()), by=LI)


def test_a_set_that_loses_much_is_held_and_only_another_person_puts_it_in_force(tx: Tx) -> None:
    codes = sorted(says(tx, "components"))[:4]
    number = proposed(tx, "components", *(ended(code, no) for no, code in enumerate(codes)))
    held = put_in_force(tx, number, by=LI)
    assert held.set.state is State.HELD
    assert held.held_for[0] | {"kind": "lost", "ended": 4, "of": 12} == held.held_for[0]
    assert len(says(tx, "components")) == 12
    with pytest.raises(NotAllowed, match="another person"):
        put_in_force(tx, number, by=LI)
    assert put_in_force(tx, number, by=WANG).set.publisher == "wang"
    assert len(says(tx, "components")) == 8


def test_a_set_that_strands_a_rule_says_which(tx: Tx) -> None:
    """R-001 names the main road; the town has one."""
    main = [code for code, (said, _) in says(tx, "roads").items() if said["class"] == "main"]
    held = put_in_force(tx, proposed(tx, "roads", *(ended(code, no) for no, code in enumerate(main))), by=LI)
    assert [(why["rule"], why["names"]) for why in held.held_for if why["kind"] == "rule"] == [("R-001", "main")]


@pytest.mark.parametrize(
    ("when", "key", "code", "names"),
    [
        ({"road_name": "学府街"}, "roads", "R2", "学府街"),
        ({"corridor": {"road": "学府街", "metres": 60}}, "roads", "R2", "学府街"),
        ({"area": "grid:440001001001002"}, "grid", GRIDS[1], f"grid:{GRIDS[1]}"),
    ],
)
def test_every_clause_that_names_a_place_is_looked_at(
    tx: Tx, when: dict[str, Any], key: str, code: str, names: str
) -> None:
    rule = {"no": "R-9", "rank": 1, "when": when, "to": "unit:water", "reason": "r", "reason_en": "r", "source": "s"}
    book = rulebook_of({"edition": "e", "rule": [rule]})
    number = proposed(tx, key, ended(code))
    found = reasons_to_hold(tx, layer_of(city_of(tx), key), number, changes_of(tx, number), book)
    assert [(why["rule"], why["names"]) for why in found if why["kind"] == "rule"] == [("R-9", names)]


def test_the_author_of_a_set_need_not_be_the_one_who_first_presses_the_button(tx: Tx) -> None:
    """A draft of Li's that Wang asks to put in force is held all the same, and then goes in by Wang's hand."""
    codes = sorted(says(tx, "components"))[:4]
    number = proposed(tx, "components", *(ended(code, no) for no, code in enumerate(codes)))
    assert put_in_force(tx, number, by=WANG).set.state is State.HELD
    assert put_in_force(tx, number, by=WANG).set.state is State.IN_FORCE


def test_a_withdrawn_set_is_done_with(tx: Tx) -> None:
    number = proposed(tx, "grid", *split_grid())
    withdraw(tx, number, by=LI)
    with pytest.raises(NotAllowed, match="withdrawn"):
        put_in_force(tx, number, by=WANG)


def test_a_day_to_come_changes_nothing_before_it(tx: Tx) -> None:
    put_in_force(tx, proposed(tx, "grid", *split_grid(), days=9), by=LI)
    assert place_of(tx, 114.0008, 22.5015, on=today(tx)).area_codes[-1] == f"grid:{GRIDS[0]}"
    with pytest.raises(Conflict, match="later edition"):
        put_in_force(tx, proposed(tx, "grid", area(GRIDS[3], square(1, 0), EAST, op=Op.ALTER, name="x")), by=LI)


def test_a_past_day_is_refused(tx: Tx) -> None:
    with pytest.raises(Conflict, match="cannot be changed any more"):
        put_in_force(tx, proposed(tx, "grid", *split_grid(), days=-1), by=LI)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ([area(GRIDS[0], square(0, 1), EAST)], "in force already"),
        ([ended("440001001001099")], "none in force"),
        ([ended(GRIDS[0]), ended(GRIDS[0], 2)], "given twice"),
        ([Change(no=1, op=Op.ALTER, code=GRIDS[0], said={"name": "x"}, geom=square(0, 1))], "wants the columns"),
        ([area(GRIDS[0], square(0, 1).centroid, EAST, op=Op.ALTER)], "shape has to be"),
    ],
)
def test_rows_that_do_not_fit_are_named_and_nothing_is_kept(tx: Tx, changes: list[Change], words: str) -> None:
    with pytest.raises(Conflict, match=words):
        proposed(tx, "grid", *changes)
    assert sets(tx) == []


def test_components_stand_on_the_grid_under_them(tx: Tx) -> None:
    number = proposed(tx, "components", lamp("4400010135000001", 0.5, 0.5))
    put_in_force(tx, number, by=LI)
    on = "SELECT a.code FROM component c JOIN area a ON a.id = c.area_id WHERE c.code = '4400010135000001'"
    assert value(tx, on) == GRIDS[2]


def test_everything_done_is_in_the_trail(tx: Tx) -> None:
    number = proposed(tx, "grid", *split_grid())
    put_in_force(tx, number, by=LI)
    undo(tx, number, by=LI, reason="画错了")
    trail = dicts(tx, "SELECT object, detail ->> 'did' AS did FROM audit_event WHERE kind = 'layers' ORDER BY id")
    assert [(r["object"], r["did"]) for r in trail] == [
        (f"change_set:{number}", "draft"),
        (f"change_set:{number}", "in_force"),
        (f"change_set:{number + 1}", "undo"),
        (f"change_set:{number + 1}", "in_force"),
    ]


def test_a_trimmed_road_keeps_its_trim_through_change_and_undoing(tx: Tx) -> None:
    trims = [{"to_m": 50.0, "from_m": None, "reason": "在建"}]
    put_in_force(tx, proposed(tx, "roads", row_as_change(tx, "R2", trims=trims)), by=LI)
    counts = "SELECT ST_AsText(counts, 6) FROM road WHERE code = 'R2' AND valid_to IS NULL"
    cut = value(tx, counts)
    assert cut.startswith("MULTILINESTRING")
    number = proposed(tx, "roads", row_as_change(tx, "R2", name="书院街"))
    put_in_force(tx, number, by=LI)
    assert value(tx, counts) == cut
    undo(tx, number, by=LI, reason="改回")
    assert (value(tx, counts), row(tx, "roads", "R2").said["trims"]) == (cut, trims)


def test_the_rows_of_a_set_are_kept_as_proposed(tx: Tx) -> None:
    number = proposed(tx, "grid", *split_grid())
    assert changes_of(tx, number) == split_grid()
    execute(tx, "SAVEPOINT before")
    with pytest.raises(Exception, match="permission denied"):
        execute(tx, "UPDATE change SET said = '{}'")
