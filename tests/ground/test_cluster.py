"""The private PostgreSQL lives through what happens to it, and says what it cannot live with."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest

from dispatch import account, cluster
from dispatch.cluster import Cluster
from gis.db import SIDE, SIZE
from gis.problems import Problem

Make = Callable[[str], Cluster]
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


def ask(server: Cluster, question: str, database: str = "wangge") -> object:
    with psycopg.connect(server.urls(database).super or "") as connection:
        row = connection.execute(question.encode()).fetchone()
    return row[0] if row else None


def kill(server: Cluster) -> int:
    postmaster = int((server.data / "postmaster.pid").read_text().split()[0])
    os.kill(postmaster, signal.SIGKILL)
    return postmaster


def test_it_starts_and_stops_and_the_second_start_is_a_matter_of_seconds(own_cluster: Make):
    server = own_cluster("pg")
    server.start()
    assert server.answers()
    begun = time.monotonic()
    server.start()
    assert time.monotonic() - begun < 1
    server.stop()
    assert not server.answers()
    assert server.processes() == []
    server.stop()
    begun = time.monotonic()
    server.start()
    assert time.monotonic() - begun < 5


def test_it_is_crash_safe_and_reached_by_its_socket_only(own_cluster: Make):
    server = own_cluster("pg")
    server.start()
    settings = {
        "fsync": "on",
        "full_page_writes": "on",
        "synchronous_commit": "on",
        "data_checksums": "on",
        "jit": "off",
        "listen_addresses": "",
    }
    assert {name: ask(server, f"SHOW {name}") for name in settings} == settings
    assert server.socket.stat().st_mode & 0o077 == 0


def test_what_was_committed_is_there_after_kill_9(own_cluster: Make):
    server = own_cluster("pg")
    server.start()
    with psycopg.connect(server.urls().owner) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    kill(server)
    server.start()
    assert ask(server, "SELECT answer FROM kept") == 42


def test_a_pid_file_that_names_a_living_stranger_does_not_stop_it(own_cluster: Make):
    server = own_cluster("pg")
    server.start()
    kill(server)
    while server.processes():
        time.sleep(0.05)
    pid_file = server.data / "postmaster.pid"
    owner = account.account_for(server.data)
    stranger = subprocess.Popen(["sleep", "60"], **({"user": owner.uid} if os.geteuid() == 0 else {}))
    try:
        lines = pid_file.read_text().split("\n")
        pid_file.write_text("\n".join([str(stranger.pid), *lines[1:]]))
        server.start()
        assert server.answers()
    finally:
        stranger.kill()
        stranger.wait()


def test_a_zombie_is_not_taken_for_a_living_server(own_cluster: Make):
    server = own_cluster("pg")
    server.start()
    kill(server)
    while server.processes():
        time.sleep(0.05)
    zombie = subprocess.Popen(["true"])
    time.sleep(0.2)  # ended, and nobody has asked after it
    pid_file = server.data / "postmaster.pid"
    pid_file.write_text("\n".join([str(zombie.pid), *pid_file.read_text().split("\n")[1:]]))
    assert not server.answers()
    server.start()
    assert server.answers()
    zombie.wait()


def test_a_half_made_folder_is_made_anew(own_cluster: Make):
    server = own_cluster("pg")
    server.start()
    server.stop()
    server.data.rename(server.data.with_suffix(".new"))  # as if initdb had been killed before its rename
    (server.folder / "data.new" / "global" / "pg_control").unlink()
    server.start()
    assert server.answers()


def test_a_half_made_database_is_made_anew(own_cluster: Make):
    server = own_cluster("pg")
    server.start()
    with psycopg.connect(server.urls("postgres").super or "", autocommit=True) as connection:
        connection.execute("ALTER DATABASE wangge RENAME TO wangge_new")
    server.stop()
    server.start()
    assert ask(server, "SELECT postgis_version() IS NOT NULL")


def test_a_path_too_long_for_a_socket_gets_a_short_one_of_our_own(own_cluster: Make):
    server = own_cluster("a-folder-whose-name-goes-on-and-on-" * 3)
    server.start()
    assert len(bytes(server.socket)) < 50
    assert server.socket.stat().st_mode & 0o077 == 0
    assert server.answers()
    shutil.rmtree(server.socket, ignore_errors=True)


def test_a_socket_folder_that_somebody_laid_out_for_us_is_refused(own_cluster: Make, tmp_path: Path):
    server = own_cluster("a-folder-whose-name-goes-on-and-on-" * 3)
    server.socket.symlink_to(tmp_path)
    try:
        with pytest.raises(Problem, match="belongs to another user"):
            server.start()
    finally:
        server.socket.unlink()


def test_a_folder_of_another_major_is_refused_and_left_as_it_was(own_cluster: Make):
    server = own_cluster("pg")
    server.start()
    server.stop()
    (server.data / "PG_VERSION").write_text("12\n")
    before = sorted((path.name, path.stat().st_mtime_ns) for path in server.data.iterdir())
    with pytest.raises(Problem, match="was made by PostgreSQL 12"):
        server.start()
    assert sorted((path.name, path.stat().st_mtime_ns) for path in server.data.iterdir()) == before


def test_a_full_disk_is_said_before_anything_is_made(own_cluster: Make, monkeypatch: pytest.MonkeyPatch):
    server = own_cluster("pg")
    monkeypatch.setattr(cluster.shutil, "disk_usage", lambda folder: SimpleNamespace(free=100 * 1024**2))
    with pytest.raises(Problem, match="has 100 MB free; 500 MB are needed"):
        server.start()
    assert not server.data.exists()


@needs_root
def test_a_disk_that_fills_up_meanwhile_is_said_in_words(own_cluster: Make, monkeypatch: pytest.MonkeyPatch):
    server = own_cluster("pg")
    server.folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", server.folder], check=True)
    try:
        monkeypatch.setattr(cluster, "FREE_TO_BEGIN", 0)
        with pytest.raises(Problem, match="disk is full"):
            server.start()
    finally:
        subprocess.run(["umount", server.folder], check=True)


@needs_root
def test_a_closed_folder_on_the_way_is_named_with_the_remedy(own_cluster: Make):
    closed = own_cluster("unused").folder.parent / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(Problem, match=f"cannot enter {closed}.*chmod o\\+x {closed}"):
        Cluster(closed / "data" / "pg").start()
    assert list((closed / "data").glob("pg/*")) == []


@needs_root
def test_it_never_runs_as_root(own_cluster: Make):
    server = own_cluster("pg")
    server.start()
    assert {Path(f"/proc/{process}").stat().st_uid for process in server.processes()}.isdisjoint({0})


def test_two_who_start_it_at_once_get_one_server(own_cluster: Make):
    server = own_cluster("pg")
    words = (
        "import sys; from pathlib import Path; from dispatch.cluster import Cluster; Cluster(Path(sys.argv[1])).start()"
    )
    starters = [subprocess.Popen([sys.executable, "-c", words, str(server.folder)]) for _ in range(3)]
    assert [starter.wait(60) for starter in starters] == [0, 0, 0]
    with psycopg.connect(server.urls().super or "") as connection:
        row = connection.execute("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'checkpointer'").fetchone()
    assert row == (1,)


def test_it_outlives_the_process_that_started_it(own_cluster: Make):
    server = own_cluster("pg")
    words = (
        "import sys; from pathlib import Path; from dispatch.cluster import Cluster; Cluster(Path(sys.argv[1])).start()"
    )
    # Its pipes are not ours: this returns as soon as the starter ends.
    subprocess.run([sys.executable, "-c", words, str(server.folder)], check=True, capture_output=True, timeout=60)
    assert server.answers()


def test_the_database_has_room_for_every_connection_of_all_web_processes_and_of_five_workers(own_cluster: Make):
    """A process that finds none is as good as away: 16 cores have 16 web processes."""
    roomy = replace(own_cluster("roomy"), web=16)
    roomy.start()
    kept_by_the_database = 3
    assert int(ask(roomy, "SHOW max_connections")) >= (16 + 5) * (SIZE + SIDE + 1) + kept_by_the_database
