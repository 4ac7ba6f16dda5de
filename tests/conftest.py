"""One private PostgreSQL for the whole run, one migrated template in it, and copies of that for the tests.

Only tests that ask for `database`, `fresh_database` or `tx` start it; one that must kill a server takes `own_cluster`.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

import gis.db
from dispatch.audit.where import heads_file
from dispatch.cases import books
from dispatch.cluster import Cluster, Urls
from dispatch.migrate import migrate

TEMPLATE = "wangge_template"
FOLDER = "WANGGE_TEST_FOLDER"
PREFIX = "wangge-test-"
numbers = count(1)
configured: list[str] = []


def pytest_configure(config: pytest.Config) -> None:
    """Before the workers start: choose the run's folder, and clear away what killed runs left."""
    if hasattr(config, "workerinput"):
        os.environ.pop("PYTHONHASHSEED", None)  # what the tests start is as random as ever
        # Photos belong to a database, and each worker has databases of its own.
        os.environ["WANGGE_DATA"] += f"-{config.workerinput['workerid']}"
        return
    for left in Path(tempfile.gettempdir()).glob(PREFIX + "*"):
        if not _in_use(left):
            _remove(left)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    folder.chmod(0o711)  # the database's user goes through
    config.stash[LOCK] = os.open(folder / "run.lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(config.stash[LOCK], fcntl.LOCK_EX)
    os.environ[FOLDER] = str(folder)
    os.environ["WANGGE_DATA"] = str(folder / "data")
    # The workers must collect in one order, also where a test is parametrised by a set.
    os.environ["PYTHONHASHSEED"] = str(secrets.randbelow(2**32))


def pytest_unconfigure(config: pytest.Config) -> None:
    """After the workers have ended: stop everything, leave nothing."""
    if LOCK in config.stash:
        _remove(Path(os.environ[FOLDER]))
        os.close(config.stash[LOCK])


LOCK = pytest.StashKey[int]()


@pytest.fixture(scope="session")
def cluster() -> Cluster:
    """This worker's private PostgreSQL, with the migrated template. Not durable: never kill this one.

    One for each worker: transaction ids are the whole cluster's, and another worker's open transaction would hold back
    what this one's tests wait to see sealed or told.
    """
    ours = Cluster(Path(os.environ[FOLDER]) / f"pg-{os.environ.get('PYTEST_XDIST_WORKER', 'one')}", durable=False)
    ours.start()
    migrate(ours.create_database(TEMPLATE).owner)
    return ours


@pytest.fixture(scope="module")
def database(cluster: Cluster) -> Iterator[Urls]:
    """A migrated, empty database for this module's tests; `gis.db` is pointed at it as the application role."""
    with _copy(cluster) as urls:
        yield urls


@pytest.fixture(scope="module")
def databases(cluster: Cluster) -> Callable[[], contextlib.AbstractContextManager[Urls]]:
    """Makes such databases, for a module whose fixtures want one each: `with databases() as urls`."""
    return lambda: _copy(cluster)


@pytest.fixture
def fresh_database(cluster: Cluster) -> Iterator[Urls]:
    """The same, for one test alone."""
    with _copy(cluster) as urls:
        yield urls


@pytest.fixture
def tx(database: Urls) -> Iterator[gis.db.Tx]:
    """A write transaction that is rolled back when the test ends."""
    with contextlib.suppress(_RollBack), gis.db.write() as transaction:
        yield transaction
        raise _RollBack


@pytest.fixture
def own_cluster() -> Iterator[Callable[[str], Cluster]]:
    """Makes durable clusters, not yet started, for tests that kill or break theirs: `own_cluster("name")`."""
    folder = Path(tempfile.mkdtemp(prefix="own-", dir=os.environ[FOLDER]))
    folder.chmod(0o711)
    made: list[Cluster] = []

    def make(name: str = "pg") -> Cluster:
        made.append(Cluster(folder / name))
        return made[-1]

    yield make
    for one in made:
        one.stop(seconds=10)
    shutil.rmtree(folder, ignore_errors=True)


class _RollBack(Exception):
    """Ends a test's transaction."""


@contextlib.contextmanager
def _copy(cluster: Cluster) -> Iterator[Urls]:
    name = f"t_{os.getpid()}_{next(numbers)}"
    urls = cluster.create_database(name, template=TEMPLATE)
    configured.append(urls.app)
    gis.db.configure(urls.app)
    books.forget()
    with _heads():
        yield urls
    gis.db.close()
    books.forget()
    configured.pop()
    cluster.drop_database(name)
    if configured:  # a test's own database is done with: back to its module's
        gis.db.configure(configured[-1])


@contextlib.contextmanager
def _heads() -> Iterator[None]:
    """No sealed heads but the database's own: those of its module's, for a test's own, come back afterwards."""
    file = heads_file()
    before = file.read_bytes() if file.exists() else None
    file.unlink(missing_ok=True)
    yield
    file.unlink(missing_ok=True)
    if before is not None:
        file.write_bytes(before)


def _in_use(folder: Path) -> bool:
    """Whether the run that made it still lives: it holds the lock."""
    try:
        with (folder / "run.lock").open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


def _remove(folder: Path) -> None:
    for data in (*folder.glob("*/data"), *folder.glob("*/*/data")):
        with contextlib.suppress(OSError):
            Cluster(data.parent).stop(seconds=5)
    shutil.rmtree(folder, ignore_errors=True)
