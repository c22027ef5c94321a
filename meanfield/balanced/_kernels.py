"""Loops over supports, stimuli and pivots. Matrices are scaled to entries of order 1."""

import numpy as np

from ..special._jit import jitable, kernel

REGULAR, SINGULAR, OPEN_CONE, SHORT = 1, 2, 4, 8
# What counts as zero: pivots of a singular block; rates and inputs of a candidate, which
# is looked at more closely afterwards.
PIVOT, LOOSE = 1e-12, 1e-7
_SMALL, _GROWTH = (
    1e-4,
    1e6,
)  # of pivots and entries, beyond which tableaux are not trusted
_ILL = 1e-8  # below this pivot no candidate is discarded by its signs


@jitable
def reduce_rows(T, k, m):
    """Bring T[:k, :k + m] to reduced row echelon form; rank, sign of det, least pivot."""
    rank, sign, least = 0, 1, np.inf
    for c in range(k):
        row = _largest(T, rank, k, c)
        if row < 0:
            T[rank:k, c] = 0.0
            continue
        sign = sign if (T[row, c] > 0) == (row == rank) else -sign
        least = min(least, abs(T[row, c]))
        if row != rank:
            for j in range(c, k + m):
                T[rank, j], T[row, j] = T[row, j], T[rank, j]
        eliminate(T, rank, c, k, c, k + m)
        rank += 1
    return rank, (sign if rank == k else 0), least


@jitable
def _largest(T, first, last, c):
    best, row = PIVOT, -1
    for i in range(first, last):
        if abs(T[i, c]) > best:
            best, row = abs(T[i, c]), i
    return row


@jitable
def eliminate(T, row, column, rows, start, stop):
    """Make T[:rows, column] a unit vector, in columns start to stop."""
    pivot = T[row, column]
    for j in range(start, stop):
        T[row, j] /= pivot
    T[row, column] = 1.0
    for i in range(rows):
        factor = T[i, column]
        if i != row and factor != 0.0:
            for j in range(start, stop):
                T[i, j] -= factor * T[row, j]
            T[i, column] = 0.0


@jitable
def load(A, code, members, T):
    """List the populations of a support and copy their block; returns how many."""
    k = 0
    for a in range(len(A)):
        if code >> a & 1:
            members[k] = a
            k += 1
    for i in range(k):
        for j in range(k):
            T[i, j] = A[members[i], members[j]]
    return k


@jitable
def may_be_positive(T, k, rank, alive, homogeneous):
    """Whether the signs of the rows leave a solution x >= 0 (x != 0 if homogeneous)."""
    alive[:k] = True
    left = k
    changed = True
    while changed:
        changed = False
        for i in range(rank):
            up, down = False, False
            for j in range(k):
                if alive[j]:
                    up = up or T[i, j] > LOOSE
                    down = down or T[i, j] < -LOOSE
            right = 0.0 if homogeneous else T[i, k]
            if (right < -LOOSE and not down) or (right > LOOSE and not up):
                return False
            if abs(right) <= LOOSE and up != down:
                for j in range(k):
                    if alive[j] and abs(T[i, j]) > LOOSE:
                        alive[j] = False
                        left -= 1
                        changed = True
    return left > 0 or not homogeneous


@kernel
def enumerate_supports(A, b, codes):
    """For each support, as bits of the index: may it carry a state, or a face.

    One pivot leads from a support to the next: the lowest active population of a code is
    made so in the tableau of the code without it. Where that pivot is small, the codes
    below it are solved one by one, as are those with no wrong sign.
    """
    n = b.size
    tableaux = np.empty((n + 1, n, n + 1))  # inputs w, or rates, by the silent's rates
    tableaux[n, :, :n] = -A
    tableaux[n, :, n] = -b
    last = np.full(n, n)  # tableau from which to make a population active
    T, members = np.empty((n, n + 1)), np.empty(n, np.int64)
    alive, row = np.empty(n, np.bool_), np.empty(n + 1)
    codes[0] = _one_support(A, b, 0, T, members, alive, row)
    code = 1
    while code < codes.size:
        p = 0
        while not code >> p & 1:
            p += 1
        count = 1
        if not _activate(tableaux[last[p]], tableaux[p], p):
            count = 1 << p
        elif _has_wrong_sign(tableaux[p], code):
            codes[code] = 0
            count = 0
        for other in range(code, code + count):
            codes[other] = _one_support(A, b, other, T, members, alive, row)
        last[:p] = p
        code += max(count, 1)


