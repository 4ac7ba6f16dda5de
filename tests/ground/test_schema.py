"""The schema is what the tables declare, and every migration goes back as it came."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import psycopg
import pytest
from alembic import command

from dispatch.cluster import Cluster, Urls
from dispatch.migrate import check, configuration, migrate

FIRST_RELEASE = "0003"


@pytest.fixture
def empty(cluster: Cluster) -> Iterator[Urls]:
    """A database without a table."""
    yield cluster.create_database("schema")
    cluster.drop_database("schema")


def dumped(urls: Urls) -> str:
    """Tables, indexes, policies, triggers and grants as PostgreSQL writes them down."""
    words = ["pg_dump", "--schema-only", "--dbname", urls.owner]
    text = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    return "\n".join(line for line in text.splitlines() if not line.startswith("\\"))  # a random key of the dump's own


def test_the_database_is_what_the_tables_declare(empty: Urls) -> None:
    migrate(empty.owner)
    check(empty.owner)


def test_migrations_go_back_to_the_first_release_and_come_again_the_same(empty: Urls) -> None:
    migrate(empty.owner, FIRST_RELEASE)
    released = dumped(empty)
    migrate(empty.owner)
    whole = dumped(empty)
    command.downgrade(configuration(empty.owner), FIRST_RELEASE)
    assert dumped(empty) == released
    migrate(empty.owner)
    assert dumped(empty) == whole


def test_there_is_one_line_of_migrations(empty: Urls) -> None:
    migrate(empty.owner)
    with psycopg.connect(empty.owner) as connection:
        assert connection.execute("SELECT count(*) FROM alembic_version").fetchone() == (1,)
