"""The private PostgreSQL: made, started and stopped by us, in a folder of our own, reached by a unix socket only."""

import errno
import hashlib
import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from dispatch.account import Account, account_for, must_enter
from dispatch.locks import alone
from dispatch.postgres import OLDEST, Programs, installed
from gis.db import SIDE, SIZE
from gis.problems import Problem

__all__ = ["DATABASE", "Cluster", "Urls"]

DATABASE = "wangge"
ROLES = ("postgres", "wangge_owner", "wangge_app")
FREE_TO_BEGIN = 500 * 1024**2
FREE_TO_START = 64 * 1024**2
LONGEST_SOCKET = 107  # bytes in sockaddr_un, with the file's own name
SOCKET = ".s.PGSQL.5432"
LOG_KEPT = 10 * 1024**2

WORKERS = 5  # there is room for so many; one is enough
APART = 1  # connection beside its pools: a web process listens on one, a worker makes partitions as the owner
BESIDES = 8  # connections of commands, backups and whoever looks for himself as a superuser
# For two cores and 2 GB.
SETTINGS = """\
# Written by Wangge at every start; put changes into local.conf beside this file.
listen_addresses = ''
port = 5432
unix_socket_directories = '{socket}'
unix_socket_permissions = 0700
max_connections = {connections}
shared_buffers = 256MB
effective_cache_size = 1GB
work_mem = 16MB
maintenance_work_mem = 128MB
random_page_cost = 1.1
jit = off
max_parallel_workers_per_gather = 1
synchronous_commit = {durable}
fsync = {durable}
full_page_writes = {durable}
wal_compression = on
max_wal_size = 2GB
min_wal_size = 256MB
checkpoint_timeout = 15min
checkpoint_completion_target = 0.9
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] %u@%d '
log_lock_waits = on
log_checkpoints = off
include_if_exists = 'local.conf'
"""
HBA = "local all all peer map=wangge\nlocal replication postgres peer map=wangge\n"
MAKE_ROLES = """
DO $$
BEGIN
  IF to_regrole('wangge_owner') IS NULL THEN CREATE ROLE wangge_owner LOGIN; END IF;
  IF to_regrole('wangge_app') IS NULL THEN CREATE ROLE wangge_app LOGIN; END IF;
  IF to_regrole('wangge_department') IS NULL THEN CREATE ROLE wangge_department NOLOGIN; END IF;
END $$;
GRANT wangge_department TO wangge_owner WITH ADMIN OPTION;
"""
# Leakproof: a bounding box gives nothing away, and row security may then use the spatial index.
MAKE_SPATIAL = """
ALTER SCHEMA public OWNER TO wangge_owner;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
CREATE EXTENSION IF NOT EXISTS postgis;
ALTER FUNCTION geometry_overlaps(geometry, geometry) LEAKPROOF;
"""


