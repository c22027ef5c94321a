"""Rates, CVs and linear responses of single neurons: speed, accuracy, peers, literature.

Writes docs/benchmarks/transfer.md. Peers: ``make peers`` first. Published numbers: the
environment variable MEANFIELD_PUBLISHED names the folder they are in. Either is left out
where absent.

python -m tests.benchmarks.bench_transfer
"""

import json
import os
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

import meanfield as mf
from meanfield import LIF, integrate_and_fire
from meanfield.neurons import EIF, QIF
from tests.integrate_and_fire import oracle
from tests.oracle import moments

from . import published

ROOT = Path(__file__).parents[2]
PEERS = ROOT / ".venv-peers" / "bin" / "python"
TOLERANCE = 1e-6
PERFECT = LIF(tau_m=np.inf)
NEURONS: dict[str, Any] = {
    "LIF": LIF(),
    "EIF": EIF(),
    "QIF": QIF(),
    "perfect integrator": PERFECT,
}
N = 2048
TINY = 1e-290
THREADS = len(os.sched_getaffinity(0))
QUIET = os.getloadavg()[0] < 1.5
FREQUENCY = np.geomspace(1e-3, 1.0, 64)  # kHz


def inputs(n=N):
    rng = np.random.default_rng(1)
    sigma = np.exp(rng.uniform(np.log(0.3), np.log(10.0), n))
    return rng.uniform(-1.0, 4.0, n), sigma


def best(call, clock, repeat=5):
    call()
    seconds = []
    for _ in range(repeat):
        begin = clock()
        call()
        seconds.append(clock() - begin)
    return min(seconds)


def both(call, n):
    """Microseconds an element: one thread in processor time, and all threads."""
    one = best(lambda: call(1), time.process_time)
    if QUIET:
        return 1e6 * one / n, 1e6 * best(lambda: call(None), time.perf_counter) / n
    every = best(lambda: call(None), time.process_time) / THREADS
    return 1e6 * one / n, 1e6 * every / n


def worst(value, reference):
    """Largest relative deviation, of what does not underflow."""
    known = np.abs(reference) > TINY
    return float(np.abs(value[known] / reference[known] - 1).max())


def stationary():
    """Rows (neuron, one thread, all, largest deviation of rate and CV from a finer one)."""
    mu, sigma = inputs()
    for name, neuron in NEURONS.items():
        if neuron is PERFECT:
            mu = np.abs(mu)  # it drifts away otherwise

        def solve(threads, tolerance=TOLERANCE, neuron=neuron, mu=mu):
            return integrate_and_fire.stationary(
                mu, sigma, neuron, tolerance=tolerance, threads=threads
            )

        found, fine = solve(1), solve(None, 1e-11)
        errors = (worst(getattr(found, q), getattr(fine, q)) for q in ("rate", "cv"))
        yield name, *both(solve, N), *errors


def closed_forms():
    """Largest deviations of rate, CV and gain of the LIF from the closed form."""
    mu, sigma = inputs()
    found = integrate_and_fire.stationary(mu, sigma, LIF(), tolerance=TOLERANCE)
    default = integrate_and_fire.stationary(mu, sigma, LIF())
    gain = mf.moment_activation_derivatives(mu, sigma).rate_dmu
    exact = {"rate": mf.firing_rate(mu, sigma), "cv": mf.cv(mu, sigma), "gain": gain}
    for name, values in exact.items():
        yield name, *(worst(getattr(one, name), values) for one in (found, default))


def responses():
    """Rows (neuron, one thread, all, largest deviation from a finer solution)."""
    mu, sigma = (values[:, None] for values in inputs(64))
    for name, neuron in NEURONS.items():
        if neuron is PERFECT:
            mu = np.abs(mu)

        def solve(threads, tolerance=TOLERANCE, neuron=neuron, mu=mu):
            return integrate_and_fire.responses(
                FREQUENCY, mu, sigma, neuron, tolerance=tolerance, threads=threads
            )

        found, fine = solve(1).mu, solve(None, 1e-10).mu
        yield name, *both(solve, mu.size * FREQUENCY.size), worst(found, fine)


