"""Starting: refused in one clear line where it must be, and stopped without a trace."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from dashboards import children
from dispatch.cluster import Cluster
from dispatch.command import print_table
from dispatch.config import read_settings
from dispatch.locks import only_one
from gis.problems import Problem

ROOT = Path(__file__).parents[2]


@pytest.fixture
def data() -> Iterator[Path]:
    """A data folder that the database's user can reach; its server is stopped in the end."""
    folder = Path(os.environ["WANGGE_TEST_FOLDER"]) / f"start-{time.monotonic_ns()}"
    yield folder
    Cluster(folder / "postgres").stop(seconds=10)


def wangge(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "dashboards.cli", *words],
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_a_busy_port_is_said_before_anything_is_started(data: Path):
    with closing(socket.create_server(("127.0.0.1", 0))) as busy:
        port = str(busy.getsockname()[1])
        answer = wangge("up", WANGGE_DATA=str(data), WANGGE_PORT=port)
    assert answer.returncode == 1
    assert f"Port {port} on 127.0.0.1 cannot be had" in answer.stderr
    assert "Traceback" not in answer.stderr
    assert not (data / "postgres").exists()


def test_an_interrupted_first_past_is_finished_by_the_next_start(data: Path):
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = str(free.getsockname()[1])
    first = up_until(" cases ", data, port)
    assert "interrupted" not in first
    assert (data / "first-past-begun").exists()
    assert "its past was interrupted and has holes; finishing it" in up_until("letting it live", data, port)
    assert (data / "first-past-begun").exists()


def up_until(words: str, data: Path, port: str) -> str:
    """Everything `wangge up` says until it says the words and is stopped by SIGTERM."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "WANGGE_DATA": str(data), "WANGGE_PORT": port}
    up = subprocess.Popen(
        [sys.executable, "-m", "dashboards.cli", "up"],
        env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    said = ""
    try:
        for line in up.stdout or ():
            said += line
            if words in line:
                break
    finally:
        up.terminate()
        rest, _ = up.communicate(timeout=60)
    return said + rest


def test_a_second_start_on_the_same_folder_is_refused_and_names_the_first(data: Path):
    data.mkdir()
    with only_one(data / "up.lock"):
        answer = wangge("up", WANGGE_DATA=str(data))
    assert answer.returncode == 1
    assert f"already runs on the data folder {data} (process {os.getpid()})" in answer.stderr
    assert not (data / "postgres").exists()


def test_a_lock_goes_with_its_process(tmp_path: Path):
    words = (
        "import os, sys; from pathlib import Path; from dispatch.locks import only_one\n"
        "with only_one(Path(sys.argv[1])): os.kill(os.getpid(), 9)"
    )
    killed = subprocess.run([sys.executable, "-c", words, str(tmp_path / "lock")], check=False, cwd=ROOT)
    assert killed.returncode == -signal.SIGKILL
    with only_one(tmp_path / "lock"):
        pass


def test_a_command_starts_the_database_it_needs_and_stops_it_again(data: Path):
    first = wangge("migrate", WANGGE_DATA=str(data))
    assert first.returncode == 0, first.stderr
    assert "making a private PostgreSQL" in first.stderr
    assert not Cluster(data / "postgres").answers()


def test_a_server_that_cannot_be_reached_is_one_line(data: Path):
    answer = wangge("migrate", WANGGE_DATA=str(data), WANGGE_DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")
    assert answer.returncode == 1
    assert answer.stderr.startswith("wangge: the database cannot be reached: ")
    assert answer.stderr.count("\n") == 1


def test_the_owner_of_a_foreign_server_makes_the_applications_role(data: Path, cluster: Cluster):
    cluster.create_database("foreign")
    url = cluster.urls("foreign").super or ""
    for _ in range(2):
        answer = wangge("migrate", WANGGE_DATA=str(data), WANGGE_DATABASE_URL=url)
        assert answer.returncode == 0, answer.stderr
    assert (data / "app-password").stat().st_mode & 0o077 == 0
    assert not (data / "postgres").exists()
    cluster.drop_database("foreign")


def test_a_wrong_number_in_the_environment_is_named():
    with pytest.raises(Problem, match="WANGGE_PORT=many is not a number"):
        read_settings({"WANGGE_PORT": "many"})


def test_every_setting_is_in_the_docs():
    documented = (ROOT / "docs" / "settings.md").read_text()
    source = (ROOT / "dispatch" / "config.py").read_text()
    names = {word for word in source.replace('"', " ").split() if word.startswith("WANGGE_") and word.isupper()}
    assert names
    assert [name for name in names if f"`{name}`" not in documented] == []


def test_each_command_explains_itself():
    words = wangge("--help").stdout
    assert "up " in words
    assert "migrate" in words
    assert "usage: wangge up" in wangge("up", "--help").stdout


def test_a_table_lines_up_under_chinese_headings(capsys: pytest.CaptureFixture[str]):
    print_table([{"unit": "市政", "n": 3}, {"unit": "a", "n": None}], {"unit": "部门", "n": "数"})
    assert capsys.readouterr().out == "部门  数\n市政  3\na     -\n"
    print_table([{"unit": "市政", "n": 3}], ("unit",), json=True)
    assert json.loads(capsys.readouterr().out) == [{"unit": "市政"}]


def test_a_child_that_dies_is_started_again_after_a_growing_pause():
    child = children.Child("sleep", [])
    child.process = subprocess.Popen(["false"], text=True)
    child.started = time.monotonic()
    for pause in (1, 2, 4):
        child.process.wait()
        now = time.monotonic()
        children._look_after(child, now)
        assert child.process is None
        assert child.again_at == pytest.approx(now + pause)
        child.process = subprocess.Popen(["false"], text=True)
    child.process.wait()


def test_children_end_with_their_grandchildren():
    child = children.Child("family", [])
    child.process = subprocess.Popen(
        ["sh", "-c", "trap '' TERM; sleep 300 & wait; wait"], start_new_session=True, text=True
    )
    time.sleep(0.2)
    patience, children.PATIENCE = children.PATIENCE, 0.5
    try:
        children.stop([child])
    finally:
        children.PATIENCE = patience
    left = subprocess.run(["pgrep", "-r", "R,S,D,T", "-g", str(child.process.pid)], capture_output=True, check=False)
    assert left.returncode == 1
