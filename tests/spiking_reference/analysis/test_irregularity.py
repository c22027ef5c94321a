"""Irregularity of gamma trains; see test_correlations for the false-alarm rate."""

import numpy as np
import pytest
from scipy.stats import beta

from spiking_reference import interval_cv, interval_cv2, local_variation
from tests.spike_trains import calibrated, gamma, trains


@pytest.mark.parametrize("shape", [1.0, 3.0])
def test_gamma_intervals(shape):
    """I/(I + I') of gamma intervals is Beta(k, k)."""
    found = gamma(np.random.default_rng(1), shape, 0.03, 6000.0, n=300)
    cv2 = beta(shape, shape).expect(lambda u: 2 * abs(2 * u - 1))
    for function, truth in (
        (interval_cv, shape**-0.5),
        (interval_cv2, cv2),
        (local_variation, 3 / (2 * shape + 1)),
    ):
        value, stderr = function(found)
        calibrated((value - truth) / stderr)


def test_slow_changes_of_the_rate_move_cv_and_not_cv2():
    rng = np.random.default_rng(2)
    unit = gamma(rng, 1.0, 0.03, 20000.0, n=20)
    warped = unit.times + 4000.0 * np.sin(unit.times * 2 * np.pi / 20000.0) / 2
    found = trains(warped, unit.neurons, 20000.0, 20)
    assert interval_cv(found).value.mean() > 1.15
    assert interval_cv2(found).value.mean() == pytest.approx(1.0, abs=0.02)
    assert local_variation(found).value.mean() == pytest.approx(1.0, abs=0.03)


def test_by_hand_and_few_spikes():
    times, neurons = [1, 2, 4, 5, 9, 3, 4, 10.0], [0] * 5 + [2] * 3
    found = trains(times, neurons, 20.0, 3)
    intervals = np.array([1.0, 2.0, 1.0, 4.0])
    cv = intervals.std(ddof=1) / intervals.mean()
    value = interval_cv(found).value
    assert value[0] == pytest.approx(cv, rel=0.5)  # and a correction of its bias
    assert np.isnan(value).tolist() == [False, True, False]
    assert interval_cv2(found).value[0] == pytest.approx(
        2 * (1 / 3 + 1 / 3 + 3 / 5) / 3
    )
    lv = local_variation(found, neurons=[0, 2])
    assert lv.value[0] == pytest.approx(3 * (1 / 9 + 1 / 9 + 9 / 25) / 3)
    assert np.isnan(lv.value[1])
