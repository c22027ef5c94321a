"""`python -m meanfield` as a user runs it."""

import csv
import subprocess
import sys

import numpy as np
import pytest

import meanfield as mf
from meanfield import integrate_and_fire
from meanfield.__main__ import main
from meanfield.neurons import EIF, QIF, AdaptiveLIF


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


def table(capsys):
    """Columns of what was printed."""
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    return {name: np.array([float(row[name]) for row in rows]) for name in rows[0]}


@pytest.mark.parametrize(
    ("arguments", "neuron"),
    [
        (["eif", "--Delta_T=2", "--V_T=-54"], EIF(Delta_T=2.0, V_T=-54.0)),
        (["qif", "--tau_m=12"], QIF(tau_m=12.0)),
        (["pif", "--t_ref=1"], mf.LIF(tau_m=np.inf, t_ref=1.0)),
    ],
)
def test_moments_of_other_neurons(arguments, neuron, capsys):
    assert main(["moments", "--mu=0.5,1", "--sigma=1,2", "--neuron", *arguments]) == 0
    found = table(capsys)
    want = mf.moment_activation(found["mu"], found["sigma"], neuron)
    assert found["sigma"].tolist() == [1.0, 1.0, 2.0, 2.0]
    assert np.array_equal(found["rate_kHz"], want.rate)
    assert np.array_equal(found["chi"], want.chi)
    assert found["fano_factor"] == pytest.approx(want.std**2 / want.rate)


def test_response_and_spectrum(capsys):
    arguments = ["--frequency=0,0.01,1", "--mu=0.5,1", "--sigma=2", "--neuron=eif"]
    assert main(["response", *arguments, "--spectrum"]) == 0
    found = table(capsys)
    names = "frequency_kHz mu sigma re im magnitude phase_deg power_kHz"
    assert list(found) == names.split()
    given = found["frequency_kHz"], found["mu"], found["sigma"], EIF()
    assert found["mu"].tolist() == [0.5] * 3 + [1.0] * 3
    want = mf.linear_response(*given)
    assert found["re"] + 1j * found["im"] == pytest.approx(want, rel=1e-6)
    phase = np.exp(1j * np.radians(found["phase_deg"]))
    assert found["magnitude"] * phase == pytest.approx(want, rel=1e-6)
    assert found["power_kHz"] == pytest.approx(mf.power_spectrum(*given), rel=1e-6)


def test_response_to_noise_as_files(tmp_path, capsys):
    files = ["--csv", str(tmp_path / "r.csv"), "--plot", str(tmp_path / "r.png")]
    arguments = ["--frequency=0.01:1:3:log", "--mu=1", "--sigma=1"]
    assert main(["response", *arguments, "--modulation=sigma", *files]) == 0
    assert capsys.readouterr().out.split() == [files[1], files[3]]
    rows = list(csv.DictReader((tmp_path / "r.csv").read_text().splitlines()))
    want = integrate_and_fire.linear_response(
        [0.01, 0.1, 1.0], 1.0, 1.0, mf.LIF(), modulation="sigma"
    )
    assert [float(row["im"]) for row in rows] == pytest.approx(want.imag.tolist())
    assert (tmp_path / "r.png").read_bytes().startswith(b"\x89PNG")
    spectrum = [*arguments, "--spectrum", *files[2:]]
    assert main(["response", *spectrum]) == 0


def test_response_with_synapses(capsys):
    given = ["response", "--frequency=0.01", "--mu=1", "--sigma=1", "--tau_syn=5"]
    assert main(given) == 0
    want = mf.linear_response(0.01, 1.0, 1.0, tau_syn=5.0)
    assert table(capsys)["im"] == pytest.approx(want.imag)
    for more in ("--neuron=eif", "--spectrum"):
        assert main([*given, more]) == 2
        assert "--tau_syn is for the response of the lif" in capsys.readouterr().err


def test_response_of_an_adaptive_neuron(capsys):
    given = ["--frequency=0.001,1", "--mu=1.5", "--sigma=1", "--neuron=adaptive_lif"]
    assert main(["response", *given, "--tau_theta=50"]) == 0
    want = mf.linear_response([0.001, 1.0], 1.5, 1.0, AdaptiveLIF(tau_theta=50.0))
    assert table(capsys)["re"].tolist() == want.real.tolist()
    assert main(["response", *given, "--modulation=sigma"]) == 2
    assert "must be an LIF, EIF, QIF or" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--Delta_T=2"], "--Delta_T is no parameter of lif, which has --tau_m,"),
        (["--neuron=pif", "--tau_m=2"], "--tau_m is no parameter of pif"),
        (["--neuron=eif", "--V_T=20"], "`V_T` must be below"),
        (["--neuron=eif", "--discretization=0.1"], "`discretization` must be 0"),
    ],
)
def test_bad_parameters_of_a_neuron(arguments, words, capsys):
    assert main(["moments", "--mu=1", "--sigma=1", *arguments]) == 2
    assert words in capsys.readouterr().err


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
