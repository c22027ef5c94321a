"""`python -m meanfield` as a user runs it."""

import csv
import subprocess
import sys

import numpy as np
import pytest

import meanfield as mf
from meanfield.__main__ import main


def test_from_a_shell(tmp_path):
    command = [sys.executable, "-m", "meanfield", "moments", "--mu=-1:3:5"]
    command += ["--sigma", "0.1:10:4:log", "--csv", "maps.csv", "--plot", "maps.png"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.split() == ["maps.csv", "maps.png"]
    rows = list(csv.DictReader((tmp_path / "maps.csv").read_text().splitlines()))
    assert len(rows) == 20
    for row in rows:
        value = mf.moment_activation(float(row["mu"]), float(row["sigma"]))
        assert float(row["rate_kHz"]) == value.rate
        assert float(row["std_sqrt_kHz"]) == value.std
        assert float(row["chi"]) == value.chi
    assert (tmp_path / "maps.png").read_bytes().startswith(b"\x89PNG")


def test_neuron_and_time_step(capsys):
    assert main(["moments", "--mu=1.1", "--sigma=2,3", "--t_ref=2", "--V_th=15",
                 "--discretization=0.1"]) == 0  # fmt: skip
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    want = mf.firing_rate(1.1, [2.0, 3.0], mf.LIF(t_ref=2, V_th=15), discretization=0.1)
    assert np.array_equal([float(r["rate_kHz"]) for r in rows], want)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--mu=1", "--sigma=-1"], "`sigma` must not be negative"),
        (["--mu=1", "--sigma=1", "--V_reset=30"], "must be below"),
        (["--mu=1", "--sigma=1", "--csv=/no/such/folder/x.csv"], "No such file"),
        (["--mu=1", "--sigma=1", "--plot=x.nonsense"], "nonsense"),
    ],
)
def test_bad_values(arguments, words, capsys):
    assert main(["moments", *arguments]) == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize("text", ["1:2", "1:2:x", "0:1:5:log", "a", "1:2:3:4", "1:2:0"])
def test_bad_ranges(text, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["moments", f"--mu={text}", "--sigma=1"])
    assert stop.value.code == 2
    assert "--mu" in capsys.readouterr().err
