"""Speed and accuracy of the moment activation, beside SciPy's erfcx and the peers.

Writes docs/benchmarks/theory.md. Peers: ``make peers`` first, else they are left out.
"""

import csv
import json
import statistics
import subprocess
import sys
import tempfile
import timeit
import tracemalloc
from pathlib import Path

import numpy as np
from scipy.special import erfcx

import meanfield as mf
from meanfield.special._precompute import certificate

ROOT = Path(__file__).parents[2]
PEERS = ROOT / ".venv-peers" / "bin" / "python"
N = 1_000_000
BEGIN = "<!-- figures: written by `make bench` -->"
END = "<!-- end of figures -->"


def inputs(n=N):
    rng = np.random.default_rng(1)
    return rng.uniform(-10, 10, n), np.exp(rng.uniform(np.log(0.1), np.log(30), n))


def nanoseconds(call, n, repeat=15):
    call()
    return [1e9 * t / n for t in timeit.repeat(call, number=1, repeat=repeat)]


def speed():
    """Rows (what, median ns per element, ratio to erfcx measured in turn)."""
    mu, sigma = inputs()
    x = np.random.default_rng(2).uniform(-5, 5, N)
    calls = {
        "scipy.special.erfcx, one call": lambda: erfcx(x),
        "moment_activation, 1 thread": lambda: mf.moment_activation(
            mu, sigma, threads=1
        ),
        "moment_activation, 2 threads": lambda: mf.moment_activation(
            mu, sigma, threads=2
        ),
        "firing_rate, 1 thread": lambda: mf.firing_rate(mu, sigma, threads=1),
        "fano_factor, 1 thread": lambda: mf.fano_factor(mu, sigma, threads=1),
        "all 6 derivatives, 1 thread": lambda: mf.moment_activation_derivatives(
            mu, sigma, threads=1
        ),
    }
    rounds = {name: [] for name in calls}
    for call in calls.values():
        call()
    for _ in range(15):  # in turn: the ratios hold when the machine's speed drifts
        for name, call in calls.items():
            rounds[name].append(1e9 * timeit.timeit(call, number=1) / N)
    base = rounds["scipy.special.erfcx, one call"]
    rows = []
    for name, values in rounds.items():
        ratios = [v / b for v, b in zip(values, base, strict=True)]
        median = statistics.median
        rows.append((name, median(values), min(values), median(ratios)))
    return rows


def scalar_call():
    mf.moment_activation(1.0, 1.0)
    best = min(
        timeit.repeat(lambda: mf.moment_activation(1.0, 1.0), number=2000, repeat=7)
    )
    return 1e6 * best / 2000


