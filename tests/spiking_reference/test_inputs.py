"""What WhiteNoise accepts."""

import numpy as np
import pytest

from spiking_reference import WhiteNoise


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"mu": np.nan}, "`mu` must be finite"),
        ({"sigma": -1.0}, "`sigma` must be finite and not negative"),
        ({"sigma": np.inf}, "`sigma` must be finite and not negative"),
        ({"mu": [1, 2], "sigma": [1, 2, 3]}, "must broadcast"),
        ({"correlation": 1.5}, "between -1 and 1"),
        ({"correlation": np.nan}, "between -1 and 1"),
        ({"correlation": [1.0, 0.5]}, "square"),
        ({"correlation": [[1.0, 0.5], [0.4, 1.0]]}, "symmetric"),
        ({"correlation": [[0.9, 0.5], [0.5, 1.0]]}, "ones on the diagonal"),
        (
            {"correlation": [[1.0, 0.9, -0.9], [0.9, 1.0, 0.9], [-0.9, 0.9, 1.0]]},
            "semidefinite",
        ),
    ],
)
def test_bad_drives(change, message):
    with pytest.raises(ValueError, match=message):
        WhiteNoise(**({"mu": 1.0, "sigma": 1.0} | change))


def test_correlation_must_fit_the_neurons():
    drive = WhiteNoise(mu=np.ones(3), sigma=1.0, correlation=-0.9)
    with pytest.raises(ValueError, match=r"at least -0\.5 for 3 neurons"):
        drive.correlation_matrices((3,))
    drive = WhiteNoise(mu=np.ones(3), sigma=1.0, correlation=np.eye(2))
    with pytest.raises(ValueError, match=r"\(\.\.\., 3, 3\)"):
        drive.correlation_matrices((3,))
    with pytest.raises(ValueError, match="last axis"):
        WhiteNoise(mu=1.0, sigma=1.0, correlation=0.1).correlation_matrices(())


def test_quantities_and_arrays_are_kept_safe():
    mu = np.array([1.0, 2.0])
    drive = WhiteNoise(mu=mu, sigma=1)
    mu[0] = 7.0
    assert drive.mu[0] == 1.0
    assert isinstance(drive.sigma, float)
    with pytest.raises(AttributeError):
        drive.sigma = 2.0