@jitable
def _activate(source, target, p):
    """Solve row p for the rate of population p; False if that loses digits."""
    n = len(source)
    pivot = source[p, p]
    largest = 0.0
    if abs(pivot) < _SMALL:
        return False
    for j in range(p + 1):
        c = j if j < p else n
        entry = -source[p, c] / pivot
        for i in range(n):
            target[i, c] = source[i, c] + source[i, p] * entry
            largest = max(largest, abs(target[i, c]))
        target[p, c] = entry
        largest = max(largest, abs(entry))
    return largest < _GROWTH


@jitable
def _has_wrong_sign(tableau, code):
    n = len(tableau)
    largest, least = 0.0, np.inf
    for i in range(n):
        if code >> i & 1:
            largest = max(largest, abs(tableau[i, n]))
        least = min(least, tableau[i, n])
    return least < -LOOSE * (1.0 + n * largest)


@jitable
def _one_support(A, b, code, T, members, alive, row):
    k = load(A, code, members, T)
    for i in range(k):
        T[i, k] = -b[members[i]]
    rank, _, least = reduce_rows(T, k, 1)
    if rank == k:
        return _is_candidate(A, b, T, members, k, code, least)
    found = SHORT
    if (
        _is_consistent(T, b, members, k, rank)
        and may_be_positive(T, k, rank, alive, False)
        and _others_may_be_silent(A, b, T, members, k, rank, code, row)
    ):
        found |= SINGULAR
    if may_be_positive(T, k, rank, alive, True):
        found |= OPEN_CONE
    return found


@jitable
def _is_consistent(T, b, members, k, rank):
    scale = 0.0
    for i in range(k):
        scale = max(scale, abs(b[members[i]]))
    residual = 0.0
    for i in range(rank, k):
        residual = max(residual, abs(T[i, k]))
    return residual <= LOOSE * scale


@jitable
def _others_may_be_silent(A, b, T, members, k, rank, code, row):
    """Whether no silent population is active whatever the free rates of a support are."""
    for a in range(b.size):
        if code >> a & 1:
            continue
        for j in range(k):
            row[j] = A[a, members[j]]
        row[k] = -b[a]
        for i in range(rank):
            pivot = 0
            while T[i, pivot] == 0.0:
                pivot += 1
            factor = row[pivot]
            for j in range(pivot, k + 1):
                row[j] -= factor * T[i, j]
        if row[k] < -LOOSE and row[:k].min() >= -LOOSE:
            return False
    return True


@jitable
def _is_candidate(A, b, T, members, k, code, least):
    if least < _ILL:
        return REGULAR | SHORT
    largest = 0.0
    for i in range(k):
        largest = max(largest, abs(T[i, k]))
    for i in range(k):
        if T[i, k] < -LOOSE * largest:
            return 0
    for a in range(b.size):
        if not code >> a & 1:
            net, size = b[a], abs(b[a])
            for i in range(k):
                term = A[a, members[i]] * T[i, k]
                net += term
                size += abs(term)
            if net > LOOSE * size:
                return 0
    return REGULAR


@kernel
def all_pieces(A, maps, signs):
    """For each support the matrix that gives its rates and minus the silent's input."""
    n = len(A)
    T = np.empty((n, 2 * n))
    members = np.empty(n, np.int64)
    for code in range(signs.size):
        k = load(A, code, members, T)
        for i in range(k):
            for j in range(k):
                T[i, k + j] = -1.0 if i == j else 0.0
        rank, sign, _ = reduce_rows(T, k, k)
        if rank < k:
            signs[code] = 0
            continue
        signs[code] = sign if k % 2 == 0 else -sign
        _spread(A, T, members, k, maps[code])


