"""The README's snippets run as they stand, one after the other."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
START = ROOT / "docs" / "start.md"


def blocks(path, language):
    return re.findall(rf"^```{language}\n(.*?)^```", path.read_text(), re.M | re.S)


@pytest.mark.parametrize("path", [ROOT / "README.md", START], ids=lambda p: p.stem)
def test_python(path, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    found = blocks(path, "python")
    assert len(found) >= 2
    namespace = {}
    for block in found:
        exec(compile(block, str(path), "exec"), namespace)


def test_sweep_from_the_shell(tmp_path):
    lines = "\n".join(blocks(ROOT / "README.md", "shell")).splitlines()
    sweep = [line for line in lines if line.startswith("python -m validation")]
    assert len(sweep) == 2
    for line in sweep:
        command = [sys.executable, *shlex.split(line)[1:]]
        run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert run.returncode == 0, run.stderr + run.stdout
    assert (tmp_path / "report" / "report.html").stat().st_size > 10_000
