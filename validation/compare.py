"""Theory against simulation: z-scores, a family-wise test, and an equivalence bound."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from scipy.special import stdtr, stdtrit

from .cases import Case
from .evaluate import Result
from .predict import QUANTITIES, Allowance, Prediction, allowances, predict

__all__ = ["ALPHA", "Comparison", "Pooled", "Verdict", "compare", "judge"]

ALPHA = 0.01  # family-wise false-alarm rate
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
    """

    case: Case
    quantity: str
    theory: float
    value: float
    stderr: float
    df: int
    allowances: tuple[Allowance, ...]
    untested: str = ""

    @property
    def difference(self) -> float:
        """Simulation minus theory."""
        return self.value - self.theory

    @property
    def allowance(self) -> float:
        """Sum of the allowances."""
        return sum(a.size for a in self.allowances)

    @property
    def scale(self) -> float:
        """What relative differences refer to: the theory; for correlations the input's.

        So a difference of the output correlation is one of chi squared, which is
        between 0 and 1.
        """
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
        return _ratio(self.difference, self.stderr)

    @property
    def excess(self) -> float:
        """The part of the difference beyond the budget, over the standard error."""
        beyond = max(abs(self.difference) - self.allowance, 0.0)
        return _ratio(math.copysign(beyond, self.difference), self.stderr)

    @property
    def p(self) -> float:
        """Two-sided probability of such an excess if the theory holds (Student t)."""
        return _two_sided(self.excess, self.df)

    @property
    def bound(self) -> float:
        """Smallest x for which |relative difference| < x at the level `LEVEL`."""
        margin = float(stdtrit(self.df, LEVEL)) * self.stderr if self.stderr else 0.0
        return abs(self.relative) + (margin / self.scale if self.scale else margin)


