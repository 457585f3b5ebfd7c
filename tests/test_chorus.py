"""Texts written side by side are those that a writer alone writes."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lstm import chorus
from lstm.chorus import Part, write
from lstm.config import SampleConfig
from lstm.dice import throws
from lstm.sampling import Stepper, Writer, dice
from lstm.vocabulary import UNKNOWN, Vocabulary
from tests.engine_tools import CELLS, network

KNOWN = Vocabulary(tuple("\n abcdefghij"))

PARTS = [
    Part("", SampleConfig(0.8), 1),
    Part("abc", SampleConfig(0.0), 2),
    Part("a head of cabbage", SampleConfig(1.3), 3),
    Part("bad", SampleConfig(1.0, top_k=3), 2**32 - 1),
    Part("HEAD!", SampleConfig(0.6, top_p=0.9, min_p=0.05), 5),
    Part("abc", SampleConfig(2.0), 2),
    Part("fee", SampleConfig(1e-300), 4),
]


@given(st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=5), st.integers(0, 10_000))
def test_the_dice_are_the_writers(rngs: list[int], first: int) -> None:
    thrown = throws(rngs, first, 3)
    assert thrown.shape == (3, len(rngs))
    for row in range(3):
        assert thrown[row].tolist() == [dice(rng, first + row) for rng in rngs]


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("shape", [{}, {"num_layers": 2, "embedding_size": 0}, {"tied": True}])
def test_every_text_is_what_a_writer_alone_writes(cell: str, shape: dict[str, int]) -> None:
    stepper = Stepper(network(KNOWN.size, cell=cell, **shape))
    texts = write(stepper, KNOWN, PARTS, 120)
    for part, text in zip(PARTS, texts, strict=True):
        alone = Writer(stepper, KNOWN, sample=part.sample, opening=part.opening, rng=part.rng)
        assert text == alone.write_text(120)
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize("has_onednn", [True, False])
def test_large_networks_write_the_same_with_and_without_onednn(
    monkeypatch: pytest.MonkeyPatch, has_onednn: bool
) -> None:
    if not has_onednn:
        monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    stepper = Stepper(network(KNOWN.size, hidden_size=128, num_layers=2))
    assert stepper.layers[1].recurrent.size > chorus._SMALL
    texts = write(stepper, KNOWN, PARTS, 60)
    for part, text in zip(PARTS, texts, strict=True):
        alone = Writer(stepper, KNOWN, sample=part.sample, opening=part.opening, rng=part.rng)
        assert text == alone.write_text(60)


def test_the_unknown_symbol_is_never_written() -> None:
    vocabulary = Vocabulary(("a", "b", UNKNOWN))
    model = network(vocabulary.size)
    model.head.bias.data[2] = 50.0
    parts = [Part("ab", SampleConfig(heat), rng) for rng in range(4) for heat in (0.0, 1.0, 2.0)]
    assert set("".join(write(Stepper(model), vocabulary, parts, 50))) <= {"a", "b"}


def test_a_text_does_not_depend_on_those_beside_it() -> None:
    stepper = Stepper(network(KNOWN.size))
    together = write(stepper, KNOWN, PARTS, 60)
    for part, text in zip(PARTS, together, strict=True):
        assert write(stepper, KNOWN, [part], 60) == [text]
    assert np.all(throws([1], 0, 1000) < 1)
