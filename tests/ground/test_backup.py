"""What was stored comes back, whole, into an empty folder; a damaged backup does not."""

import dataclasses
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from dispatch.backup import backup, restore
from dispatch.cluster import Cluster
from dispatch.config import Settings, read_settings
from dispatch.database import connected
from gis.problems import Conflict, Problem


@pytest.fixture
def place() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(dir=os.environ["WANGGE_TEST_FOLDER"]))
    folder.chmod(0o711)
    yield folder
    for data in folder.iterdir():
        Cluster(data / "postgres").stop(seconds=10)
    shutil.rmtree(folder)


def at(data: Path) -> Settings:
    return dataclasses.replace(read_settings({}), data=data, data_chosen=True, database_url=None)


def test_what_was_stored_comes_back_and_damage_is_refused(place: Path):
    before, after = at(place / "before"), at(place / "after")
    with connected(before) as urls:
        with psycopg.connect(urls.owner) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        (before.data / "photos").mkdir()
        (before.data / "photos" / "one.jpg").write_bytes(b"a photo")
        made = backup(before, place / "backups")

    with pytest.raises(Conflict, match="is not empty"):
        restore(before, made)
    restore(after, made)
    with connected(after) as urls, psycopg.connect(urls.owner) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
    assert (after.data / "photos" / "one.jpg").read_bytes() == b"a photo"

    (made / "files" / "photos" / "one.jpg").write_bytes(b"another")
    with pytest.raises(Problem, match=r"one\.jpg is not what was copied"):
        restore(at(place / "third"), made)
    (made / "files" / "photos" / "one.jpg").write_bytes(b"a photo")
    relation = max((made / "postgres" / "base").rglob("*"), key=lambda path: path.stat().st_size)
    relation.write_bytes(b"x" + relation.read_bytes()[1:])
    with pytest.raises(Problem, match="copy of the database is damaged"):
        restore(at(place / "fourth"), made)
    assert not (place / "fourth" / "postgres" / "data").exists()
