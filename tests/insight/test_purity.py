"""No view changes the network it looks at, or anything global."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from lstm.config import SampleConfig
from lstm.corpus import Corpus
from lstm.insight.attribution import attribution, attribution_map
from lstm.insight.authorship import Reader, who_wrote
from lstm.insight.cells import activity, cost, rank
from lstm.insight.gates import gates
from lstm.insight.gradients import Contender, compare, gradient_by_lag
from lstm.insight.horizon import horizon
from lstm.insight.intervention import Draft, Hold, what_if
from lstm.insight.novelty import novelty_by_temperature
from lstm.insight.outlook import next_logits, outlook
from lstm.insight.race import Race, Runner, run_race
from lstm.insight.surprise import surprise
from lstm.insight.trajectory import states, trajectory
from lstm.memorisation import CorpusIndex
from lstm.model import CharModel
from tests.engine_tools import network, words

CORPUS = Corpus.from_text(words(900))
IDS = CORPUS.ids[:420]
INDEX = CorpusIndex.of(CORPUS)
DRAFT = Draft("the cat", 20)

VIEWS: dict[str, Callable[[CharModel], object]] = {
    "surprise": lambda model: surprise(model, IDS),
    "surprise in windows": lambda model: surprise(model, IDS, window=9),
    "authorship": lambda model: who_wrote([Reader(model, CORPUS.vocabulary)] * 2, "A cat. Two."),
    "outlook": lambda model: outlook(next_logits(model, IDS), SampleConfig()),
    "gates": lambda model: gates(model, IDS),
    "activity": lambda model: activity(model, IDS, 1),
    "ranking": lambda model: list(rank(model, CORPUS.vocabulary, IDS)),
    "cost": lambda model: cost(model, CORPUS.vocabulary, IDS, 1, (0, 2)),
    "what if": lambda model: list(
        what_if(model, CORPUS.vocabulary, IDS, [Hold("forget", 1.0)], DRAFT)
    ),
    "gradient": lambda model: gradient_by_lag(model, IDS, lags=12, windows=3),
    "comparison": lambda model: list(
        compare([Contender("lstm")], IDS, model.vocab_size, model.config, steps=10)
    ),
    "race": lambda model: list(run_race(Race(2, (Runner("rnn"),), (1,), 10))),
    "attribution": lambda model: attribution(model, IDS, 60, 0, span=20),
    "attribution map": lambda model: list(attribution_map(model, IDS[:30])),
    "horizon": lambda model: list(horizon(model, IDS, (1, 5), 20)),
    "trajectory": lambda model: trajectory(states(model, IDS, 0)),
    "novelty": lambda model: list(novelty_by_temperature(model, INDEX, DRAFT, (0.5,))),
}


@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluating"])
@pytest.mark.parametrize("view", VIEWS)
def test_a_view_leaves_everything_as_it_was(view: str, training: bool) -> None:
    model = network(CORPUS.vocabulary.size, num_layers=2, dropout=0.5).train(training)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    asking = [weight.requires_grad for weight in model.parameters()]
    torch.manual_seed(5)
    generators = torch.get_rng_state(), repr(np.random.get_state())  # noqa: NPY002
    threads, ids = torch.get_num_threads(), IDS.copy()
    first = VIEWS[view](model)
    assert first is not None
    assert model.training is training
    assert torch.is_grad_enabled()
    assert not torch.is_inference_mode_enabled()
    assert all(weight.grad is None for weight in model.parameters())
    assert [weight.requires_grad for weight in model.parameters()] == asking
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert torch.equal(torch.get_rng_state(), generators[0])
    assert repr(np.random.get_state()) == generators[1]  # noqa: NPY002
    assert torch.get_num_threads() == threads
    np.testing.assert_array_equal(IDS, ids)


@pytest.mark.parametrize("view", ["what if", "ranking", "attribution map", "horizon"])
def test_an_abandoned_view_leaves_no_mode_behind(view: str) -> None:
    """A page closes a generator half-way, or resumes it in another run."""
    model = network(CORPUS.vocabulary.size).train()
    steps = {
        "what if": what_if(model, CORPUS.vocabulary, IDS, [Hold("input", 1.0)], DRAFT),
        "ranking": rank(model, CORPUS.vocabulary, IDS),
        "attribution map": attribution_map(model, IDS[:60]),
        "horizon": horizon(model, IDS, (1, 5), 20),
    }[view]
    next(iter(steps))
    assert torch.is_grad_enabled()
    assert not torch.is_inference_mode_enabled()
    assert model.training
