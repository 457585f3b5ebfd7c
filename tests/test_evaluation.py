"""How well a network predicts: every figure against the slow way to compute it."""

import math

import numpy as np
import pytest
import torch

from lstm.config import TrainConfig
from lstm.corpus import Corpus
from lstm.evaluation import carried_loss, held_out_loss, quick_loss, windowed_loss
from lstm.model import CharModel
from tests.engine_tools import CELLS, network, words

CORPUS = Corpus.from_text(words(9_000))
IDS = CORPUS.ids
SYMBOLS = CORPUS.vocabulary.size


def losses_one_by_one(
    model: CharModel, ids: np.ndarray[tuple[int], np.dtype[np.uint16]]
) -> list[float]:
    """``-ln p`` of each character: the first from the empty memory, then one step after another."""
    losses = []
    with torch.inference_mode():
        state = model.zero_state(1)
        logits = model.logits(state[0][-1])
        for character in ids.tolist():
            losses.append(-float(logits[0].log_softmax(-1)[character]))
            logits, state = model.step(torch.tensor([character]), state)
    return losses


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("length", [1, 2, 300])
def test_carried_loss_is_the_mean_of_the_steps(cell: str, length: int) -> None:
    model = network(SYMBOLS, cell=cell, num_layers=2)
    wanted = np.mean(losses_one_by_one(model, IDS[:length]))
    assert carried_loss(model, IDS[:length]) == pytest.approx(wanted, abs=1e-5)


def test_carried_loss_carries_over_its_blocks() -> None:
    model = network(SYMBOLS)
    assert len(IDS[:2_100]) > 2_048
    wanted = np.mean(losses_one_by_one(model, IDS[:2_100]))
    assert carried_loss(model, IDS[:2_100]) == pytest.approx(wanted, abs=1e-5)


def test_an_ignorant_network_pays_for_every_symbol_alike() -> None:
    model = network(SYMBOLS)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
    for loss in (
        carried_loss(model, IDS),
        quick_loss(model, IDS),
        windowed_loss(model, IDS, 50, 20),
    ):
        assert loss == pytest.approx(math.log(SYMBOLS), rel=1e-5)


def test_quick_loss_is_nearly_the_carried_one() -> None:
    model = network(SYMBOLS)
    # 9,000 characters are 32 pieces of 281; the pieces weigh a few characters twice.
    assert quick_loss(model, IDS) == pytest.approx(carried_loss(model, IDS), rel=0.01)


def test_quick_loss_of_a_short_text_is_the_carried_one() -> None:
    model = network(SYMBOLS)
    assert quick_loss(model, IDS[:6_000]) == carried_loss(model, IDS[:6_000])


def test_quick_loss_judges_all_parts_of_a_long_text() -> None:
    """The limit is below the length, and the second half is another language."""
    model = network(SYMBOLS)
    with torch.no_grad():
        model.head.get_parameter("weight").zero_()
        model.head.bias.zero_()
        model.head.bias[0] = 5.0
    easy, hard = np.zeros(8_000, np.uint16), np.ones(8_000, np.uint16)
    both = np.concatenate([easy, hard])
    costs = [carried_loss(model, part) for part in (easy, hard)]
    assert quick_loss(model, both, limit=7_000) == pytest.approx(np.mean(costs), rel=0.05)


@pytest.mark.parametrize(("first", "seq_len"), [(30, 12), (12, 12), (5, 12), (0, 12), (39, 60)])
def test_windowed_loss_sees_the_characters_before_alone(first: int, seq_len: int) -> None:
    """Where fewer stand before a character, it sees those, from an empty memory all the same."""
    model, ids = network(SYMBOLS), IDS[:40]
    wanted = [
        losses_one_by_one(model, ids[max(0, place - seq_len) : place + 1])[-1]
        for place in range(first, len(ids))
    ]
    assert windowed_loss(model, ids, first, seq_len) == pytest.approx(np.mean(wanted), abs=1e-5)


def test_windowed_loss_of_many_windows() -> None:
    """More than one batch of windows, and a last one that is smaller."""
    model = network(SYMBOLS)
    whole = windowed_loss(model, IDS[:2_210], 10, 10)
    first = windowed_loss(model, IDS[:1_110], 10, 10)
    second = windowed_loss(model, IDS[:2_210], 1_110, 10)
    assert whole == pytest.approx((first + second) / 2, abs=1e-6)


def test_a_limit_spreads_the_windows_evenly() -> None:
    model = network(SYMBOLS)
    whole = windowed_loss(model, IDS, 100, 8)
    assert windowed_loss(model, IDS, 100, 8, limit=2_000) == pytest.approx(whole, rel=0.05)
    assert windowed_loss(model, IDS, 100, 8, limit=10**6) == whole
    ends = [windowed_loss(model, IDS[:place], place - 1, 8) for place in (101, len(IDS))]
    assert windowed_loss(model, IDS, 100, 8, limit=2) == pytest.approx(np.mean(ends), abs=1e-6)


def test_a_text_is_judged_as_its_network_was_trained() -> None:
    model = network(SYMBOLS)
    carried = carried_loss(model, IDS[500:900])
    assert held_out_loss(model, None, IDS[:900], 500) == carried
    assert held_out_loss(model, TrainConfig(epochs=1), IDS[:900], 500) == carried
    by_windows = held_out_loss(
        model, TrainConfig(recipe="classic", seq_len=15, epochs=1), IDS[:900], 500
    )
    assert by_windows == windowed_loss(model, IDS[:900], 500, 15)
    assert by_windows != pytest.approx(carried, abs=1e-6)


@pytest.mark.parametrize("mode", [True, False])
def test_judging_neither_drops_nor_changes_the_mode(mode: bool) -> None:
    model = network(SYMBOLS, dropout=0.9).train(mode)
    judged = {
        (
            carried_loss(model, IDS[:500]),
            quick_loss(model, IDS),
            windowed_loss(model, IDS, 8_900, 9),
        )
        for _ in range(2)
    }
    assert len(judged) == 1
    assert model.training is mode
