"""Which database this data folder works on: the private cluster, or the server that WANGGE_DATABASE_URL names."""

import fcntl
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, urlencode

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from dispatch.cluster import Cluster, Urls, quiet
from dispatch.config import Settings
from dispatch.migrate import migrate
from dispatch.postgres import OLDEST
from gis.problems import Problem

__all__ = ["bring_up_to_date", "cluster_of", "connected", "is_migrated", "make_data_folder", "urls_of"]

APP = "wangge_app"
DEPARTMENT = "wangge_department"


def cluster_of(settings: Settings) -> Cluster | None:
    """The private cluster of a data folder; None where another server is named."""
    return None if settings.database_url else Cluster(settings.data / "postgres", web=settings.workers)


def urls_of(settings: Settings) -> Urls:
    """How to reach the database. Connects to nothing."""
    if cluster := cluster_of(settings):
        return cluster.urls()
    owner = conninfo_to_dict(settings.database_url or "")
    password = _kept_password(settings.data / "app-password")
    return Urls(owner=_url(owner), app=_url({**owner, "user": APP, "password": password}), super=None)


@contextmanager
def connected(settings: Settings, say: Callable[[str], None] = quiet) -> Iterator[Urls]:
    """The database runs while the `with` lasts. A private one stops with the last process that needed it."""
    make_data_folder(settings)
    cluster = cluster_of(settings)
    users = os.open(settings.data / "users.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(users, fcntl.LOCK_SH)
        if cluster:
            cluster.start(say)
        yield urls_of(settings)
    finally:
        if cluster and _alone(users):
            cluster.stop()
        os.close(users)


def bring_up_to_date(settings: Settings) -> Urls:
    """Migrate as the owner; on a foreign server, make the application's role first. Raises Problem if it cannot."""
    urls = urls_of(settings)
    if urls.super is None:
        _prepare_server(urls, _kept_password(settings.data / "app-password"))
    migrate(urls.owner)
    return urls


def is_migrated(urls: Urls) -> bool:
    """Whether any migration ever ran there."""
    with psycopg.connect(urls.owner) as connection:
        row = connection.execute("SELECT to_regclass('alembic_version') IS NOT NULL").fetchone()
    return bool(row and row[0])


def make_data_folder(settings: Settings) -> None:
    """Passable for the database's user, listable for nobody but us. Raises Problem if it cannot be."""
    try:
        if not settings.data.exists():
            settings.data.mkdir(parents=True)
            settings.data.chmod(0o711)
    except PermissionError as error:
        raise Problem(
            f"The data folder {settings.data} cannot be made: no right to write in {_nearest(settings.data)}. "
            "Choose another with WANGGE_DATA=FOLDER.",
            zh=f"无权创建数据目录 {settings.data}。",
        ) from error


def _nearest(path: Path) -> Path:
    return next(parent for parent in path.parents if parent.exists())


def _alone(users: int) -> bool:
    """Whether no other process holds the lock; if so, it is ours until the descriptor is closed."""
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _url(parts: Mapping[str, object]) -> str:
    """A libpq URL; host and port go into the query, where a socket's folder may stand as well as a name."""
    rest = {key: str(value) for key, value in parts.items() if key not in ("user", "password", "dbname")}
    who = quote(str(parts.get("user") or ""), safe="")
    if password := parts.get("password"):
        who += ":" + quote(str(password), safe="")
    return f"postgresql://{who}{'@' if who else ''}/{quote(str(parts.get('dbname') or ''), safe='')}?{urlencode(rest)}"


def _kept_password(path: Path) -> str:
    """The application role's password on a foreign server: made once, then kept for the owner's eyes only."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(32))
    return path.read_text().strip()


def _prepare_server(urls: Urls, password: str) -> None:
    with psycopg.connect(urls.owner, autocommit=True) as connection:
        if connection.info.server_version < OLDEST * 10000:
            version = connection.info.server_version // 10000
            raise Problem(f"WANGGE_DATABASE_URL names a PostgreSQL {version}; {OLDEST} or newer is needed")
        try:
            _need_postgis(connection)
            _make_roles(connection, password)
        except psycopg.errors.InsufficientPrivilege as error:
            raise Problem(
                f"The owner in WANGGE_DATABASE_URL may not do this ({error.diag.message_primary}). Let a superuser "
                "type, in that database: CREATE EXTENSION IF NOT EXISTS postgis; "
                f"ALTER ROLE {connection.info.user} CREATEROLE;"
            ) from error


def _need_postgis(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    offered = "SELECT default_version FROM pg_available_extensions WHERE name = 'postgis'"
    row = connection.execute(offered).fetchone()
    if row is None or int(str(row[0]).split(".")[0]) < 3:
        raise Problem(
            "The server in WANGGE_DATABASE_URL has no PostGIS ≥ 3; install it there (postgresql-NN-postgis-3)"
        )
    connection.execute("CREATE EXTENSION IF NOT EXISTS postgis")
    superuser = connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
    if superuser and superuser[0]:  # see dispatch.cluster; without it a department's map is slower, not wrong
        connection.execute("ALTER FUNCTION geometry_overlaps(geometry, geometry) LEAKPROOF")


def _make_roles(connection: psycopg.Connection[tuple[object, ...]], password: str) -> None:
    there = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles WHERE rolname LIKE 'wangge%'")}
    for name, login in ((DEPARTMENT, "NOLOGIN"), (APP, "LOGIN")):
        if name not in there:
            connection.execute(sql.SQL("CREATE ROLE {} " + login).format(sql.Identifier(name)))
    # Hashed here: the server's log may keep statements.
    hashed = connection.pgconn.encrypt_password(password.encode(), APP.encode(), b"scram-sha-256").decode()
    connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(APP), sql.Literal(hashed)))
