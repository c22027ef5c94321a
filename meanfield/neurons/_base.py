"""What all parameter classes share: freezing, checks, equality by value."""

from collections.abc import Iterable
from dataclasses import fields
from typing import Any, ClassVar

import numpy as np

from ..errors import as_float, require

__all__ = ["Parameters", "check", "is_tensor", "names_of"]

# Fields are annotated `Any`: array_like going in, a float or a read-only float64 array
# once constructed.


class Parameters:
    """Equality by value (arrays included), and the common shape of all parameters."""

    __slots__ = ()
    has_dendrite: ClassVar[bool] = False
    takes_conductances: ClassVar[bool] = True

    def _freeze(self) -> None:
        """Turn every field into a float or a read-only float64 array.

        Tensors and functions stay, and so does None, which stands for what there is not.
        """
        for name in names_of(self):
            if is_kept(getattr(self, name)):
                continue
            array = as_float(name, getattr(self, name)).astype(np.float64)
            require(~np.isnan(array), name, "must be a number", array)
            array.flags.writeable = False
            value = array.item() if array.ndim == 0 else array
            object.__setattr__(self, name, value)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape that all parameters broadcast to; ``()`` for plain numbers."""
        shapes = {n: np.shape(getattr(self, n)) for n in names_of(self)}
        try:
            return np.broadcast_shapes(*shapes.values())
        except ValueError:
            arrays = ", ".join(f"{n} {s}" for n, s in shapes.items() if s)
            raise ValueError(
                f"the parameters do not broadcast to one shape; got {arrays}"
            ) from None

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        pairs = ((getattr(self, n), getattr(other, n)) for n in names_of(self))
        return all(_equal(mine, theirs) for mine, theirs in pairs)

    def __hash__(self) -> int:
        return hash((type(self), *(_key(getattr(self, n)) for n in names_of(self))))


def names_of(parameters: Any) -> list[str]:
    return [field.name for field in fields(parameters)]


def is_tensor(value: Any) -> bool:
    return hasattr(value, "requires_grad")


def is_kept(value: Any) -> bool:
    return value is None or callable(value) or is_tensor(value)


def _equal(mine: Any, theirs: Any) -> bool:
    if is_kept(mine) or is_kept(theirs):
        return mine is theirs
    return np.array_equal(mine, theirs)


def _key(value: Any) -> Any:
    if is_kept(value):
        return id(value)
    array = np.asarray(value) + 0.0
    return array.shape, array.tobytes()


def check(
    parameters: Any,
    *,
    positive: Iterable[str] = (),
    not_negative: Iterable[str] = (),
    below: Iterable[tuple[str, str]] = (),
) -> None:
    """Freeze fields, and require that they are finite and in order.

    Parameters
    ----------
    parameters : Parameters
        An instance under construction.
    positive, not_negative : iterable of str
        Names of fields with that condition.
    below : iterable of (str, str)
        Pairs of fields, the first of which must be below the second.

    Raises
    ------
    ValueError, TypeError
        With name, condition and value.
    """
    parameters._freeze()
    given = {name: getattr(parameters, name) for name in names_of(parameters)}
    values = {name: np.asarray(v) for name, v in given.items() if not is_kept(v)}
    positive, not_negative = set(positive), set(not_negative)
    for name, value in values.items():
        words, good = "finite", np.isfinite(value)
        if name in positive:
            words, good = "finite and positive", good & (value > 0)
        elif name in not_negative:
            words, good = "finite and not negative", good & (value >= 0)
        require(good, name, f"must be {words}", value)
    for low, high in below:
        if low not in values or high not in values:  # tensors
            continue
        ordered = values[low] < values[high]
        require(
            ordered,
            low,
            f"must be below `{high}`={getattr(parameters, high)}",
            values[low],
        )
    _ = parameters.shape