def quiet(line: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Urls:
    """libpq URLs of one database. `owner`: migrates only. `app`: all else. `super`: None on a foreign server."""

    owner: str
    app: str
    super: str | None


@dataclass(frozen=True, slots=True)
class Cluster:
    """A private PostgreSQL in `folder`, with room for the connections of so many web processes and of five workers.

    `durable=False` may lose everything at a power cut: for tests only.
    """

    folder: Path
    durable: bool = True
    web: int = 2

    @property
    def data(self) -> Path:
        """PostgreSQL's data directory."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """What the server had to say."""
        return self.folder / "log"

    @property
    def lock(self) -> Path:
        """Held while somebody starts or stops the server."""
        return self.folder.with_name(self.folder.name + ".lock")

    @property
    def socket(self) -> Path:
        """Folder of the socket: ours, unless the path is longer than the kernel takes."""
        own = self.folder / "socket"
        if len(bytes(own / SOCKET)) <= LONGEST_SOCKET:
            return own
        return Path("/tmp") / f"wangge-{hashlib.sha256(bytes(self.folder)).hexdigest()[:12]}"  # noqa: S108  (checked: _own)

    def urls(self, database: str = DATABASE) -> Urls:
        """How to reach a database of this cluster."""
        host = quote(str(self.socket), safe="")
        owner, app, root = (
            f"postgresql://{role}@/{database}?host={host}&port=5432"
            for role in ("wangge_owner", "wangge_app", "postgres")
        )
        return Urls(owner=owner, app=app, super=root)

    def answers(self) -> bool:
        """Whether it takes connections now. Asked by connecting: `pg_ctl status` takes a zombie for a living server."""
        try:
            psycopg.connect(self.urls("postgres").super or "", connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def processes(self) -> list[int]:
        """Ids of the server processes that live in our data folder, whoever started them."""
        return [int(process.name) for process in Path("/proc").glob("[0-9]*") if _works_in(process, self.data)]

    def start(self, say: Callable[[str], None] = quiet) -> None:
        """Make it if it is not there, start it if it does not run, and return when it answers.

        Raises Problem, and changes nothing, if it cannot.
        """
        if self.answers():
            return
        self.folder.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
        with alone(self.lock):
            self._start(say)

    def stop(self, seconds: float = 60) -> None:
        """End all sessions, write everything down, stop. Does nothing if it does not run."""
        if not self.folder.exists():
            return
        with alone(self.lock):
            for sign in (
                signal.SIGINT,
                signal.SIGQUIT,
            ):  # fast; then immediate, which costs a recovery at the next start
                if not (alive := self.processes()):
                    return
                _signal(self._postmaster(alive), sign)
                _wait_for(lambda: not self.processes(), seconds)

    def create_database(self, name: str = DATABASE, *, template: str | None = None) -> Urls:
        """A database with PostGIS and our two roles; or a copy of `template`, which nobody may be connected to."""
        with _super(self, "postgres") as connection:
            copy = sql.SQL("CREATE DATABASE {} OWNER wangge_owner TEMPLATE {}")
            connection.execute(copy.format(sql.Identifier(name), sql.Identifier(template or "template0")))
        if template is None:
            with _super(self, name) as connection:
                connection.execute(MAKE_SPATIAL)
        return self.urls(name)

    def drop_database(self, name: str) -> None:
        """Throw a database away, with whoever is connected."""
        with _super(self, "postgres") as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _start(self, say: Callable[[str], None]) -> None:
        account = self._account()
        if not self.data.exists():
            say("making a private PostgreSQL with PostGIS")
            self._make(account)
        programs = self.programs()
        _need_space(self.folder, FREE_TO_START)
        if not self._runs_after_all():
            self._write_settings(account)
            say(f"starting PostgreSQL {programs.major}")
            self._launch(account, programs)
        self._prepare()

    def _account(self) -> Account:
        if not self.folder.exists():
            account = account_for(self.folder)
            must_enter(account, self.folder.parent)
            self.folder.mkdir(mode=0o700)
            os.chown(self.folder, account.uid, account.gid)
            return account
        if not os.access(self.folder, os.R_OK | os.W_OK | os.X_OK):
            owner = pwd.getpwuid(self.folder.stat().st_uid).pw_name
            raise Problem(
                f"The folder {self.folder} belongs to the user {owner}. Nothing was changed. "
                "Start as that user or as root, or choose another folder with WANGGE_DATA=FOLDER.",
                zh=f"目录 {self.folder} 属于用户 {owner}。未做任何改动。",
            )
        account = account_for(self.folder)
        must_enter(account, self.folder)
        return account

    def _make(self, account: Account) -> None:
        """`initdb` beside its place, then rename: what is there under its name is whole."""
        _need_space(self.folder, FREE_TO_BEGIN)
        fresh = self.data.with_suffix(".new")
        shutil.rmtree(fresh, ignore_errors=True)
        words: list[str | Path] = [
            _newest().bindir / "initdb",
            "-D",
            fresh,
            "-U",
            "postgres",
            "-A",
            "peer",
            "-E",
            "UTF8",
        ]
        words += ["--locale=C.UTF-8", "--data-checksums", "--no-instructions", *([] if self.durable else ["--no-sync"])]
        made = account.run(*words, capture_output=True)
        if made.returncode != 0:
            raise _failure("PostgreSQL's folder could not be made", made.stderr)
        with (fresh / "postgresql.conf").open("a") as file:
            file.write("\ninclude = 'wangge.conf'\n")
        fresh.rename(self.data)

    def programs(self) -> Programs:
        """The programs that fit the data folder. Raises Problem if this machine has none of its major version."""
        major = int((self.data / "PG_VERSION").read_text())
        for programs in installed():
            if programs.major == major:
                return programs
        have = ", ".join(str(programs.major) for programs in installed()) or "none"
        raise Problem(
            f"The data folder {self.data} was made by PostgreSQL {major}; with PostGIS, this machine has {have}. "
            f"Nothing was changed. Install postgresql-{major}-postgis-3, or choose another folder with "
            "WANGGE_DATA=FOLDER and bring the data over with pg_dump.",
            zh=f"数据目录 {self.data} 由 PostgreSQL {major} 创建，本机只有：{have}。未做任何改动。",
        )

    def _write_settings(self, account: Account) -> None:
        socket = self.socket
        socket.mkdir(mode=0o700, exist_ok=True)
        _own(socket, account)
        users = sorted({account.name, "root", pwd.getpwuid(os.geteuid()).pw_name})
        texts = {
            "wangge.conf": SETTINGS.format(
                socket=str(socket).replace("'", "''"),
                durable="on" if self.durable else "off",
                connections=(self.web + WORKERS) * (SIZE + SIDE + APART) + BESIDES,
            ),
            "pg_hba.conf": HBA,
            "pg_ident.conf": "".join(f'wangge "{user}" {role}\n' for user in users for role in ROLES),
        }
        for name, text in texts.items():
            path = self.data / name
            path.write_text(text)
            path.chmod(0o600)
            os.chown(path, account.uid, account.gid)

    def _runs_after_all(self) -> bool:
        """Whether somebody else has started it; if not, the processes of an earlier life are gone on return.

        A killed server's children take a moment to notice; a zombie keeps its process id, so pid files prove nothing.
        """
        if not _wait_for(lambda: self.answers() or not self.processes(), 60):
            raise Problem(
                f"A PostgreSQL (process {self._postmaster(self.processes())}) works in {self.data} "
                f"but does not answer. Nothing was changed. Its log: {self.log}",
                zh=f"{self.data} 中有一个不应答的 PostgreSQL 进程。未做任何改动。",
            )
        if self.processes():
            return True
        for left in (self.data / "postmaster.pid", self.socket / SOCKET, self.socket / f"{SOCKET}.lock"):
            left.unlink(missing_ok=True)
        return False

    def _launch(self, account: Account, programs: Programs) -> None:
        if self.log.exists() and self.log.stat().st_size > LOG_KEPT:
            self.log.rename(self.log.with_suffix(".old"))
        said = self.log.stat().st_size if self.log.exists() else 0
        silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        account.run(programs.bindir / "pg_ctl", "start", "-W", "-s", "-D", self.data, "-l", self.log, **silent)
        # A recovery may take minutes: wait as long as it lives.
        _wait_for(lambda: self.processes() != [], 3)
        _wait_for(lambda: self.answers() or not self.processes(), 3600)
        if not self.answers():
            raise _failure("PostgreSQL did not start", self._said_since(said))

    def _said_since(self, position: int) -> str:
        if not self.log.exists():
            return ""
        with self.log.open(errors="replace") as file:
            file.seek(position)
            return file.read()

    def _prepare(self) -> None:
        """Roles and database, once. Made under another name, then renamed: what bears the name is whole."""
        unfinished = f"{DATABASE}_new"
        with _super(self, "postgres") as connection:
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                return
            connection.execute(MAKE_ROLES)
        self.drop_database(unfinished)
        self.create_database(unfinished)
        with _super(self, "postgres") as connection:
            names = sql.Identifier(unfinished), sql.Identifier(DATABASE)
            connection.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(*names))

    def _postmaster(self, alive: list[int]) -> int:
        try:
            written = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return alive[0] if alive else 0
        return written if written in alive or not alive else alive[0]


def _super(cluster: Cluster, database: str) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(cluster.urls(database).super or "", autocommit=True)


def _newest() -> Programs:
    if found := installed():
        return found[0]
    raise Problem(
        f"There is no PostgreSQL ≥ {OLDEST} with PostGIS on this machine. Type: "
        "sudo apt-get install -y postgresql postgresql-postgis   "
        "(or point WANGGE_DATABASE_URL at a server that has them)",
        zh="本机没有带 PostGIS 的 PostgreSQL。",
    )


def _own(folder: Path, account: Account) -> None:
    """Give a socket folder to the account; refuse one that somebody else put there before us."""
    found = folder.lstat()
    if folder.is_symlink() or found.st_uid not in (os.geteuid(), account.uid):
        raise Problem(f"The folder {folder} belongs to another user; remove it. Nothing was changed.")
    os.chown(folder, account.uid, account.gid)
    folder.chmod(0o700)


def _need_space(folder: Path, wanted: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < wanted:
        raise Problem(
            f"The disk of {folder} has {free // 1024**2} MB free; {wanted // 1024**2} MB are needed. "
            "Nothing was changed. Make room, or choose a folder on another disk with WANGGE_DATA=FOLDER.",
            zh=f"{folder} 所在磁盘仅剩 {free // 1024**2} MB，需要 {wanted // 1024**2} MB。未做任何改动。",
        )


def _failure(what: str, output: str) -> Problem:
    if os.strerror(errno.ENOSPC) in output:
        return Problem(
            f"{what}: the disk is full. Make room and start again; what was stored is safe.", zh="磁盘已满。"
        )
    reasons = [
        line for line in output.splitlines() if any(word in line for word in ("FATAL", "PANIC", "error", "HINT"))
    ]
    return Problem(f"{what}: " + (" / ".join(reasons[-4:]) or output.strip()[-500:] or "it gave no reason"))


def _works_in(process: Path, folder: Path) -> bool:
    """Whether it is a PostgreSQL whose working directory is `folder`. A zombie has none."""
    try:
        return (process / "comm").read_text().strip() in ("postgres", "postmaster") and (
            process / "cwd"
        ).readlink() == folder.resolve()
    except OSError:
        return False


def _wait_for(condition: Callable[[], bool], seconds: float) -> bool:
    """Ask again and again, at growing distances, until it holds. False if it never did."""
    end, pause = time.monotonic() + seconds, 0.02
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(pause)
        pause = min(pause * 1.3, 0.25)
    return True


def _signal(process: int, sign: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(process, sign)
