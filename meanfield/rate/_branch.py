"""One branch of fixed points, by pseudo-arclength continuation."""

from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import brentq

from ._curve import Curve
from ._model import Spectrum

_LEAST_STEP = 1e-9
_SAME = 1e-12  # of the span: values of the parameter that are the same
_GUARD = 0.3  # largest correction, of the step
_TURN = np.cos(0.25)  # largest angle between two tangents
_MOST_POINTS = 20_000
_CLOSE_LOOK = 1e-4  # of the longest step: to tell branches that cross from near ones
_ZERO = 1e-6  # relative: an eigenvalue above it at a located zero was a jump


@dataclass
class Event:
    """Something found between two points of a branch."""

    kind: str
    z: np.ndarray
    eigenvalues: Spectrum


@dataclass
class Trace:
    """A branch in one direction."""

    z: list[np.ndarray] = field(default_factory=list)
    eigenvalues: list[Spectrum] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    crossings: list[np.ndarray] = field(default_factory=list)
    end: str = ""


def trace(
    curve: Curve, z: np.ndarray, t: np.ndarray, targets: np.ndarray, longest: float
) -> Trace:
    """Follow the curve from z along t; land on each p of `targets`, stop at the ends."""
    walk = _Walk(curve, z, t, targets, longest)
    while not walk.trace.end:
        walk.advance()
    return walk.trace


