"""What threads inside one kernel need in order to meet: a counter, and patience."""

import sys

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from ._jit import inner

__all__ = ["meet"]

_SPINS = 2000  # looks at the counter before others are let at the core
_WHOLE = ir.IntType(64)


def _place(context, builder, signature, args):
    return context.make_array(signature.args[0])(context, builder, args[0]).data


@intrinsic
def _add_one(typingctx, array):
    """Add 1 to ``array[0]`` (int64), at once for all threads."""

    def codegen(context, builder, signature, args):
        place = _place(context, builder, signature, args)
        return builder.atomic_rmw("add", place, _WHOLE(1), "seq_cst")

    return types.int64(array), codegen


@intrinsic
def _look(typingctx, array):
    """Read ``array[0]`` (int64) as the other threads left it."""

    def codegen(context, builder, signature, args):
        place = _place(context, builder, signature, args)
        return builder.load_atomic(place, "seq_cst", 8)

    return types.int64(array), codegen


@intrinsic
def _give_way(typingctx):
    """Let the system run another thread on this core."""
    name = "SwitchToThread" if sys.platform == "win32" else "sched_yield"

    def codegen(context, builder, signature, args):
        kind = ir.FunctionType(ir.IntType(32), [])
        builder.call(cgutils.get_or_insert_function(builder.module, kind, name), [])
        return context.get_dummy_value()

    return types.none(), codegen


@inner
def meet(counter, until):
    """Count in, and wait until `until` threads have; what they wrote can then be read."""
    _add_one(counter)  # type: ignore
    spins = 0
    while _look(counter) < until:  # type: ignore
        spins += 1
        if spins > _SPINS:
            _give_way()  # type: ignore
