"""Fixed points of many populations: Newton's method from many starts, deflated."""

import numpy as np

from ._integrate import integrate
from ._model import RateModel, apply, input_of

_STEPS = 60
_SHRINK = (0.5, 0.25, 0.1, 0.03, 0.01)  # of a step that does not help
_CLOSE = 1e-8  # relative distance of states that are the same
_NEAR = 1e-2  # within which two may be one of higher order: f(W r + X) = r between them
_ROUNDING = 64.0 * np.finfo(float).eps
_WORK = 2e8  # numbers in the matrices of a round


def newton(
    model: RateModel,
    starts: np.ndarray,
    known: np.ndarray | None = None,
    *,
    keep: bool = False,
) -> np.ndarray:
    """Damped Newton from all starts (B, n) at once; return what converged.

    With `known` states the steps are deflated; with `keep`, starts are roots already up to
    rounding, and all are returned, improved where that succeeds.
    """
    rate = np.array(starts, float)
    residual, size = _residual(model, rate)
    going = np.flatnonzero(np.isfinite(size))
    for _ in range(8 if keep else _STEPS):
        here, now, best = rate[going], residual[going], size[going]
        step = _step(model, here, now)
        if known is not None and len(known):
            step *= _deflation(here, step, known)[:, None]
        new = here + step
        new_residual, new_size = _residual(model, new)
        for shrink in () if known is not None else _SHRINK:
            worse = ~(new_size < best)
            if not worse.any():
                break
            new[worse] = here[worse] + shrink * step[worse]
            new_residual[worse], new_size[worse] = _residual(model, new[worse])
        accept = np.isfinite(new_size) & ((new_size < best) | (not keep))
        chosen = going[accept]
        rate[chosen], residual[chosen] = new[accept], new_residual[accept]
        size[chosen] = new_size[accept]
        scale = np.abs(rate[going]).max(axis=-1)
        done = (size[going] <= 1e-15 * scale) | ~np.isfinite(new_size)
        done |= np.abs(step).max(axis=-1) <= 1e-14 * scale
        going = going[~(done | (keep & ~accept))]
        if not going.size:
            break
    rate = with_exact_tails(model, rate)
    if keep:
        return rate
    residual, size = _residual(model, rate)
    return rate[size <= 1e-11 * (np.abs(rate).max(axis=-1) + 1e-300)]


def with_exact_tails(model: RateModel, rate: np.ndarray) -> np.ndarray:
    """Give rates that hardly feed back a precision relative to themselves: r = f(I)."""
    total = input_of(model, rate)
    with np.errstate(invalid="ignore", over="ignore"):
        gain = apply(model.f, total, "_slope") * np.abs(model.W).sum(axis=1)
        return np.where(gain < 1e-3, apply(model.f, total), rate)


