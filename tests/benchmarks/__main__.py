"""All benchmarks: ``make bench``."""

from . import (
    bench_adaptation,
    bench_balanced,
    bench_coloured,
    bench_conductance,
    bench_dynamics,
    bench_glif,
    bench_layers,
    bench_moment_network,
    bench_networks,
    bench_nn,
    bench_rate,
    bench_renewal,
    bench_shot_noise,
    bench_simulate_bias,
    bench_simulate_speed,
    bench_tables,
    bench_theory,
    bench_transfer,
)

for benchmark in (
    bench_theory,
    bench_transfer,
    bench_dynamics,
    bench_nn,
    bench_tables,
    bench_renewal,
    bench_rate,
    bench_shot_noise,
    bench_coloured,
    bench_conductance,
    bench_simulate_speed,
    bench_layers,
    bench_networks,
    bench_glif,
    bench_simulate_bias,
    bench_adaptation,
    bench_balanced,
    bench_moment_network,
):
    benchmark.main()
