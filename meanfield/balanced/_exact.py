"""Supports decided in rational arithmetic."""

from fractions import Fraction
from typing import Any

from ._faces import _solve


def solve_support(A, b, support):
    """Return the rates of all populations, or None if the support is singular."""
    S = list(support)
    point, free = _solve([[A[i][j] for j in S] for i in S], [-b[i] for i in S], 0)
    if point is None or free:
        return None
    rates: list[Any] = [Fraction(0)] * len(b)
    for i, a in enumerate(S):
        rates[a] = point[i]
    return rates


def net_input(A, b, rates):
    """Return A r + b."""
    active = [c for c, r in enumerate(rates) if r]
    return [
        x + sum(row[c] * rates[c] for c in active) for row, x in zip(A, b, strict=True)
    ]


def sign_of_determinant(rows):
    """Sign of the determinant, by elimination."""
    T, sign = [list(row) for row in rows], 1
    for c in range(len(T)):
        row = next((i for i in range(c, len(T)) if T[i][c]), None)
        if row is None:
            return 0
        if row != c:
            T[c], T[row], sign = T[row], T[c], -sign
        sign = sign if T[c][c] > 0 else -sign
        for i in range(c + 1, len(T)):
            if T[i][c]:
                factor = T[i][c] / T[c][c]
                T[i] = [x - factor * y for x, y in zip(T[i], T[c], strict=True)]
    return sign


def is_hurwitz(rows):
    """Whether all eigenvalues have negative real parts (Faddeev-LeVerrier, Routh)."""
    n = len(rows)
    coefficients: list[Any] = [Fraction(1)]
    power: list[Any] = [[Fraction(0)] * n for _ in range(n)]
    for k in range(1, n + 1):
        for i in range(n):
            power[i][i] += coefficients[-1]
        columns = list(zip(*power, strict=True))
        power = [
            [
                sum(x * y for x, y in zip(row, column, strict=True) if x and y)
                for column in columns
            ]
            for row in rows
        ]
        coefficients.append(-sum((power[i][i] for i in range(n)), Fraction(0)) / k)
    if any(c <= 0 for c in coefficients):
        return False
    upper, lower = coefficients[::2], coefficients[1::2]
    while lower:
        lower = [*lower, *[Fraction(0)] * (len(upper) - len(lower))]
        ratio = upper[0] / lower[0]
        rest = [
            upper[i + 1] - ratio * (lower[i + 1] if i + 1 < len(lower) else 0)
            for i in range(len(upper) - 1)
        ]
        if rest and rest[0] <= 0:
            return False
        while lower and lower[-1] == 0:
            lower.pop()
        upper, lower = lower, rest
    return True