class _Walk:
    def __init__(self, curve: Curve, z, t, targets, longest: float):
        self.curve, self.z, self.t = curve, z, t
        self.first = z, t
        self.targets, self.longest = targets, longest
        self.step = 0.1 * longest
        curve.prepare(z)
        self.above = curve.input(z)[0] > 0
        values = curve.eigenvalues(z, self.above)
        self.trace = Trace([z], [values], [], [z])

    def advance(self) -> None:
        """Make one step, or a smaller one where that fails."""
        if len(self.trace.z) >= _MOST_POINTS:
            self.trace.end = "too many points"
            return
        kink = self._next_kink()
        if kink is not None and self._turn_corner(*kink):
            return
        landing = self._next_target()
        if landing is None:
            normal, start = self.t, self.z + self.step * self.t
        else:  # in the plane of this p
            normal = np.append(np.zeros(self.curve.n), 1.0)
            length = (landing - self.z[-1]) / self.t[-1]
            start = self.z + length * self.t
            start[-1] = landing
        length = np.linalg.norm(start - self.z)
        corrected = self.curve.correct(start, normal)
        if corrected is not None and landing is not None:
            corrected[0][-1] = landing
        if corrected is None or not self._accept(*corrected, start, length, landing):
            self.step *= 0.5
            if self.step < _LEAST_STEP:
                self.trace.end = "the step became too small"

    def _next_target(self) -> float | None:
        """Return the p/span of the target that the next step would pass."""
        here, ahead = self.z[-1], self.z[-1] + self.step * self.t[-1]
        between = (self.targets - here) * np.sign(self.t[-1])
        near = (between > _SAME) & (between <= abs(ahead - here) + _SAME)
        if not near.any():
            return None
        return float(self.targets[near][np.argmin(between[near])])

    def _next_kink(self) -> tuple[int, float] | None:
        """Return the population that the next step takes over its kink, and how far."""
        curve = self.curve
        if not curve.kinked.any():
            return None
        total, by_r, by_p = curve.input(self.z)
        speed = by_r @ (self.t[:-1] * curve.scale) + by_p * curve.width * self.t[-1]
        with np.errstate(divide="ignore", invalid="ignore"):
            distance = -total / speed
        leaving = np.where(self.above, speed < 0, speed > 0)
        ahead = curve.kinked & leaving & (distance <= 1.2 * self.step)
        if not ahead.any():
            return None
        k = int(np.flatnonzero(ahead)[np.argmin(distance[ahead])])
        return k, max(float(distance[k]), 0.0)

    def _turn_corner(self, k: int, distance: float) -> bool:
        """Go exactly to the kink of population k, and on along the other side."""
        curve = self.curve
        z = curve.at_kink(self.z + distance * self.t, k, self.above)
        if z is None:
            return False
        moved = self.t @ (z - self.z)
        close = np.linalg.norm(z - self.z - moved * self.t) <= _GUARD * self.step
        if not (close and -1e-9 <= moved <= 1.5 * self.step):
            return False
        if self._beyond(z[-1], self.z[-1]):
            return False
        above = self.above.copy()
        above[k] = not above[k]
        curve.prepare(z)
        t = curve.tangent(z, self.t, above)
        _, by_r, by_p = curve.input(z)
        speed = by_r[k] @ (t[:-1] * curve.scale) + by_p[k] * curve.width * t[-1]
        if (speed > 0) != above[k]:
            t = -t
        turned = t[-1] * self.t[-1] < 0
        values = curve.eigenvalues(z, above)
        self.trace.events.append(Event("fold" if turned else "border", z, values))
        self._append(z, values)
        self.z, self.t, self.above = z, t, above
        self._landed(z, t)
        return True

    def _beyond(self, new: float, old: float) -> bool:
        """Whether a target lies between."""
        low, high = min(new, old) + _SAME, max(new, old) - _SAME
        return bool(((self.targets > low) & (self.targets < high)).any())

    def _accept(self, z, iterations, start, length, landing) -> bool:
        curve = self.curve
        if np.linalg.norm(z - start) > _GUARD * length or iterations > 8:
            return False
        if landing is None and self._beyond(z[-1], self.z[-1]):
            return False
        above = curve.input(z)[0] > 0
        if np.any(curve.kinked & (above != self.above)):
            if not self._grazed(z):
                return False
            above = self.above
        curve.prepare(z)
        t = curve.tangent(z, self.t)
        if t @ self.t < _TURN:
            return False
        values = curve.eigenvalues(z)
        if not self._events(z, t, values, length):
            return False
        self._append(z, values)
        turn = t @ self.t
        self.z, self.t, self.above = z, t, above
        most = self.longest * (1.0 + np.abs(z[:-1]).max())
        if iterations <= 4 and turn > np.cos(0.12):
            self.step = min(1.6 * self.step, most)
        self._landed(z, t)
        return True

    def _grazed(self, z: np.ndarray) -> bool:
        """Whether the only kinks passed are touched within rounding."""
        total = self.curve.input(z)[0]
        passed = self.curve.kinked & ((total > 0) != self.above)
        return bool(
            np.all(np.abs(total[passed]) <= 1e-13 * (1.0 + np.abs(total).max()))
        )

    def _append(self, z: np.ndarray, values: np.ndarray) -> None:
        self.trace.z.append(z)
        self.trace.eigenvalues.append(values)

    def _landed(self, z: np.ndarray, t: np.ndarray) -> None:
        if np.abs(self.targets - z[-1]).min() > _SAME:
            return
        first, along = self.first
        if np.abs(z - first).max() <= 1e-7 * (1.0 + np.abs(z).max()) and t @ along > 0:
            self.trace.end = "closed"
            return
        self.trace.crossings.append(z)
        if not self.targets[0] + _SAME < z[-1] < self.targets[-1] - _SAME:
            self.trace.end = "end of the span"

    def _events(self, z, t, values, length) -> bool:
        """Locate what lies between; False if a shorter step is needed to tell."""
        old = self.trace.eigenvalues[-1]
        before, after = (int((v.real > 0).sum()) for v in (old, values))
        change, turned = abs(after - before), t[-1] * self.t[-1] < 0
        if not change and not turned:
            return True
        generic = (turned and change == 1) or (not turned and change == 2)
        if not generic and length > _CLOSE_LOOK * self.longest:
            return False  # branches that cross, or a jump between two that nearly do
        found = []
        if turned:
            found.append(("fold" if change == 1 else "branch point", self._tangent_p))
        else:

            def real_part(point):
                return self.curve.eigenvalues(point).real[min(before, after)]

            found.append(("Hopf" if change == 2 else "branch point", real_part))
        for kind, function in found:
            event = self._locate(kind, function, z, length)
            if event is None:
                return False
            self.trace.events.append(event)
        return True

    def _tangent_p(self, point: np.ndarray) -> float:
        return float(self.curve.tangent(point, self.t)[-1])

    def _locate(self, kind, function, z, length) -> Event | None:
        """Find the zero of `function` from here to z, in planes normal to the tangent."""
        curve, points = self.curve, {}
        whole = self.t @ (z - self.z)

        def value(s: float) -> float:
            found = curve.correct(self.z + s * self.t, self.t)
            if found is None:
                return np.nan
            points[s] = found[0]
            return function(found[0])

        ends = function(self.z), function(z)
        points[0.0], points[whole] = self.z, z
        if not ends[0] * ends[1] < 0:
            return None
        known = {0.0: ends[0], whole: ends[1]}
        try:
            s = brentq(lambda s: known.get(s) or value(s), 0.0, whole, xtol=1e-300,
                       rtol=4 * np.finfo(float).eps)  # fmt: skip
        except ValueError:  # a NaN: the corrector failed
            return None
        point = points[s]
        if abs(function(point)) > _ZERO * max(abs(ends[0]), abs(ends[1])):
            return None  # the corrector jumped to another branch
        values = curve.eigenvalues(point)
        if (
            kind == "Hopf"
            and np.abs(values[np.argmin(np.abs(values.real))].imag) <= 1e-9
        ):
            kind = "branch point"
        return Event(kind, point, values)
