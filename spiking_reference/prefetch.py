"""A hint to the processor: memory that will be read soon."""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

__all__ = ["prefetch"]


@intrinsic
def prefetch(typingctx, array, index):
    """Ask for the cache line that holds ``array[index]``; it has no other effect."""

    def codegen(context, builder, signature, args):
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        place = builder.bitcast(builder.gep(data, [args[1]]), cgutils.voidptr_t)
        number = ir.IntType(32)
        kind = ir.FunctionType(
            ir.VoidType(), [cgutils.voidptr_t, number, number, number]
        )
        function = cgutils.get_or_insert_function(
            builder.module, kind, "llvm.prefetch.p0"
        )
        read, everywhere, data_cache = number(0), number(3), number(1)
        builder.call(function, [place, read, everywhere, data_cache])
        return context.get_dummy_value()

    return types.none(array, types.int64), codegen
