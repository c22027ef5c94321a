"""The moment activation for autograd: kernels on the CPU, torch operations elsewhere.

Values and their products with cotangents come from the compiled kernels of
`meanfield.lif` where the tensors are on the CPU. Second and higher derivatives, forward
mode, and other devices use `_formulas`. The derivatives by neuron parameters follow from
those by the input: scaling voltages, or times, leaves the results scaled.
"""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from .._elementwise import elementwise
from . import _formulas
from ._core import as_tensor, constant


@dataclasses.dataclass(frozen=True)
class Form:
    """One set of results, and how these scale."""

    kernel: str
    vjp: str
    formula: Callable[..., tuple[Tensor, ...]]
    # d ln(result)/d t_ref = -dead * rate
    dead: tuple[float, float, float]
    # Powers of the unit of voltage and of the rate that results, and the noise, have.
    voltage: tuple[float, float, float]
    speed: tuple[float, float, float]
    noise: tuple[float, float]


_FORMS = {
    # (mu, sigma) to (rate, std, chi)
    "activation": Form(
    "moment_activation", "moment_activation_vjp", _formulas.activation,
    (1.0, 1.5, 0.5), (0.0, 0.0, 0.0), (1.0, 0.5, 0.0), (1.0, 0.5),
    ),
    # (mu, sigma^2) to (rate, std^2, d rate/d mu)
    "map": Form(
    "moment_map", "moment_map_vjp", _formulas.elements_of_map,
    (1.0, 3.0, 2.0), (0.0, 0.0, -1.0), (1.0, 1.0, 0.0), (2.0, 1.0),
    ),
}  # fmt: skip


def evaluate(
    form: str, mu: Tensor, noise: Tensor, parameters: Sequence[Any]
) -> tuple[Tensor, ...]:
    """Results for tensors that broadcast; `parameters` are floats or tensors."""
    dtype = torch.promote_types(mu.dtype, noise.dtype)
    if not dtype.is_floating_point:
        dtype = torch.get_default_dtype()
    work = dtype if dtype in (torch.float32, torch.float64) else torch.float32
    function = _Moments if torch.compiler.is_compiling() else _DualMoments
    tensors = [mu.to(work), noise.to(work)]
    if all(isinstance(p, float) for p in parameters):
        tensors = torch.broadcast_tensors(*tensors)
        fixed = [torch.tensor(p, dtype=torch.float64) for p in parameters]
        results = function.apply(form, *tensors, *fixed)
    else:
        tensors += [as_tensor(p, tensors[0]).to(tensors[0]) for p in parameters]
        results = function.apply(form, *torch.broadcast_tensors(*tensors))
    if dtype == work or torch.is_autocast_enabled(mu.device.type):
        return results
    return tuple(r.to(dtype) for r in results)


class _Moments(torch.autograd.Function):
    """Results; every derivative is written with `_Cotangents` and the results."""

    generate_vmap_rule = True

    @staticmethod
    def forward(form, mu, noise, *parameters):
        if mu.device.type == "cpu":
            return tuple(_kernel(_FORMS[form].kernel, [mu, noise], parameters, 3))
        return _in_double(_FORMS[form].formula, (mu, noise, *parameters))

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.form, *tensors = inputs
        ctx.save_for_backward(*tensors, *output)
        ctx.save_for_forward(*tensors, *output)
        ctx.set_materialize_grads(True)

    @staticmethod
    def backward(ctx, *cotangents):
        needed = ctx.needs_input_grad[3:]
        return None, *_gradients(ctx, ctx.saved_tensors, cotangents, needed)


class _DualMoments(_Moments):
    """With forward mode, which `torch.compile` does not take."""

    @staticmethod
    def jvp(ctx: Any, *inputs: Any):
        tangents = inputs[1:]
        saved = ctx.saved_tensors
        one, zero = torch.ones_like(saved[0]), torch.zeros_like(saved[0])
        rows = []
        for k in range(3):
            unit = [one if i == k else zero for i in range(3)]
            slopes = _gradients(ctx, saved, unit, [t is not None for t in tangents])
            pairs = zip(slopes, tangents, strict=True)
            rows.append(sum((s * t for s, t in pairs if t is not None), zero))
        return tuple(rows)


