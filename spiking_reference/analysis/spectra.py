"""Power spectra of spike trains and of the activity of populations."""

from typing import Any

import numpy as np

from meanfield.neurons import require

from ..arguments import number
from ..network_result import PopulationResult
from ..results import SpikeTrains
from .counts import Curve, activity_of, chosen, counts_of, n_bins

__all__ = ["activity_spectrum", "cross_spectrum", "spectrum"]

_BLOCK = 2**22  # numbers in the counts of the neurons that are transformed together


def spectrum(
    spikes: SpikeTrains, *, segment: float, bin: float = 1.0, neurons: Any = None
) -> Curve:
    r"""Power spectrum of single spike trains, averaged over neurons.

    Parameters
    ----------
    spikes : SpikeTrains
        Recorded spikes.
    segment : float
        Length of the segments [ms]: frequencies are resolved to 1.5/segment.
    bin : float, optional
        Width of the bins [ms]; frequencies reach 1/(2 bin).
    neurons : int or array_like of int, optional
        Neurons to look at; by default all that were recorded.

    Returns
    -------
    Curve
        Frequencies x [kHz], without 0, and densities [kHz].

    Raises
    ------
    TypeError, ValueError
        If there are no spikes recorded, or not four segments of four bins.

    Notes
    -----
    S(f) = lim <\|sum_k exp(-2 pi i f t_k)\|^2>/T, two-sided: a Poisson train of rate r has
    S = r, and r CV^2 is the limit of a renewal process at low frequency. Welch's method
    [1]_: segments that overlap by half, with Hann's window, less the mean rate of the
    whole record; the error is from the scatter of the segments' spectra, of which
    neighbours are correlated by 1/36, and holds for neurons of whatever correlation.

    Counting in bins filters all but the spikes' own, flat part r by
    sinc^2 = (sin(pi f bin)/(pi f bin))^2. The spectrum S_b of the counts is corrected
    for it: S = r + (S_b - r)/sinc^2. What power there is above 1/(2 bin) is folded back.

    References
    ----------
    .. [1] P. D. Welch, IEEE Trans. Audio Electroacoust. 15, 70 (1967),
       doi:10.1109/TAU.1967.1161901

    Examples
    --------
    >>> import numpy as np
    >>> from spiking_reference import SpikeTrains, spectrum
    >>> rng = np.random.default_rng(1)
    >>> trains = SpikeTrains(
    ...     times=np.sort(rng.uniform(0.0, 1e5, 2000)), neurons=np.zeros(2000, dtype=int),
    ...     t_start=0.0, t_stop=1e5, n_neurons=1,
    ... )
    >>> f, power, stderr = spectrum(trains, segment=1000.0)
    >>> round(float(power.mean()), 2)
    0.02
    """
    neurons = chosen(spikes, neurons)
    bins = n_bins(spikes, bin)
    step = max(1, _BLOCK // bins)
    blocks = [neurons[i : i + step] for i in range(0, neurons.size, step)]
    f, power, overlap, spikes_in = _sum_of_trains(spikes, blocks[0], bin, segment)
    for block in blocks[1:]:
        _, more, _, further = _sum_of_trains(spikes, block, bin, segment)
        power, spikes_in = power + more, spikes_in + further
    n, rate = neurons.size, spikes_in / (bins * bin * neurons.size)
    return _averaged(f, power / n, overlap, bin, rate)


def _sum_of_trains(spikes: SpikeTrains, neurons: np.ndarray, bin: float, segment: Any):
    """Frequencies, periodograms (f, segments) summed over trains, overlap, spikes."""
    counts = counts_of(spikes, neurons, bin)
    f, parts, overlap = _transformed(counts, bin, segment)
    return f, np.sum(np.abs(parts) ** 2, axis=0), overlap, int(counts.sum())


def activity_spectrum(
    population: PopulationResult | SpikeTrains,
    *,
    segment: float,
    bin: float | None = None,
) -> Curve:
    """Power spectrum of the activity of a population.

    Parameters
    ----------
    population : PopulationResult or SpikeTrains
        The activity of all neurons, or the spikes of those that were recorded.
    segment : float
        Length of the segments [ms].
    bin : float, optional
        Width of the bins [ms]; for a result a multiple of its `bin`, which is the
        default, for spikes 1 ms.

    Returns
    -------
    Curve
        Frequencies x [kHz], without 0, and densities [kHz].

    Raises
    ------
    TypeError, ValueError
        If there is no activity, or not four segments of four bins.

    Notes
    -----
    The activity is the rate of the mean neuron, (1/n) sum_ik delta(t - t_ik): n
    independent Poisson trains have S = r/n. Method and correction are those of
    `spectrum`, where r/n takes the place of r.

    Examples
    --------
    >>> import numpy as np
    >>> from spiking_reference import SpikeTrains, activity_spectrum
    >>> rng = np.random.default_rng(1)
    >>> trains = SpikeTrains(
    ...     times=rng.uniform(0.0, 1e4, 4000), neurons=np.repeat(np.arange(20), 200),
    ...     t_start=0.0, t_stop=1e4, n_neurons=20,
    ... )
    >>> f, power, stderr = activity_spectrum(trains, segment=500.0)
    >>> round(float(power.mean() * 20), 3)
    0.02
    """
    activity, width, n = activity_of(population, bin)
    f, parts, overlap = _transformed(activity / n, width, segment)
    rate = activity.mean() / (width * n)
    power = np.abs(parts) ** 2
    return _averaged(f, power, overlap, width, rate / n)


def cross_spectrum(
    a: PopulationResult | SpikeTrains,
    b: PopulationResult | SpikeTrains,
    *,
    segment: float,
    bin: float | None = None,
) -> Curve:
    """Cross spectrum of the activities of two populations.

    Parameters
    ----------
    a, b : PopulationResult or SpikeTrains
        Two populations of one simulation.
    segment, bin
        As for `activity_spectrum`.

    Returns
    -------
    Curve
        Frequencies x [kHz], complex densities [kHz], and as a complex number the errors
        of their real and imaginary parts.

    Raises
    ------
    TypeError, ValueError
        If bins differ, or there are not four segments of four bins.

    Notes
    -----
    S_ab(f) = lim <conj(A(f)) B(f)>/T of the activities (see `activity_spectrum`): where b
    follows a by tau, the phase is -2 pi f tau. It is divided by sinc^2, which is right
    for populations that share no neuron.

    Examples
    --------
    >>> import numpy as np
    >>> from spiking_reference import SpikeTrains, cross_spectrum
    >>> times = np.sort(np.random.default_rng(1).uniform(0.0, 1e5, 4000))
    >>> a, b = (
    ...     SpikeTrains(times=times + lag, neurons=np.zeros(4000, dtype=int),
    ...                 t_start=0.0, t_stop=1.1e5, n_neurons=1) for lag in (0.0, 5.0)
    ... )
    >>> f, power, _ = cross_spectrum(a, b, segment=200.0)
    >>> round(float(np.angle(power[9])), 1)  # at 0.05 kHz: -2 pi 0.05 5
    -1.6
    """
    (first, width, n_a), (second, other, n_b) = (activity_of(x, bin) for x in (a, b))
    same = width == other and first.size == second.size
    require(same, "bin", "and the duration must be the same for both", other)
    f, x, overlap = _transformed(first / n_a, width, segment)
    _, y, _ = _transformed(second / n_b, width, segment)
    products = np.conj(x) * y
    real = _averaged(f, np.real(products), overlap, width, 0.0)
    imag = _averaged(f, np.imag(products), overlap, width, 0.0)
    return Curve(f, real.value + 1j * imag.value, real.stderr + 1j * imag.stderr)


def _transformed(
    counts: np.ndarray, width: float, segment: Any
) -> tuple[np.ndarray, np.ndarray, float]:
    """Fourier transforms (..., f, segments) of counts in windows, scaled to densities.

    Also the frequencies, without 0, and the correlation of neighbouring periodograms.
    """
    from scipy.signal import spectrogram
    from scipy.signal.windows import hann

    length = round(number("segment", segment) / width)
    bins = counts.shape[-1]
    half = length // 2
    enough = length >= 4 and bins >= length + 3 * half
    longest = 2 * bins * width / 5
    words = f"must hold 4 bins of {width} ms and be at most {longest:.6g} ms"
    require(enough, "segment", words, segment)
    window = hann(length, sym=False)
    rate = (counts - counts.mean(axis=-1, keepdims=True)) / width
    f, _, parts = spectrogram(
        rate, 1.0 / width, "hann", nperseg=length, noverlap=length - half,
        detrend=False, mode="complex", scaling="density",
    )  # fmt: skip
    overlap = np.sum(window[half:] * window[: length - half]) / np.sum(window**2)
    return f[1:], parts[..., 1:, :], float(overlap**2)


def _averaged(
    f: np.ndarray, power: np.ndarray, overlap: float, width: float, flat: float
) -> Curve:
    """Mean over segments with its error, and the correction for the bins."""
    k = power.shape[-1]
    inflation = 1.0 + 2.0 * overlap * (k - 1) / k
    stderr = power.std(axis=-1, ddof=1) * np.sqrt(inflation / k)
    filtered = np.sinc(f * width) ** 2
    value = flat + (power.mean(axis=-1) - flat) / filtered
    return Curve(f, value, stderr / filtered)
