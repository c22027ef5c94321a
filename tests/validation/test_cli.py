"""Every command as a user gives it, what it prints and how it exits."""

import shutil
import sqlite3
import subprocess
import sys

import numpy as np
import pytest

from validation.cli import main
from validation.gridfile import load_grid
from validation.predict import predict


@pytest.fixture
def store(smoke_store, tmp_path):
    return str(shutil.copy(smoke_store, tmp_path / "copy.sqlite"))


def fails(capsys, *words):
    assert main([str(w) for w in words]) == 2
    return capsys.readouterr().err


def test_from_the_shell_in_an_empty_folder(smoke_store, tmp_path):
    words = ["report", "smoke", "--store", str(smoke_store), "--out", "out"]
    shell = subprocess.run(
        [sys.executable, "-m", "validation", *words],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (shell.returncode, shell.stderr) == (0, "")
    assert "Theory and simulation agree in all" in shell.stdout
    assert "False alarms: 0.01" in shell.stdout
    for quantity in ("rate", "std", "Fano factor", "output correlation"):
        assert quantity in shell.stdout
    *_, last = shell.stdout.split()
    assert last == "out/report.html"
    printed = [w for w in shell.stdout.split() if w.startswith("out/")]
    assert sorted(printed) == sorted(
        str(p.relative_to(tmp_path)) for p in (tmp_path / "out").iterdir()
    )


def test_a_wrong_theory_exits_with_1(smoke_store, tmp_path, capsys, monkeypatch):
    def wrong(case):
        right = predict(case)
        return right._replace(rate=right.rate * 1.05)

    judge = "validation.campaign.judge"
    monkeypatch.setattr(judge, _with_theory(wrong))
    words = ["report", "smoke", "--store", str(smoke_store), "--out", str(tmp_path)]
    assert main(words) == 1
    assert "disagree" in capsys.readouterr().out
    page = (tmp_path / "report.html").read_text()
    assert "<title>Disagree" in page
    assert 'class="wrong"' in page


def _with_theory(theory):
    from validation.verdict import judge

    def judged(results, cases, **options):
        return judge(results, cases, predict=theory, **options)

    return judged


def test_run_resumes(store, capsys):
    assert main(["run", "smoke", "--store", store, "--executor", "threads"]) == 0
    shown = capsys.readouterr()
    assert "7 of 7 cases are finished" in shown.out
    assert "7/7" in shown.err  # the bar


def test_status(store, capsys):
    assert main(["status", "smoke", "--store", store]) == 0
    assert "finished: 7, failed: 0, to do: 0" in capsys.readouterr().out
    assert main(["status", "demo", "--store", store]) == 2
    shown = capsys.readouterr().out
    assert "finished: 0" in shown
    assert "also holds 7 results" in shown


def test_a_grid_changed_under_a_store(store, tmp_path, capsys):
    text = (load_grid.__globals__["resources"].files("validation") / "grids").joinpath(
        "smoke.toml"
    )
    grid = tmp_path / "smoke.toml"
    grid.write_text(text.read_text().replace("mu = [0.6, 1.0, 1.4]", "mu = [1.0, 2.0]"))
    assert main(["run", str(grid), "--store", store, "--executor", "threads"]) == 0
    shown = capsys.readouterr()
    assert "2 cases are new, 4 are gone (their results are kept)" in shown.err
    assert main(["status", "smoke", "--store", store]) == 0  # still all there


def test_an_incomplete_sweep_is_no_agreement(smoke_store, tmp_path, capsys):
    grid = tmp_path / "more.toml"
    text = "[defaults]\nduration=5000\nwarmup=300\nwindow=250\nprecision=0.01\n"
    text += "max_rounds=20\n[[sweeps]]\nmu = [1.0, 5.0]\nsigma = 1.0\n"
    grid.write_text(text)
    words = ["report", str(grid), "--store", str(smoke_store), "--out"]
    assert main([*words, str(tmp_path / "out")]) == 2
    assert "without a result: 1" in capsys.readouterr().out
    assert "Incomplete: 1 of 2" in (tmp_path / "out" / "report.html").read_text()


def test_export(store, smoke, tmp_path, capsys):
    import xarray as xr

    nc, csv = tmp_path / "x.nc", tmp_path / "x.csv"
    for path in (nc, csv):
        assert main(["export", "smoke", "--store", store, "--out", str(path)]) == 0
    with xr.open_dataset(nc, engine="scipy") as data:
        assert dict(data.sizes) == {"case": 7, "quantity": 4}
        rate = data.sel(quantity="rate")
        exact = [predict(case).rate for case in smoke.entries]
        np.testing.assert_array_equal(rate.theory, exact)
        values = [e.result["rate"].value for e in smoke.entries.values()]
        np.testing.assert_array_equal(rate.value, values)
        assert list(data.mu.values) == [case.mu for case in smoke.entries]
        assert np.isnan(data.value.sel(quantity="correlation").values).sum() == 6
    lines = csv.read_text().splitlines()
    assert len(lines) == 1 + 7 * 4
    assert {"case", "quantity", "value", "mu", "hash"} < set(lines[0].split(","))
    error = fails(
        capsys, "export", "smoke", "--store", store, "--out", tmp_path / "x.txt"
    )
    assert ".nc or .csv" in error


def test_case_reproduces_to_the_last_digit(smoke, capsys):
    case, entry = list(smoke.entries.items())[1]
    assert main(["case", case.hash[:10], "--grid", "smoke"]) == 0
    shown = capsys.readouterr().out
    assert case.hash in shown
    assert f"{entry.result['rate'].value * 1e3:.5g}" in shown
    assert str(entry.result.spikes) in shown


def test_demo_resumes_from_its_folder(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr("validation.cli.load_grid", lambda _: load_grid("smoke"))
    out = tmp_path / "new" / "demo"
    words = ["demo", "--out", str(out), "--executor", "threads", "--quiet"]
    for _ in range(2):
        assert main(words) == 0
        assert capsys.readouterr().out.split()[-1] == str(out / "report.html")
    assert (out / "demo.sqlite").is_file()


def test_errors_are_sentences(store, tmp_path, capsys):
    folder = tmp_path / "out"
    assert "shipped are demo" in fails(capsys, "status", "nothing", "--store", store)
    missing = tmp_path / "none.sqlite"
    assert "no store" in fails(
        capsys, "report", "smoke", "--store", missing, "--out", folder
    )
    assert not missing.exists()
    assert "fits 0" in fails(capsys, "case", "123xyz", "--grid", "smoke")
    (tmp_path / "file").write_text("")
    assert "`--out`" in fails(capsys, "demo", "--out", tmp_path / "file")
    foreign = tmp_path / "foreign.sqlite"
    with sqlite3.connect(foreign) as db:
        db.execute("CREATE TABLE x (y)")
    db.close()
    assert "another program" in fails(capsys, "run", "smoke", "--store", foreign)


def test_a_missing_extra_is_named_before_the_work(store, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "jinja2", None)
    monkeypatch.setitem(sys.modules, "xarray", None)
    error = fails(capsys, "demo", "--out", tmp_path / "out")
    assert "pip install 'meanfield-theory[validation]'" in error
    assert not (tmp_path / "out").exists()
    error = fails(capsys, "export", "smoke", "--store", store, "--out", "x.csv")
    assert "xarray" in error


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["run", "smoke"],
        ["run", "smoke", "--store", "x", "--jobs", "0"],
        ["report", "smoke", "--store", "x", "--out", "y", "--alpha", "2"],
    ],
)
def test_usage(words, capsys):
    with pytest.raises(SystemExit) as stop:
        main(words)
    assert stop.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_help_says_what_a_user_needs(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    shown = capsys.readouterr().out
    for word in ("demo", "smoke", "full", "exit status", "resumed", "--scheduler"):
        assert word in shown