def peers():
    """Rows (package, microseconds a rate, its error, those of the response), or None."""
    neuron, rng = LIF(t_ref=0.0), np.random.default_rng(2)
    mu, sigma = rng.uniform(0.4, 1.3, 20), rng.uniform(1.5, 4.0, 20)
    f = np.geomspace(1e-3, 1.0, 10)
    points = list(zip(mu, sigma, strict=True))
    exact = np.array([float(moments(*point, neuron)[0]) for point in points])
    closed = [[oracle.response(neuron, k, *point) for k in f] for point in points]

    def ours(threads):
        return integrate_and_fire.linear_response(
            f, mu[:, None], sigma[:, None], neuron, threads=threads
        )

    many = np.repeat(mu, 1000), np.repeat(sigma, 1000)
    rate = best(lambda: mf.firing_rate(*many, neuron, threads=1), time.process_time)
    speed = best(lambda: ours(1), time.process_time) / len(mu) / len(f)
    rows = [
        ("meanfield", 1e6 * rate / len(many[0]), worst(mf.firing_rate(mu, sigma, neuron), exact),
         1e6 * speed, worst(ours(1), np.array(closed)))
    ]  # fmt: skip
    if not PEERS.exists():
        return rows
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "inputs.npz"
        np.savez(path, mu=mu, sigma=sigma, frequency=f)
        script = str(Path(__file__).with_name("peers.py"))
        run = subprocess.run([PEERS, script, path], capture_output=True, text=True)
    if run.returncode:
        raise RuntimeError(run.stderr)
    for name, found in json.loads(run.stdout.splitlines()[-1]).items():
        response = np.array(found["re"]) + 1j * np.array(found["im"])
        rows.append(
            (name, found["rate_us"], worst(np.array(found["rate"]), exact),
             found["response_us"], worst(response, np.array(closed)))
        )  # fmt: skip
    return rows


def peer_lines():
    rows = peers()
    yield from (
        "## Beside NNMT",
        "",
        "The same 20 working points of `LIF(t_ref=0)`, mu in [0.4, 1.3] mV/ms and sigma in "
        "[1.5, 4] mV/sqrt(ms), and 10 frequencies from 1 Hz to 1 kHz. One thread, "
        "microseconds of processor time for a rate, of a batch of 20000, and for a frequency "
        "of the response. NNMT's response "
        "holds without a refractory period only. Errors against the closed "
        "forms with 40 digits (of the response by parabolic cylinder functions).",
        "",
        "| package | rate (us) | error | response (us) | error |",
        "|---|---|---|---|---|",
        *(f"| {n} | {a:.3g} | {b:.1e} | {c:.3g} | {d:.1e} |" for n, a, b, c, d in rows),
        "",
    )
    if len(rows) == 1:
        yield "NNMT is not installed (`make peers`): no comparison."


def published_lines():
    folder = os.environ.get("MEANFIELD_PUBLISHED")
    if not folder:
        print("MEANFIELD_PUBLISHED is not set: no comparison with published numbers")
        return
    yield from (
        "## Beside published numbers",
        "",
        "The numbers are read from where MEANFIELD_PUBLISHED points to; they are no part of "
        "the repository.",
        "",
        "| numbers | count | largest relative deviation | remark |",
        "|---|---|---|---|",
    )
    for source, count, deviation, remark in published.rows(Path(folder)):
        yield f"| {source} | {count} | {deviation:.1e} | {remark} |"


def lines():
    mu_range = "mu uniform in [-1, 4] mV/ms, sigma log-uniform in [0.3, 10] mV/sqrt(ms)"
    clock = (
        "by the clock"
        if QUIET
        else f"in processor time over {THREADS}, as the machine was busy"
    )
    yield from (
        "# Transfer functions: speed and accuracy",
        "",
        "`meanfield.integrate_and_fire` at tolerance 1e-6. One thread in processor time, "
        f"{THREADS} threads {clock}; best of five, warm. Written by `make bench`.",
        "",
        "## Rate and CV",
        "",
        f"{N} points, {mu_range}, the default parameters of each class (of the perfect "
        "integrator abs(mu)). Rate, CV and gain are computed together. Deviation: relative, "
        "from tolerance 1e-11, of what is above 1e-290.",
        "",
        f"| neuron | us a point, 1 thread | {THREADS} threads | rate | CV |",
        "|---|---|---|---|---|",
    )
    for name, one, many, rate, cv in stationary():
        yield f"| {name} | {one:.1f} | {many:.1f} | {rate:.1e} | {cv:.1e} |"
    yield from (
        "",
        "The leaky neuron against its closed form, at the same points, at tolerance 1e-6 and "
        "at the default of 1e-8:",
        "",
        "| quantity | 1e-6 | 1e-8 |",
        "|---|---|---|",
    )
    for name, *errors in closed_forms():
        yield "| {} | {:.1e} | {:.1e} |".format(name, *errors)
    yield from (
        "",
        "## Linear response",
        "",
        f"64 such points, {FREQUENCY.size} frequencies from 1 Hz to 1 kHz each; responses to "
        "mu and to sigma together. Deviation of the response to mu: from tolerance 1e-10, "
        "relative.",
        "",
        f"| neuron | us a frequency, 1 thread | {THREADS} threads | deviation |",
        "|---|---|---|---|",
    )
    for name, one, many, error in responses():
        yield f"| {name} | {one:.1f} | {many:.1f} | {error:.1e} |"
    yield ""
    yield from peer_lines()
    yield from published_lines()


def main() -> None:
    text = "\n".join(lines()).rstrip() + "\n"
    (ROOT / "docs" / "benchmarks" / "transfer.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