@jitable
def _spread(A, T, members, k, out):
    """Fill the matrix of a support from minus the inverse of its block."""
    out[:] = 0.0
    for a in range(len(A)):
        out[a, a] = -1.0
        for j in range(k):
            for i in range(k):
                out[a, members[j]] -= A[a, members[i]] * T[i, k + j]
    for i in range(k):
        out[members[i]] = 0.0
        for j in range(k):
            out[members[i], members[j]] = T[i, k + j]


@kernel
def match_stimuli(maps, supports, X, tolerance, stimulus, piece, edge, rate):
    """List which pieces hold for which stimuli; returns how many, listed or not."""
    n = X.shape[1]
    values = np.empty(n)
    found = 0
    for p in range(len(X)):
        for s in range(len(maps)):
            fits, close = True, False
            for a in range(n):
                value, size = 0.0, 0.0
                for c in range(n):
                    term = maps[s, a, c] * X[p, c]
                    value += term
                    size += abs(term)
                near = abs(value) <= tolerance * size
                active = supports[s] >> a & 1
                if (value < 0 and not near) or (near and active):
                    fits = False
                    break
                close = close or near
                values[a] = value if active else 0.0
            if fits:
                if found < stimulus.size:
                    stimulus[found], piece[found], edge[found] = p, s, close
                    for a in range(n):
                        rate[found, a] = values[a]
                found += 1
    return found


@kernel
def lemke(A, b, cover, max_pivots, support):
    """Lemke's algorithm from a covering vector; marks the support, 0 if it succeeds."""
    n = b.size
    T = np.zeros((n, 2 * n + 2))  # w | r | z0 | right side, of w + A r - z0 d = -b
    T[:, :n] = np.eye(n)
    T[:, n : 2 * n] = A
    T[:, 2 * n] = -cover
    T[:, 2 * n + 1] = -b
    basis = np.arange(n)
    row, worst = -1, 0.0
    for i in range(n):
        if b[i] / cover[i] > worst:
            row, worst = i, b[i] / cover[i]
    enter = 2 * n
    for _ in range(max_pivots):
        if row < 0:
            return 0
        left = basis[row]
        eliminate(T, row, enter, n, 0, 2 * n + 2)
        basis[row] = enter
        if left == 2 * n:
            for i in range(n):
                if basis[i] >= n:
                    support[basis[i] - n] = T[i, 2 * n + 1] > 0
            return 0
        enter = left + n if left < n else left - n
        row = _leaving(T, enter, basis)
        if row < 0:
            return 1  # a ray
    return 2


@jitable
def _leaving(T, column, basis):
    """Row of the least ratio; ties go to z0, then by the lexicographic rule."""
    n = len(T)
    last = T.shape[1] - 1
    best, least = -1, np.inf
    for i in range(n):
        if T[i, column] > 1e-10:
            ratio = T[i, last] / T[i, column]
            tie = abs(ratio - least) <= 1e-13 * (abs(ratio) + abs(least))
            better = ratio < least
            if tie and best >= 0:
                better = basis[best] != 2 * n and (
                    basis[i] == 2 * n or _precedes(T, i, best, column)
                )
            if better or best < 0:
                best, least = i, ratio
    return best


@jitable
def _precedes(T, i, k, column):
    for j in range(len(T)):
        one, other = T[i, j] / T[i, column], T[k, j] / T[k, column]
        if abs(one - other) > 1e-12 * (abs(one) + abs(other)):
            return one < other
    return False


@kernel
def project(A, b, r, steps):
    """Follow r' = A r + b, kept at r >= 0, until the support has settled; 0 if it has."""
    n = b.size
    widest = 0.0
    for a in range(n):
        total = 0.0
        for c in range(n):
            total += abs(A[a, c])
        widest = max(widest, total)
    h = 0.5 / widest if widest > 0 else 1.0
    net = np.empty(n)
    for _ in range(steps):
        for a in range(n):
            net[a] = b[a]
            for c in range(n):
                net[a] += A[a, c] * r[c]
        moved, largest = 0.0, 0.0
        for a in range(n):
            new = max(0.0, r[a] + h * net[a])
            moved = max(moved, abs(new - r[a]))
            r[a] = new
            largest = max(largest, new)
        if moved <= 1e-10 * largest:
            return 0
        if largest > 1e12:
            return 1
    return 2