def search(
    model: RateModel,
    low: np.ndarray,
    high: np.ndarray,
    starts: int,
    generator: np.random.Generator,
    rounds: int = 8,
    known: list[np.ndarray] | None = None,
) -> tuple[list[np.ndarray], bool, str]:
    """States found from random starts, until a round of them finds nothing new."""
    count = int(max(8, min(starts, _WORK / model.n**3)))
    found = np.array(known or []).reshape(-1, model.n)
    hits = np.ones(len(found), int)
    total, index = 0, 0
    saturates = bool(saturating(model).all())
    for k in range(rounds):
        first = _starts(model, low, high, count, generator)
        if k % 2 == 0:
            first[: count // 4] = _relaxed(model, first[: count // 4])
        before = len(found)
        ends = [newton(model, first)]
        if before:
            ends.append(newton(model, first[: count // 2], found))
        states = np.concatenate(ends)
        inside = ((states >= low - 1e-9) & (states <= high + 1e-9)).all(axis=1)
        found, hits = collect(model, states[inside], found, hits)
        total += sum(map(len, ends))
        index = index_sum(model, found)
        if k and len(found) == before and not (saturates and index != 1):
            break
    text = f"{total} searches found {len(found)} fixed points, the rarest "
    text += f"{hits.min() if hits.size else 0} times"
    if saturates:
        text += f"; their indices sum to {index}"
        text += "" if index == 1 else ", not 1: some are missing, or one is degenerate"
    return list(found), False, text + "; no proof that these are all"


def _residual(model: RateModel, rate: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    with np.errstate(over="ignore", invalid="ignore"):
        residual = apply(model.f, input_of(model, rate)) - rate
        return residual, np.abs(residual).max(axis=-1)


def _step(model: RateModel, rate: np.ndarray, residual: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore", invalid="ignore"):
        slope = apply(model.f, input_of(model, rate), "_slope")
        matrix = np.eye(model.n) - slope[..., None] * model.W
    good = np.isfinite(matrix).all(axis=(1, 2)) & np.isfinite(residual).all(axis=1)
    step = np.where(good[:, None], residual, 0.0)
    try:
        step[good] = np.linalg.solve(matrix[good], residual[good][..., None])[..., 0]
    except np.linalg.LinAlgError:  # one singular matrix spoils the batch
        step[good] = [
            np.linalg.lstsq(m, r, rcond=None)[0]
            for m, r in zip(matrix[good], residual[good], strict=True)
        ]
    return step


def _deflation(rate: np.ndarray, step: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Factor of Newton's step once F is multiplied by prod(1 + 1/dist^2) (Farrell 2015)."""
    away = rate[:, None] - known
    square = (away**2).sum(axis=-1) + 1e-300
    # d ln(1 + 1/q) along the step, with q the squared distance
    turn = (-2.0 * (away * step[:, None]).sum(axis=-1) / (square * (square + 1.0))).sum(
        axis=1
    )
    with np.errstate(divide="ignore"):
        return np.clip(1.0 / (1.0 - turn), -10.0, 10.0)


def _starts(model, low, high, count, generator) -> np.ndarray:
    """Random rates: uniform in a box, or of all sizes where the box is no bound."""
    saturates = saturating(model)
    uniform = generator.random((count, model.n))
    corner = generator.random(count) < 0.3
    uniform[corner] = np.round(uniform[corner])
    scale = 1.0 + np.abs(model.X).max()
    size = scale * 10.0 ** generator.uniform(-3.0, 3.0, (count, 1))
    broad = size * generator.random((count, model.n))
    broad[generator.random((count, model.n)) < 0.3] = 0.0
    with np.errstate(invalid="ignore", over="ignore"):
        return np.where(saturates, low + uniform * (high - low), broad)


def saturating(model: RateModel) -> np.ndarray:
    return np.array([np.isfinite(part.bounds).all() for part in model.transfers])


def _relaxed(model: RateModel, first: np.ndarray) -> np.ndarray:
    """Where the dynamics lead from these starts, to meet what is stable."""
    end = integrate(model, [0.0, 30.0 * model.tau.max()], first, rtol=1e-3, atol=1e-6)
    return np.where(end.runaway[:, None], first, end.final)


def collect(
    model: RateModel,
    states: np.ndarray,
    found: np.ndarray | None = None,
    hits: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Add `states` to those found, each once, and count how often each was met."""
    found = np.empty((0, model.n)) if found is None else found
    hits = np.zeros(len(found), int) if hits is None else hits
    for state in states:
        if len(found):
            distance = np.abs(found - state).max(axis=1)
            k = int(np.argmin(distance))
            scale = max(np.abs(state).max(), np.abs(found).max())
            same = distance[k] <= _CLOSE * scale
            if (
                not same and distance[k] <= _NEAR * scale
            ):  # a root of higher order is broad
                between = 0.5 * (state + found[k])
                same = _residual(model, between[None])[1][0] <= _ROUNDING * scale
            if same:
                hits[k] += 1
                continue
        found, hits = np.vstack([found, state]), np.append(hits, 1)
    return found, hits


def index_sum(model: RateModel, found: np.ndarray) -> int:
    """Sum of sign det(1 - F W) over the states."""
    slope = apply(model.f, input_of(model, found), "_slope")
    signs = np.linalg.slogdet(np.eye(model.n) - slope[..., None] * model.W)[0]
    return round(float(signs.sum()))
