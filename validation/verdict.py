"""The verdict on a sweep: a family-wise test and an equivalence bound."""

import itertools
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from scipy.special import stdtrit

from .cases import Case
from .compare import LEVEL, Comparison, beyond, compare, ratio, two_sided
from .evaluate import Result
from .populations import PopulationCase
from .predict import QUANTITIES

__all__ = ["ALPHA", "Pooled", "Verdict", "judge"]

ALPHA = 0.01  # family-wise false-alarm rate
_MANY = 1e9  # degrees of freedom: the normal distribution


class Pooled(NamedTuple):
    """All cases of one quantity together: the mean relative difference.

    Clocked schemes are apart, and so is each layer, where the means over the layer stand
    for it: units of one network are not independent. quantity: its name; group: see
    `Comparison.group`; n: cases; mean, stderr: relative; below, above: the mean budget;
    worst: the equivalence bound that holds for every case; bound: the one for the mean.
    """

    quantity: str
    group: str
    n: int
    mean: float
    stderr: float
    below: float
    above: float
    worst: float
    bound: float

    @property
    def name(self) -> str:
        """Name of the quantity, with its group if there is one."""
        return f"{self.quantity}, {self.group}" if self.group else self.quantity

    @property
    def layered(self) -> bool:
        """Whether it is about layers."""
        return self.group.startswith("layer")

    def members(self, comparisons: Iterable[Comparison]) -> list[Comparison]:
        """Return those of `comparisons` that belong here."""
        mine = (self.quantity, self.group)
        return [c for c in comparisons if (c.quantity, c.group) == mine]

    @property
    def z(self) -> float:
        """Mean over standard error; the budget does not enter."""
        return ratio(self.mean, self.stderr)

    @property
    def p(self) -> float:
        """Two-sided probability of a mean so far beyond the budget."""
        outside = beyond(self.mean, self.below, self.above)
        return two_sided(ratio(outside, self.stderr), math.inf)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The outcome of a sweep.

    Parameters
    ----------
    comparisons : tuple of Comparison
        Tested and untested ones.
    pooled : tuple of Pooled
        One for each quantity that was tested, clocked schemes apart.
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
        return float(-stdtrit(_MANY, self.critical_p / 2))

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


def judge(
    results: Mapping[Case, Result],
    cases: Iterable[Case],
    *,
    failed: int = 0,
    alpha: float = ALPHA,
    predict: Callable[[Case], Any] | None = None,
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
        The theory; see `compare.compare`.

    Returns
    -------
    Verdict

    Notes
    -----
    The family has one test per case and quantity, and one per quantity for the mean
    relative difference, which finds a common bias too small for single cases. Sidak's
    levels hold for Gaussian estimates of any correlation [1]_; Holm's step-down [2]_
    says which tests fail at the same family-wise rate. Numbers of one recurrent network
    vary together: their errors are added up in the mean, not their squares. That *every*
    case agrees within x is established at a level if each does at that level
    (intersection-union test).

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
    groups = sorted({c.group for c in tested})
    for name, group in itertools.product(QUANTITIES, groups):
        mine = (name, group)
        members = [c for c in tested if (c.quantity, c.group) == mine]
        noisy = [c for c in members if c.stderr > 0 and c.whole]
        if not noisy:
            continue
        scale = np.array([c.scale for c in noisy])
        stderr = np.array([c.stderr for c in noisy]) / scale
        below = np.array([c.below for c in noisy]) / scale
        above = np.array([c.above for c in noisy]) / scale
        # Not 1/stderr^2 alone: one very precise case must not speak for all.
        weight = 1 / (stderr**2 + np.maximum(below, above) ** 2)
        weight /= weight.sum()
        mean = float(weight @ np.array([c.relative for c in noisy]))
        error = _error_of_mean(noisy, weight * stderr)
        yield Pooled(
            quantity=name,
            group=group,
            n=len(noisy),
            mean=mean,
            stderr=error,
            below=float(weight @ below),
            above=float(weight @ above),
            worst=max(c.bound for c in members),
            bound=abs(mean) + float(stdtrit(_MANY, LEVEL)) * error,
        )


def _error_of_mean(members: list[Comparison], errors: np.ndarray) -> float:
    """Add errors as independent, but those of one network as if fully correlated."""
    joint: dict[Any, float] = {}
    for i, (c, error) in enumerate(zip(members, errors, strict=True)):
        key = c.case if isinstance(c.case, PopulationCase) else i
        joint[key] = joint.get(key, 0.0) + float(error)
    return math.hypot(*joint.values())
