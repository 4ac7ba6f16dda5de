"""What the other tests stand on: a migrated copy of their own, as a role that owns nothing."""

import psycopg
import pytest

import gis.db
from dispatch.cluster import Urls


def test_the_application_cannot_make_tables(database: Urls):
    with psycopg.connect(database.app) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("CREATE TABLE mine (id int)")


def test_the_application_cannot_change_a_step(database: Urls):
    with psycopg.connect(database.app) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("UPDATE step SET at = now()")


def test_the_application_owns_nothing(tx: gis.db.Tx):
    owned = "SELECT count(*) FROM pg_class WHERE pg_get_userbyid(relowner) = 'wangge_app'"
    assert gis.db.value(tx, owned) == 0


@pytest.mark.parametrize("turn", [1, 2])
def test_what_a_test_writes_in_tx_is_gone_for_the_next(tx: gis.db.Tx, turn: int):
    assert gis.db.value(tx, "SELECT count(*) FROM throttle") == 0
    gis.db.execute(tx, "INSERT INTO throttle (key, count, since) VALUES ('a', 1, now())")


def test_a_bounding_box_may_be_asked_before_row_security(tx: gis.db.Tx):
    leakproof = "SELECT bool_and(proleakproof) FROM pg_proc WHERE proname = 'geometry_overlaps' AND pronargs = 2"
    assert gis.db.value(tx, leakproof)
