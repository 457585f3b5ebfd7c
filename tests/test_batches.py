"""From a text to batches: every character in its place, once."""

import itertools
from collections import Counter

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lstm.batches import Batch, Streams, Windows, windows

Ids = npt.NDArray[np.uint16]


def numbered(length: int) -> Ids:
    """A text whose characters are their own places."""
    return np.arange(length, dtype=np.uint16)


streams_over_texts = st.builds(
    lambda length, streams, seq_len, rng: (
        length,
        Streams(numbered(length), streams, seq_len, rng),
    ),
    st.integers(2, 300),
    st.integers(1, 40),
    st.integers(2, 70),
    st.integers(0, 2**32 - 1),
)


@given(streams_over_texts, st.integers(0, 3))
def test_targets_are_the_inputs_shifted_by_one(text: tuple[int, Streams], number: int) -> None:
    length, streams = text
    for batch in streams.one_pass(number):
        assert batch.inputs.shape == batch.targets.shape == (streams.streams, streams.seq_len)
        assert torch.equal(batch.inputs[:, 1:], batch.targets[:, :-1])
        assert torch.equal((batch.inputs + 1) % length, batch.targets)  # the text is a ring


@given(streams_over_texts)
def test_a_stream_goes_on_where_its_last_batch_ended(text: tuple[int, Streams]) -> None:
    batches = list(text[1].one_pass(0))
    for before, after in itertools.pairwise(batches):
        assert torch.equal(before.targets[:, -1], after.inputs[:, 0])


@given(streams_over_texts)
def test_a_pass_reads_each_character_once_but_for_a_remainder(text: tuple[int, Streams]) -> None:
    length, streams = text
    counts = Counter(
        place for batch in streams.one_pass(0) for place in batch.targets.flatten().tolist()
    )
    assert set(counts.values()) == {1}
    left_out = length - len(counts)
    assert 0 <= left_out < streams.streams * (streams.seq_len + 1)


def test_passes_cut_the_text_at_other_places_and_so_read_the_remainder_too() -> None:
    streams = Streams(numbered(100), 3, 8, rng=1)
    seen = [
        {place for batch in streams.one_pass(number) for place in batch.targets.flatten().tolist()}
        for number in range(20)
    ]
    assert len({frozenset(places) for places in seen}) > 1
    assert set.union(*seen) == set(range(100))


@pytest.mark.parametrize(
    ("length", "wanted", "seq_len", "streams", "steps"),
    [
        (64, 8, 7, 8, 7),  # just enough: 8 pieces of 7 characters and the one after
        (63, 8, 7, 7, 7),
        (40, 32, 64, 1, 39),  # shorter than a step
        (2, 32, 64, 1, 1),
    ],
)
def test_a_short_text_gets_fewer_streams_and_shorter_steps(
    length: int, wanted: int, seq_len: int, streams: int, steps: int
) -> None:
    made = Streams(numbered(length), wanted, seq_len, rng=0)
    assert (made.streams, made.seq_len) == (streams, steps)
    assert len(list(made.one_pass(0))) == made.batches >= 1


def same(one: list[Batch], other: list[Batch]) -> bool:
    return len(one) == len(other) and all(
        torch.equal(a.inputs, b.inputs) and torch.equal(a.targets, b.targets) and a.done == b.done
        for a, b in zip(one, other, strict=True)
    )


BOTH = [Streams(numbered(500), 3, 7, rng=4), Windows(numbered(500), 16, 10, 3, rng=4)]


@pytest.mark.parametrize("batches", BOTH, ids=["streams", "windows"])
def test_a_pass_can_be_taken_up_in_its_middle(batches: Streams | Windows) -> None:
    whole = list(batches.one_pass(2))
    for skip in (0, 1, 5, len(whole) - 1, len(whole)):
        assert same(list(batches.one_pass(2, skip)), whole[skip:])


@pytest.mark.parametrize("batches", BOTH, ids=["streams", "windows"])
def test_a_pass_is_a_function_of_its_number(batches: Streams | Windows) -> None:
    assert same(list(batches.one_pass(1)), list(batches.one_pass(1)))
    assert not same(list(batches.one_pass(1)), list(batches.one_pass(2)))


@pytest.mark.parametrize("batches", BOTH, ids=["streams", "windows"])
def test_batches_tell_how_much_of_the_pass_is_over(batches: Streams | Windows) -> None:
    done = [batch.done for batch in batches.one_pass(0)]
    assert done == [pytest.approx((place + 1) / batches.batches) for place in range(len(done))]
    assert done[-1] == 1.0


def test_windows_are_those_of_the_keras_example() -> None:
    """``for i in range(0, len(text) - maxlen, step)``: sentence ``i``, next character after it."""
    length, maxlen, step = 100, 40, 3
    made = Windows(numbered(length), 7, maxlen, step, rng=1)
    rows = [
        (inputs.tolist(), int(target))
        for batch in made.one_pass(0)
        for inputs, target in zip(batch.inputs, batch.targets, strict=True)
    ]
    wanted = [(list(range(i, i + maxlen)), i + maxlen) for i in range(0, length - maxlen, step)]
    assert sorted(rows) == wanted
    assert rows != wanted, "the order is shuffled"
    assert made.batches == 3
    assert [len(batch.inputs) for batch in made.one_pass(0)] == [7, 7, 6]


def test_windows_of_a_text_shorter_than_a_window() -> None:
    made = Windows(numbered(5), 128, 40, 3, rng=1)
    (batch,) = made.one_pass(0)
    assert batch.inputs.tolist() == [[0, 1, 2, 3]]
    assert batch.targets.tolist() == [4]


def test_windows_reads_memory_maps(tmp_path: object) -> None:
    text = np.memmap(f"{tmp_path}/ids.u16", dtype="<u2", mode="w+", shape=(50,))
    text[:] = numbered(50)
    inputs, targets = windows(text, np.array([3, 40]), 4)
    assert inputs.tolist() == [[3, 4, 5, 6], [40, 41, 42, 43]]
    assert targets.tolist() == [7, 44]
    (batch, *_) = Streams(text, 2, 5, rng=0).one_pass(0)
    assert batch.inputs.dtype == batch.targets.dtype == torch.int64