class _Cotangents(torch.autograd.Function):
    """Cotangents of mu and of the noise from those of the results."""

    generate_vmap_rule = True

    @staticmethod
    def forward(form, g0, g1, g2, mu, noise, *parameters):
        tensors = [mu, noise, g0, g1, g2]
        if mu.device.type == "cpu":
            return tuple(_kernel(_FORMS[form].vjp, tensors, parameters, 2))
        pull = _pullback(form)
        return _in_double(pull, (g0, g1, g2, mu, noise, *parameters))

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.form, *tensors = inputs
        ctx.save_for_backward(*tensors)
        ctx.save_for_forward(*tensors)
        ctx.set_materialize_grads(True)

    @staticmethod
    def backward(ctx, *cotangents):
        pull = _pullback(ctx.form)
        back = torch.func.vjp(pull, *ctx.saved_tensors)[1]
        return None, *back(cotangents)

    @staticmethod
    def jvp(ctx: Any, *inputs: Any):
        # Forward mode does not nest: the transpose of the transpose instead.
        saved = ctx.saved_tensors
        pull = _pullback(ctx.form)
        filled = [
            torch.zeros_like(p) if t is None else t
            for p, t in zip(saved, inputs[1:], strict=True)
        ]

        def transpose(c0, c1):
            return torch.func.vjp(pull, *saved)[1]((c0, c1))

        zero = torch.zeros_like(saved[0])
        return torch.func.vjp(transpose, zero, zero)[1](tuple(filled))


def _pullback(form: str) -> Callable:
    """Cotangents of mu and noise, as a function to differentiate."""

    def function(g0, g1, g2, mu, noise, *parameters):
        def results(mu, noise):
            return _FORMS[form].formula(mu, noise, *parameters)

        return torch.func.vjp(results, mu, noise)[1]((g0, g1, g2))

    return function