def scratch_memory():
    """Peak allocation beyond the outputs, with broadcast input (MB)."""
    mu, sigma = np.linspace(-5, 5, 2000)[:, None], np.linspace(0.1, 5, 2000)
    mf.moment_activation(mu, sigma, threads=1)
    tracemalloc.start()
    result = mf.moment_activation(mu, sigma, threads=1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return (peak - sum(v.nbytes for v in result)) / 1e6


def import_cost():
    """Median seconds that `import meanfield` adds to numpy and scipy.special."""
    code = (
        "import numpy, scipy.special, time; t = time.perf_counter(); "
        "import meanfield; print(time.perf_counter() - t)"
    )
    runs = [
        float(subprocess.run([sys.executable, "-c", code], capture_output=True).stdout)
        for _ in range(9)
    ]
    return 1e3 * statistics.median(runs)


def golden():
    rows = csv.DictReader(
        (ROOT / "tests" / "data" / "moment_activation.csv").read_text().splitlines()
    )
    return [r for r in rows if float(r["rate"]) > 1e-290]


def condition(row, name):
    mu, sigma = abs(float(row["mu"])), float(row["sigma"])
    size = mu + float(row["V_th"]) / float(row["tau_m"])
    move = size * abs(float(row[f"{name}_dmu"])) + sigma * abs(
        float(row[f"{name}_dsigma"])
    )
    return move / abs(float(row[name]))


def accuracy():
    """Rows (quantity, largest relative error, in units of the allowed error)."""
    rows = golden()
    column = {k: np.array([float(r[k]) for r in rows]) for k in rows[0]}
    neuron = mf.LIF(**{k: column[k] for k in ("tau_m", "t_ref", "V_th", "V_reset")})
    values = mf.moment_activation(column["mu"], column["sigma"], neuron)
    slopes = mf.moment_activation_derivatives(column["mu"], column["sigma"], neuron)
    out, eps = [], np.finfo(float).eps
    for name, value in values._asdict().items():
        kappa = np.array([condition(r, name) for r in rows])
        error = np.abs(value / column[name] - 1)
        allowed = 1e-13 + 8 * eps * kappa
        calm = kappa < 100
        out.append((name, error[calm].max(), error.max(), (error / allowed).max()))
        for by in ("dmu", "dsigma"):
            key = f"{name}_{by}"
            size = np.maximum(abs(column[key]), column[name] / column["sigma"])
            error = np.abs(getattr(slopes, key) - column[key]) / size
            allowed = 1e-11 + 8 * eps * kappa
            worst = (error / allowed).max()
            out.append((key, error[calm].max(), error.max(), worst))
    return out


def peers():
    """Rows (peer, ns per element, largest relative error of the rate, not finite)."""
    if not PEERS.exists():
        return None
    exact = [
        r for r in golden()
        if (r["tau_m"], r["t_ref"], r["V_th"], r["V_reset"]) == ("20.0", "5.0", "20.0", "0.0")
        and float(r["rate"]) > 1e-12 and 0.5 < float(r["sigma"]) < 50
        and abs(float(r["mu"])) < 5
    ]  # fmt: skip
    mu, sigma = inputs(100_000)
    point = {k: np.array([float(r[k]) for r in exact]) for k in ("mu", "sigma", "rate")}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "inputs.npz"
        np.savez(
            path, mu=mu, sigma=sigma, mu_exact=point["mu"], sigma_exact=point["sigma"]
        )
        script = str(Path(__file__).with_name("peers.py"))
        run = subprocess.run([PEERS, script, path], capture_output=True, text=True)
    if run.returncode:
        return [("peers", None, None, run.stderr[-300:])]
    rows = []
    for name, row in json.loads(run.stdout.splitlines()[-1]).items():
        if "failed" in row:
            rows.append((name, None, None, row["failed"]))
            continue
        error = np.abs(np.array(row["values"][0]) / point["rate"] - 1)
        rows.append((name, row["ns"], np.nanmax(error), row["not_finite"]))
    ours = min(nanoseconds(lambda: mf.moment_activation(mu, sigma, threads=1), mu.size))
    error = np.abs(mf.firing_rate(point["mu"], point["sigma"]) / point["rate"] - 1)
    rows.insert(0, ("meanfield", ours, error.max(), 0))
    return rows


def peer_table(rows):
    lines = [
        "| package | ns/element | largest relative error of the rate | not finite |",
        "|---|---|---|---|",
    ]
    for name, ns, error, rest in rows:
        cells = ("-", "-") if ns is None else (f"{ns:.0f}", f"{error:.1e}")
        lines.append(f"| {name} | {cells[0]} | {cells[1]} | {rest} |")
    return lines


def special_errors():
    worst = certificate.measure(certificate.sample(10_000, seed=2))
    return [(f"`{name}`", max(row.values())) for name, row in worst.items()]


def readme_lines(speeds, errors, rows):
    """The README's tables."""
    lines = ["| function | largest relative error | allowed |", "|---|---|---|"]
    lines += [f"| {n} | {e:.1e} | 2e-15 |" for n, e in special_errors()[:4]]
    for name, calm, _, over in errors:
        goal = "1e-11" if "_d" in name else "1e-13"
        allowed = f"{goal} + 8 eps x condition (reached: {100 * over:.0f} % of it)"
        lines.append(f"| {name}, condition number < 100 | {calm:.1e} | {allowed} |")
    ratio = next(r for n, _, _, r in speeds if n == "moment_activation, 1 thread")
    median = next(m for n, m, _, _ in speeds if n == "moment_activation, 1 thread")
    lines += [
        "",
        f"Rate, std and chi together take {median:.0f} ns per element on one core, "
        f"{ratio:.2f} times one call of `scipy.special.erfcx`.",
        "",
    ]
    return lines + (peer_table(rows) if rows else [])


def put_into_readme(lines):
    path = ROOT / "README.md"
    head, _, rest = path.read_text().partition(BEGIN)
    _, _, tail = rest.partition(END)
    path.write_text(head + BEGIN + "\n" + "\n".join(lines) + "\n" + END + tail)


def main():
    speeds, errors, rows = speed(), accuracy(), peers()
    lines = [
        "# Moment activation: speed and accuracy",
        "",
        f"{N} elements, mu uniform in [-10, 10] mV/ms, sigma log-uniform in [0.1, 30] "
        "mV/sqrt(ms), float64, warm. Written by `make bench`.",
        "",
        "| call | median ns/element | best | median over erfcx |",
        "|---|---|---|---|",
        *(f"| {n} | {m:.1f} | {b:.1f} | {r:.2f} |" for n, m, b, r in speeds),
        "",
        f"A scalar call takes {scalar_call():.1f} microseconds; scratch memory beyond the "
        f"outputs is {scratch_memory():.1f} MB; `import meanfield` adds "
        f"{import_cost():.0f} ms to `import numpy, scipy.special`.",
        "",
        "Error on 588 golden points (25 digits); allowed is 1e-13 (derivatives 1e-11) plus "
        "8 eps times the condition number.",
        "",
        "| quantity | largest, condition < 100 | largest | largest over allowed |",
        "|---|---|---|---|",
        *(f"| {n} | {c:.1e} | {e:.1e} | {q:.2f} |" for n, c, e, q in errors),
        "",
    ]
    if rows is None:
        lines.append("Peers are not installed (`make peers`): no comparison.")
    else:
        lines += [
            "The same 100000 inputs through the peers (one thread; NNMT gives the rate "
            "only, and only where abs(mu) < 5 and sigma > 1: one extreme element stops its "
            "whole call). Error on golden points of the default neuron with rate > 1e-12 "
            "kHz, 0.5 < sigma < 50 and abs(mu) < 5.",
            "",
            *peer_table(rows),
        ]
    path = ROOT / "docs" / "benchmarks" / "theory.md"
    path.write_text("\n".join(lines) + "\n")
    put_into_readme(readme_lines(speeds, errors, rows))
    print("\n".join(lines))


if __name__ == "__main__":
    main()
