import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meanfield import LIF
from validation import Case

BASE = Case(mu=1.0, sigma=1.0)


@pytest.mark.parametrize(
    "change",
    [
        {"mu": 1.0 + 1e-15},
        {"sigma": 2.0},
        {"neuron": LIF(t_ref=2.0)},
        {"correlation": 0.1},
        {"dt": 0.1},
        {"scheme": "euler"},
        {"duration": 1e5},
        {"warmup": 1.0},
        {"window": 100.0},
        {"replicas": 256},
        {"precision": 0.1},
        {"correlation_precision": 0.1},
        {"max_rounds": 7},
    ],
)
def test_every_field_is_part_of_the_identity(change):
    assert dataclasses.replace(BASE, **change).hash != BASE.hash


def test_equal_values_are_the_same_case():
    same = Case(mu=1, sigma=np.float32(1), warmup=500, neuron=LIF(E_L=-0.0, t_ref=5))
    assert same == BASE
    assert same.hash == BASE.hash
    assert Case(mu=-0.0, sigma=1).hash == Case(mu=0, sigma=1).hash


def test_the_hash_does_not_depend_on_the_machine_or_version():
    # Results in old ledgers are found by it.
    assert BASE.hash.startswith("57b1900bf77512ec")


@given(
    st.floats(allow_nan=False, allow_infinity=False),
    st.floats(min_value=0, allow_infinity=False),
)
def test_text_and_back(mu, sigma):
    case = Case(mu=mu, sigma=sigma, neuron=LIF(tau_m=math.inf))
    again = Case.from_json(case.to_json())
    assert again == case
    assert again.hash == case.hash


def test_seeds_differ_between_cases_and_parts():
    other = dataclasses.replace(BASE, dt=0.1)
    states = [
        tuple(case.seed(*key).generate_state(4))
        for case in (BASE, other)
        for key in ((0, 0), (0, 1), (1, 0))
    ]
    assert len(set(states)) == len(states)
    assert states[0] == tuple(Case(mu=1, sigma=1).seed(0, 0).generate_state(4))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"mu": math.nan}, ["`mu`", "finite", "nan"]),
        ({"mu": "1"}, ["`mu`", "number", "'1'"]),
        ({"sigma": -1}, ["`sigma`", "negative", "-1.0"]),
        ({"correlation": 2}, ["`correlation`", "between -1 and 1", "2.0"]),
        ({"dt": 0}, ["`dt`", "positive", "0.0"]),
        ({"duration": 0.1}, ["`duration`", "`dt`", "0.1"]),
        ({"warmup": -1}, ["`warmup`", "negative"]),
        ({"window": 5000}, ["`window`", "quarter", "5000", "shorter windows"]),
        ({"replicas": 2}, ["`replicas`", "16", "2", "spread"]),
        ({"replicas": 20.5}, ["`replicas`", "integer", "20.5"]),
        ({"precision": 0}, ["`precision`", "between 0 and 1"]),
        ({"max_rounds": True}, ["`max_rounds`", "number", "True"]),
        ({"scheme": "magic"}, ["`scheme`", "bridge", "magic"]),
        ({"neuron": LIF(t_ref=[1, 2])}, ["`neuron`", "plain numbers", "one case"]),
    ],
)
def test_errors_name_condition_value_and_remedy(change, words):
    with pytest.raises(ValueError, match="`") as error:
        dataclasses.replace(BASE, **change)
    for word in words:
        assert word in str(error.value)