class Pooled(NamedTuple):
    """All cases of one quantity together: the mean relative difference.

    quantity: its name; n: comparisons; mean, stderr, allowance: relative; worst: the
    equivalence bound that holds for every case; bound: the one for the mean.
    """

    quantity: str
    n: int
    mean: float
    stderr: float
    allowance: float
    worst: float
    bound: float

    @property
    def z(self) -> float:
        """Mean over standard error; the budget does not enter."""
        return _ratio(self.mean, self.stderr)

    @property
    def p(self) -> float:
        """Two-sided probability of a mean so far beyond the budget."""
        beyond = max(abs(self.mean) - self.allowance, 0.0)
        return _two_sided(_ratio(beyond, self.stderr), math.inf)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The outcome of a sweep.

    Parameters
    ----------
    comparisons : tuple of Comparison
        Tested and untested ones.
    pooled : tuple of Pooled
        One for each quantity that was tested.
    missing, failed : int
        Cases without a result, and those of them that failed.
    alpha : float
        Probability that a correct theory is rejected, for the family of all tests.
    """

    comparisons: tuple[Comparison, ...]
    pooled: tuple[Pooled, ...]
    missing: int = 0
    failed: int = 0
    alpha: float = ALPHA

    @property
    def tested(self) -> tuple[Comparison, ...]:
        """Comparisons that are part of the family of tests."""
        return tuple(c for c in self.comparisons if not c.untested)

    @property
    def n_tests(self) -> int:
        """Size of the family: the comparisons, and one pooled test per quantity."""
        return len(self.tested) + len(self.pooled)

    @property
    def critical_p(self) -> float:
        """Below this p (Sidak) the smallest of all p-values rejects the theory."""
        return -math.expm1(math.log1p(-self.alpha) / max(self.n_tests, 1))

    @property
    def critical_z(self) -> float:
        """The same as a number of standard errors, with many degrees of freedom."""
        return float(-stdtrit(1e9, self.critical_p / 2))

    @property
    def rejected(self) -> tuple[Comparison | Pooled, ...]:
        """What disagrees: Holm's step-down with Sidak's levels, worst first."""
        family = sorted((*self.tested, *self.pooled), key=lambda c: c.p)
        for i, member in enumerate(family):
            level = -math.expm1(math.log1p(-self.alpha) / (len(family) - i))
            if not member.p < level:
                return tuple(family[:i])
        return tuple(family)

    @property
    def status(self) -> int:
        """Exit status: 0 agree, 1 disagree, 2 could not tell."""
        if self.rejected:
            return 1
        return 2 if self.missing or not self.tested else 0

    @property
    def sentence(self) -> str:
        """The verdict in words."""
        if self.rejected:
            number = len(self.rejected)
            return (
                f"Theory and simulation disagree in {number} of {self.n_tests} tests."
            )
        if self.status == 2:
            return f"No verdict; cases without a result: {self.missing}."
        return f"Theory and simulation agree in all {self.n_tests} tests."


def compare(
    case: Case,
    result: Result,
    *,
    predict: Callable[[Case], Prediction] = predict,
) -> list[Comparison]:
    """Compare every quantity of one case.

    Parameters
    ----------
    case : Case
    result : Result
    predict : callable, optional
        The theory.

    Returns
    -------
    list of Comparison
        For single neurons without the correlation.
    """
    prediction = predict(case)
    budget = allowances(case, prediction)
    found = []
    for name in QUANTITIES:
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
        found.append(_marked(comparison, result))
    return found


def _marked(comparison: Comparison, result: Result) -> Comparison:
    """Say why a comparison cannot be a test, where it cannot."""
    numbers = (comparison.theory, comparison.value, comparison.stderr)
    if comparison.case.sigma > 0 and result.spikes < _FEWEST_SPIKES:
        why = f"only {result.spikes} spikes; {_FEWEST_SPIKES} are needed"
    elif any(math.isnan(x) for x in numbers):
        why = "undefined for this case"
    elif comparison.allowance > _LARGEST_ALLOWANCE * comparison.scale > 0:
        why = "the theory-error budget is more than half of it; use a longer window"
    else:
        return comparison
    return replace(comparison, untested=why)


def judge(
    results: Mapping[Case, Result],
    cases: Iterable[Case],
    *,
    failed: int = 0,
    alpha: float = ALPHA,
    predict: Callable[[Case], Prediction] = predict,
) -> Verdict:
    """Compare all cases and return the verdict.

    Parameters
    ----------
    results : mapping of Case to Result
        Those that are finished.
    cases : iterable of Case
        All that were asked for.
    failed : int
        How many of those without a result failed.
    alpha : float
        Family-wise false-alarm rate.
    predict : callable, optional
        The theory.

    Returns
    -------
    Verdict

    Notes
    -----
    The family has one test per case and quantity, and one per quantity for the mean
    relative difference, which finds a common bias too small for single cases. Sidak's
    levels hold for Gaussian estimates of any correlation [1]_; Holm's step-down [2]_
    says which tests fail at the same family-wise rate. That *every* case agrees within
    x is established at a level if each does at that level (intersection-union test).

    References
    ----------
    .. [1] Z. Sidak, J. Am. Stat. Assoc. 62, 626 (1967), doi:10.2307/2283989
    .. [2] S. Holm, Scand. J. Stat. 6, 65 (1979)
    """
    cases = list(cases)
    comparisons = [
        comparison
        for case in cases
        if case in results
        for comparison in compare(case, results[case], predict=predict)
    ]
    return Verdict(
        comparisons=tuple(comparisons),
        pooled=tuple(_pool(comparisons)),
        missing=sum(case not in results for case in cases),
        failed=failed,
        alpha=alpha,
    )


def _pool(comparisons: Iterable[Comparison]) -> Iterable[Pooled]:
    tested = [c for c in comparisons if not c.untested]
    for name in QUANTITIES:
        members = [c for c in tested if c.quantity == name]
        noisy = [c for c in members if c.stderr > 0]
        if not noisy:
            continue
        scale = np.array([c.scale for c in noisy])
        stderr = np.array([c.stderr for c in noisy]) / scale
        allowance = np.array([c.allowance for c in noisy]) / scale
        # Not 1/stderr^2 alone: one very precise case must not speak for all.
        weight = 1 / (stderr**2 + allowance**2)
        weight /= weight.sum()
        mean = float(weight @ np.array([c.relative for c in noisy]))
        error = float(np.sqrt(weight**2 @ stderr**2))
        yield Pooled(
            quantity=name,
            n=len(noisy),
            mean=mean,
            stderr=error,
            allowance=float(weight @ allowance),
            worst=max(c.bound for c in members),
            bound=abs(mean) + float(stdtrit(1e9, LEVEL)) * error,
        )


def _ratio(difference: float, stderr: float) -> float:
    """Difference over error; exact agreement is 0, exact disagreement infinite."""
    if stderr > 0:
        return difference / stderr
    return math.copysign(math.inf, difference) if difference else 0.0


def _two_sided(z: float, df: float) -> float:
    if math.isinf(z):
        return 0.0
    return float(2 * stdtr(min(df, 1e9), -abs(z)))
