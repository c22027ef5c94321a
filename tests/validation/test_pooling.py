import numpy as np

from validation.pooling import Sums, interval_sums, jackknife, statistics

PROPERTIES = {"centre": 10.0, "duration": 4000.0, "window": 100.0}


def gamma_renewal(rng, shape, mean, replicas, duration, window):
    """Rows of an equilibrium gamma renewal process, by its definition."""
    columns = []
    for _ in range(replicas):
        n = int(2 * duration / mean + 100)
        intervals = rng.gamma(shape, mean / shape, n)
        times = np.cumsum(intervals) - 20 * mean
        opened = (times[:-1] >= 0) & (times[:-1] < duration)
        x = intervals[1:][opened]
        counts = np.histogram(times, np.arange(0, duration + 1e-9, window))[0]
        moments = np.array([x.size, 3.0, *(((x - 3.0) ** p).sum() for p in (1, 2, 3))])
        columns.append(
            (
                1.0,
                opened.sum(),
                *interval_sums(moments, PROPERTIES["centre"]),
                counts.var(ddof=1) / window,
                0.0,
                0.0,
            )
        )
    return Sums(*np.array(columns, dtype=float).T)


def test_renewal_process_with_known_statistics():
    # 3 shapes x 4 quantities at |z| < 4: a false alarm in 1 of 1300 seeds.
    rng = np.random.default_rng(5)
    for shape in (0.5, 1.0, 6.0):
        rows = gamma_renewal(rng, shape, 8.0, 300, 4000.0, 100.0)
        found = {
            m.name: m for m in jackknife(rows, lambda s: statistics(s, **PROPERTIES))
        }
        cv = shape**-0.5
        exact = {"rate": 1 / 8, "cv": cv, "std": cv / 8**0.5, "fano": cv**2}
        for name, value in exact.items():
            assert abs(found[name].value - value) < 4 * found[name].stderr, name
        # The uncorrected Fano factor differs by what the correction takes away.
        excess = 1 / 6 + cv**4 / 2 - 2 * cv**4 / 3
        window = found["fano_window"].value - found["fano"].value
        assert abs(window - excess * (1 + 1 / 40) * 8 / 100) < 0.1 * abs(excess) + 1e-3


def test_errors_are_those_of_repetitions():
    rng = np.random.default_rng(6)
    runs = [
        jackknife(
            gamma_renewal(rng, 2.0, 8.0, 32, 400.0, 100.0),
            lambda s: statistics(s, centre=10.0, duration=400.0, window=100.0),
        )
        for _ in range(150)
    ]
    for i in range(4):
        values = np.array([run[i].value for run in runs])
        stated = np.sqrt(np.mean([run[i].stderr ** 2 for run in runs]))
        # The SD of 150 values is known to 6 %.
        assert abs(values.std() / stated - 1) < 0.25, runs[0][i].name


def test_few_spikes_do_not_favour_short_intervals():
    # Poisson, on average 1.5 spikes to a replica: an average of CVs or of mean
    # intervals over replicas would be off by tens of percent.
    rng = np.random.default_rng(7)
    rows = gamma_renewal(rng, 1.0, 100.0, 20000, 150.0, 37.5)
    found = {
        m.name: m
        for m in jackknife(
            rows, lambda s: statistics(s, centre=10.0, duration=150.0, window=37.5)
        )
    }
    assert abs(found["cv"].value - 1) < 4 * found["cv"].stderr
    assert found["cv"].stderr < 0.01
    assert abs(found["rate"].value * 100 - 1) < 0.03


def test_jackknife_removes_bias_and_survives_empty_replicas():
    rng = np.random.default_rng(8)
    rows = Sums(*np.ones((9, 12)))._replace(
        spikes=rng.poisson(1.0, (12,)).astype(float)
    )
    square = jackknife(rows, lambda s: {"q": (s.spikes / s.neurons) ** 2})[0]
    # Exact: the unbiased estimate of a squared mean is mean^2 - s^2/n.
    x = rows.spikes
    assert np.isclose(square.value, x.mean() ** 2 - x.var(ddof=1) / 12)
