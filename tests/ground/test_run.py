"""What `./run` sets up on a system that has less than it would like: with apt as another system's packages answer."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOOLS = ("bash", "cat", "cut", "date", "dirname", "env", "grep", "ln", "mktemp", "readlink", "rm", "sleep", "tail")
HERE = 'here="$(dirname "$0")"'
STANDING_IN = {
    "apt-get": f'{HERE}; echo "$@" >>"$here/asked"; [[ "$*" != *" chromium "* ]] || ln -s /bin/true "$here/chromium"',
    "apt-cache": f'{HERE}; [[ ! -e "$here/has-chromium" ]] || echo "chromium - web browser"',
    "sudo": 'while [[ "${1:-}" == -* ]]; do shift; done; [[ $# -eq 0 ]] || exec "$@"',
}


@pytest.fixture
def system(tmp_path: Path) -> Path:
    """A folder that is all of PATH: the shell's tools, and an apt that writes down what it is asked."""
    for name in TOOLS:
        (tmp_path / name).symlink_to(
            next(Path(folder, name) for folder in ("/usr/bin", "/bin") if Path(folder, name).exists())
        )
    for name, words in STANDING_IN.items():
        (tmp_path / name).write_text(f"#!/usr/bin/env bash\n{words}\n")
        (tmp_path / name).chmod(0o755)
    return tmp_path


def run(system: Path, words: str) -> str:
    """What these words print, said with the functions of `./run`."""
    done = subprocess.run(
        ["bash", "-c", f'source "{ROOT}/run" help >/dev/null; {words}'],
        env={"PATH": str(system)}, capture_output=True, text=True, check=True, timeout=60, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    return done.stderr + done.stdout


def test_without_chromium_among_the_packages_the_browser_tests_are_left_out(system: Path):
    said = run(system, "need_chromium")
    assert "the system's packages have no Chromium: the browser tests are left out" in said
    assert (system / "asked").read_text() == "update\n"


def test_chromium_is_installed_with_a_font_and_found(system: Path):
    (system / "has-chromium").touch()
    said = run(system, "need_chromium; echo $WANGGE_CHROMIUM")
    assert said.rstrip().endswith(str(system / "chromium"))
    assert (
        (system / "asked")
        .read_text()
        .splitlines()[1]
        .endswith("install -y --no-install-recommends chromium fonts-noto-cjk")
    )