def _in_double(function: Callable, inputs: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Call with float64 where the device has it; results in the dtype of the inputs."""
    if inputs[0].device.type == "mps":
        return function(*inputs)
    results = function(*(t.double() for t in inputs))
    return tuple(r.to(inputs[0].dtype) for r in results)


def _gradients(ctx, saved, cotangents, needed) -> tuple[Any, ...]:
    """Cotangents of all tensors that the results are made from."""
    *tensors, r0, r1, r2 = saved
    if not any(needed):
        grads = _noise_gradients(ctx.form, cotangents, tensors)
        return *grads, None, None, None, None, None
    # Derivatives by parameters are differences of large numbers: in float64.
    given, results = tensors[0].dtype, (r0, r1, r2)
    if given == torch.float32 and tensors[0].device.type != "mps":
        tensors = [t.double() for t in tensors]
        cotangents = [c.double() for c in cotangents]
        compiling = torch.compiler.is_compiling()
        again = _Moments.forward if compiling else _DualMoments.apply
        results = again(ctx.form, *tensors)
    grads = _noise_gradients(ctx.form, cotangents, tensors)
    others = _parameter_gradients(
        _FORMS[ctx.form], tensors, grads, cotangents, results, needed
    )
    return tuple(g if g is None else g.to(given) for g in (*grads, *others))


@constant
def _inside_of_gradients() -> int:
    """Count the nested `torch.func` gradients that are being taken."""
    functorch: Any = torch._C._functorch  # type: ignore[attr-defined]
    stack = functorch.get_interpreter_stack() or []
    return sum(level.key() == functorch.TransformType.Grad for level in stack)


def _noise_gradients(form, cotangents, tensors):
    """Cotangents of mu and the noise."""
    if torch.compiler.is_compiling():
        if _inside_of_gradients() > 1:
            raise RuntimeError(
                "second derivatives of the moment activation do not compile; take them "
                "outside of torch.compile"
            )
        return _Cotangents.forward(form, *cotangents, *tensors)
    return _Cotangents.apply(form, *cotangents, *tensors)


def _parameter_gradients(form, tensors, grads, cotangents, results, needed):
    """Cotangents of tau_m, t_ref, V_th, V_reset and E_L.

    A change of the unit of voltage scales p, d and sigma; one of the unit of time scales
    p, sigma, tau_m and t_ref: Euler's relation gives the derivatives by d and tau_m at
    fixed p. That by t_ref is algebraic in the results.
    """
    mu, noise, tau, t_ref, V_th, V_reset, E_L = tensors
    g_mu, g_noise = grads
    weighted = [g * r for g, r in zip(cotangents, results, strict=True)]

    def total(weights):
        return sum(w * v for w, v in zip(weights, weighted, strict=True) if w)

    leak = (V_th - E_L) / tau
    drive = (mu - leak) * g_mu
    in_volts, per_time = (k * noise * g_noise for k in form.noise)
    g_d = (total(form.voltage) - drive - in_volts) / (V_th - V_reset)
    largest = torch.finfo(mu.dtype).max
    dead = total(form.dead)
    g_t_ref = (-results[0] * dead).clamp(-largest, largest)
    g_tau = None
    if needed[0]:
        in_dead_time = (t_ref * results[0]) * dead
        g_tau = drive + per_time + in_dead_time - total(form.speed) + g_mu * leak
        g_tau = g_tau / tau
    g_leak = g_mu / tau
    return g_tau, g_t_ref, g_d - g_leak, -g_d, g_leak


def _numbers(parameters: list[Tensor]) -> list[float] | None:
    """One value for all elements, where there is."""
    if any(p.ndim for p in parameters):
        return None
    return [float(p) for p in parameters]


_KERNEL = "meanfield::kernel"
torch.library.define(
    _KERNEL, "(str name, Tensor[] tensors, Tensor[] parameters, int n_out) -> Tensor[]"
)


def _kernel(name: str, tensors, parameters, n_out: int) -> list[Tensor]:
    return torch.ops.meanfield.kernel(name, list(tensors), list(parameters), n_out)


@torch.library.impl(_KERNEL, "CPU")
def _(
    name: str, tensors: list[Tensor], parameters: list[Tensor], n_out: int
) -> list[Tensor]:
    """Run a compiled kernel of `meanfield.lif` on memory of the tensors."""
    from ..lif import _kernels

    outputs = [
        torch.empty(tensors[0].shape, dtype=tensors[0].dtype) for _ in range(n_out)
    ]
    elementwise(
        getattr(_kernels, name),
        {str(i): t.detach().numpy() for i, t in enumerate(tensors)},
        n_out,
        parameters=_numbers(parameters) or [p.detach().numpy() for p in parameters],
        out=[o.numpy() for o in outputs],
        threads=torch.get_num_threads(),
    )
    if name.endswith("_vjp"):
        # At rheobase slopes grow without bound as the noise vanishes.
        largest = torch.finfo(outputs[0].dtype).max
        for output in outputs:
            output.clamp_(-largest, largest)
    return outputs


@torch.library.register_fake(_KERNEL)
def _(name, tensors, parameters, n_out):
    return [tensors[0].new_empty(tensors[0].shape) for _ in range(n_out)]


def _kernel_of_batches(info, in_dims, name, tensors, parameters, n_out):
    def batch_first(group, dims):
        return [
            t.expand(info.batch_size, *t.shape) if dim is None else t.movedim(dim, 0)
            for t, dim in zip(group, dims, strict=True)
        ]

    _, dims, parameter_dims, _ = in_dims
    batched = batch_first(tensors, dims)
    if any(
        p.ndim or d is not None for p, d in zip(parameters, parameter_dims, strict=True)
    ):
        parameters = batch_first(parameters, parameter_dims)
    return _kernel(name, batched, parameters, n_out), [0] * n_out


torch.library.register_vmap(_KERNEL, _kernel_of_batches)
