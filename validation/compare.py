"""One quantity of one case: theory against simulation, in standard errors."""

import cmath
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from scipy.special import stdtr, stdtrit

from .cases import Case
from .chain import Key, layer_allowances, points, predict_layers
from .evaluate import Result
from .forecasts import Forecast, forecasts
from .layered import measurement_name
from .networks import LayeredCase
from .population_forecasts import population_forecasts
from .populations import PopulationCase
from .predict import Allowance, Prediction, allowances
from .predict import predict as _predict
from .singles import NeuronCase

__all__ = ["LEVEL", "Comparison", "beyond", "compare", "ratio", "two_sided"]

LEVEL = 0.99  # of the equivalence statement
_FEWEST_SPIKES = 100
_LARGEST_ALLOWANCE = 0.5  # in units of the scale


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One quantity of one case.

    Parameters
    ----------
    case : Case
    quantity : str
        One of `predict.QUANTITIES`.
    theory, value, stderr : float
        Prediction, estimate and standard error, in the quantity's unit.
    df : int
        Degrees of freedom of the standard error.
    allowances : tuple of Allowance
        The theory-error budget.
    untested : str
        Why it is not tested; empty if it is.
    layer : int
        Number of the layer, from 1; 0 for single neurons and pairs.
    unit : str
        Unit or pair of units of the layer, or "mean"; of single neurons the frequency
        with its unit, if there is one; of networks populations, and frequency or time.
    approximation : str
        The theory, where there are several.
    reference : float, optional
        What relative differences refer to; by default see `scale`.
    """

    case: Case
    quantity: str
    theory: float
    value: float
    stderr: float
    df: int
    allowances: tuple[Allowance, ...]
    untested: str = ""
    layer: int = 0
    unit: str = ""
    approximation: str = ""
    reference: float | None = None

    @property
    def group(self) -> str:
        """What is pooled apart: clocked schemes, each layer, and each theory."""
        if self.layer:
            return f"layer {self.layer}"
        return "clocked" if self.case.clocked else self.approximation

    @property
    def whole(self) -> bool:
        """Whether it stands for its case, not for one unit of many."""
        return not self.layer or self.unit == "mean"

    @property
    def place(self) -> str:
        """Layer and unit, or frequency, in words; empty if there is none."""
        if not self.layer:
            return self.unit
        kind = "pair " if "," in self.unit else "" if self.whole else "unit "
        return f"layer {self.layer}, {kind}{self.unit}"

    @property
    def difference(self) -> float:
        """Simulation minus theory."""
        return self.value - self.theory

    @property
    def below(self) -> float:
        """How far below the theory the budget lets the simulation be."""
        return sum(a.below for a in self.allowances)

    @property
    def above(self) -> float:
        """How far above the theory the budget lets the simulation be."""
        return sum(a.above for a in self.allowances)

    @property
    def scale(self) -> float:
        """What relative differences refer to: the theory; for correlations the input's.

        So a difference of the output correlation is one of chi squared, which is
        between 0 and 1.
        """
        if self.reference is not None:
            return self.reference
        if self.quantity == "correlation":
            return abs(self.case.correlation)
        return abs(self.theory)

    @property
    def relative(self) -> float:
        """Difference over scale."""
        return self.difference / self.scale if self.scale else self.difference

    @property
    def z(self) -> float:
        """Difference over standard error; the budget does not enter."""
        return ratio(self.difference, self.stderr)

    @property
    def excess(self) -> float:
        """The part of the difference beyond the budget, over the standard error."""
        return ratio(beyond(self.difference, self.below, self.above), self.stderr)

    @property
    def p(self) -> float:
        """Two-sided probability of such an excess if the theory holds (Student t)."""
        return two_sided(self.excess, self.df)

    @property
    def bound(self) -> float:
        """Smallest x for which |relative difference| < x at the level `LEVEL`."""
        margin = float(stdtrit(self.df, LEVEL)) * self.stderr if self.stderr else 0.0
        return abs(self.relative) + (margin / self.scale if self.scale else margin)


def compare(
    case: Case,
    result: Result,
    *,
    predict: Callable[[Case], Any] | None = None,
) -> list[Comparison]:
    """Compare every quantity of one case.

    Parameters
    ----------
    case : Case
    result : Result
    predict : callable, optional
        The theory: stands in for `predict.predict`, for `chain.predict_layers`, for
        `forecasts.forecasts`, or for `population_forecasts.population_forecasts`.

    Returns
    -------
    list of Comparison
        For single neurons without the correlation; for layers, of every unit and pair
        that is compared, and of the means over each layer; for a `NeuronCase` and a
        `PopulationCase`, by every theory that applies.
    """
    if isinstance(case, LayeredCase):
        return list(_compare_layers(case, result, predict or predict_layers))
    if isinstance(case, NeuronCase | PopulationCase):
        found = predict(case) if predict else _forecasts(case)
        return [_compare_forecast(case, result, forecast) for forecast in found]
    prediction = (predict or _predict)(case)
    budget = allowances(case, prediction)
    found = []
    for name in Prediction._fields:
        if name == "correlation" and not case.correlation:
            continue
        _, value, stderr, df = result[name]
        comparison = Comparison(
            case=case,
            quantity=name,
            theory=getattr(prediction, name),
            value=value,
            stderr=stderr,
            df=df,
            allowances=budget[name],
        )
        found.append(_marked(comparison, result.spikes))
    return found


def _compare_layers(
    case: LayeredCase, result: Result, predict: Callable[..., Any]
) -> Iterator[Comparison]:
    theory = {
        key: float(value)
        for layer, moments in enumerate(predict(case), 1)
        for key, value in points(layer, moments.mean, moments.cov, case.units)
    }
    measured = {m.name: m for m in result.measurements}
    for key, terms in layer_allowances(case).items():
        _, value, stderr, df = measured[measurement_name(*key)]
        quantity, layer, unit = key
        comparison = Comparison(
            case=case,
            quantity=quantity,
            theory=theory[key],
            value=value,
            stderr=stderr,
            df=df,
            allowances=tuple(Allowance(why, low, high) for why, low, high in terms),
            layer=layer,
            unit=unit,
            reference=_pair_scale(theory, key) if "," in unit else None,
        )
        rates = [
            measured[measurement_name("rate", layer, one)].value
            for one in unit.split(",")
        ]
        yield _marked(comparison, round(min(rates) * result.replicas * case.duration))


def _forecasts(case: NeuronCase | PopulationCase) -> Iterator[Forecast]:
    if isinstance(case, NeuronCase):
        return forecasts(case)
    return population_forecasts(case)


def _compare_forecast(case: Case, result: Result, made: Forecast) -> Comparison:
    """Compare one number.

    A response N is turned by the phase of the predicted N0, so that both parts are linear
    in what was measured: gain Re(N/N0) abs(N0), and phase arg N0 + Im(N/N0).
    """
    quantity, theory, reference = made.quantity, made.value, made.reference
    if quantity in ("gain", "phase"):
        real, imag = (result[f"{part} {made.of}"] for part in ("real", "imag"))
        size, angle = cmath.polar(theory)
        turned = complex(real.value, imag.value) * cmath.rect(1.0, -angle)
        along, across = math.cos(angle), math.sin(angle)
        if quantity == "phase":
            along, across = across, along
        theory, value = size, turned.real
        stderr, df = math.hypot(real.stderr * along, imag.stderr * across), real.df
        if quantity == "phase":
            theory, value, stderr = angle, angle + turned.imag / size, stderr / size
            reference = 1.0
    else:
        _, value, stderr, df = result[f"{quantity} {made.of}".strip()]
    comparison = Comparison(
        case=case,
        quantity=quantity,
        theory=float(theory.real),
        value=value,
        stderr=stderr,
        df=df,
        allowances=made.allowances,
        unit=made.shown,
        approximation=made.theory,
        reference=reference,
    )
    return _marked(comparison, result.spikes)


def _pair_scale(theory: dict[Key, float], key: Key) -> float:
    """Geometric mean of the variances: differences are those of a correlation."""
    _, layer, unit = key
    i, j = (theory["variance", layer, one] for one in unit.split(","))
    return math.sqrt(i * j)


def _marked(comparison: Comparison, spikes: int) -> Comparison:
    """Say why a comparison, to which so many spikes contribute, cannot be a test."""
    most = _LARGEST_ALLOWANCE * comparison.scale
    numbers = (comparison.theory, comparison.value, comparison.stderr)
    if comparison.case.noisy and spikes < _FEWEST_SPIKES:
        why = f"only {spikes} spikes; {_FEWEST_SPIKES} are needed"
    elif any(math.isnan(x) for x in numbers):
        why = "undefined for this case"
    elif max(comparison.below, comparison.above) > most > 0:
        why = "the theory-error budget is more than half of it; " + _remedy(comparison)
    else:
        return comparison
    return replace(comparison, untested=why)


def _remedy(comparison: Comparison) -> str:
    if not (comparison.layer or comparison.approximation):
        return "use a longer window"
    largest = max(comparison.allowances, key=lambda a: max(a.below, a.above))
    return f"most of it is {largest.reason}"


def beyond(difference: float, below: float, above: float) -> float:
    """Return the part of a difference that is not within [-below, above].

    Examples
    --------
    >>> beyond(3.0, 1.0, 1.0), beyond(-3.0, 1.0, 1.0), beyond(0.5, 1.0, 1.0)
    (2.0, -2.0, 0.0)
    """
    return max(difference - above, 0.0) + min(difference + below, 0.0)


def ratio(difference: float, stderr: float) -> float:
    """Return difference over error; exact agreement is 0, exact disagreement infinite."""
    if stderr > 0:
        return difference / stderr
    return math.copysign(math.inf, difference) if difference else 0.0


def two_sided(z: float, df: float) -> float:
    """Return the two-sided probability of Student's t; infinitely many errors off is 0."""
    if math.isinf(z):
        return 0.0
    return float(2 * stdtr(min(df, 1e9), -abs(z)))
