"""What the tests of the exports share: networks to take home, with hostile names."""

from html.parser import HTMLParser

import torch

from lstm.baselines import Baseline
from lstm.checkpoint import Saved
from lstm.config import SAMPLE_TEMPERATURES, ModelConfig, TrainConfig
from lstm.events import EpochEnd, Sample, Step, TrainingState
from lstm.model import CharModel
from lstm.records import Run
from lstm.runs import RunStore
from lstm.vocabulary import Vocabulary
from tests.engine_tools import bare_state, lively, network
from tests.store_tools import tiny_corpus

HOSTILE = "</script><img src=x onerror=\"alert('a')\">&amp;{0}$name\u202e"
"""A name that tries to be HTML, a format, a template and a change of direction."""

LETTERS = Vocabulary(tuple(sorted("\n abcdefghijklmnopqrstuvwxyz.,'EÖ\"-—中文字")))


def a_network(
    vocabulary: Vocabulary = LETTERS,
    *,
    name: str = "cats",
    lowercase: bool = False,
    **shape: object,
) -> Saved:
    """A network with opinions; ``shape`` are fields of ModelConfig."""
    config = ModelConfig.from_json({"hidden_size": 8, "embedding_size": 5, **shape})
    torch.manual_seed(0)
    model = lively(CharModel(vocabulary.size, config))
    return Saved(
        model_config=model.config,
        vocabulary=vocabulary,
        state=bare_state(model),
        train_config=TrainConfig(seconds=60.0),
        lowercase=lowercase,
        info={"name": name, "epoch": 12.5, "bits_per_char": 2.25},
    )


def a_run(store: RunStore, *, name: str = "cats", evaluations: int = 3, said: str = "") -> Run:
    """A run with a past and a checkpoint, without having trained for it."""
    corpus, shape = tiny_corpus(), ModelConfig(hidden_size=8, embedding_size=5)
    recipe = TrainConfig(seconds=60.0)
    run = store.create("anna", name, corpus, shape, recipe, "quick")
    store.begin(run.id, pid=1, pid_started=None)
    for index in range(1, evaluations + 1):
        epoch, loss = index / 2, 2.0 / index
        step = Step(10 * index, epoch, 2.0 * index, loss, 0.5, 0.008, 1000.0)
        judged = EpochEnd(index, 10 * index, epoch, 2.0 * index, loss, loss, True, 0.1)
        samples = [
            Sample(index, epoch, temperature, "the ", f"{said}sample {index}", 0.01)
            for temperature in SAMPLE_TEMPERATURES
        ]
        store.append(run.id, [step, judged, *samples])
    store.add_baseline(run.corpus_fingerprint, Baseline("unigram", 1, 4.2, False))
    weights = bare_state(network(corpus.vocabulary.size, hidden_size=8, embedding_size=5)).tensors
    moments = {f"optimizer.{key}": torch.zeros_like(value) for key, value in weights.items()}
    info = {"name": name, "epoch": evaluations / 2, "bits_per_char": 1.5}
    numbers = {"step": 10 * evaluations, "seconds": 2.0 * evaluations}
    saved = Saved(
        shape, corpus.vocabulary, TrainingState(weights | moments, dict(numbers)), recipe, info=info
    )
    store.save_checkpoint(run.id, saved, saved)
    return store.run(run.id)


class Elements(HTMLParser):
    """The elements of a page with their attributes, the text behind each tag, and all text."""

    def __init__(self, page: bytes) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.inside = False
        self.said = ""
        self.feed(page.decode("utf-8"))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self.texts.append("")
        self.inside = True

    def handle_endtag(self, tag: str) -> None:
        self.inside = False

    def handle_data(self, data: str) -> None:
        self.said += data
        if self.inside:
            self.texts[-1] += data

    @property
    def tags(self) -> list[str]:
        return [tag for tag, _ in self.found]

    def one(self, tag: str, **wanted: str) -> tuple[dict[str, str | None], str]:
        ((attributes, said),) = [
            (attributes, said)
            for (name, attributes), said in zip(self.found, self.texts, strict=True)
            if name == tag and wanted.items() <= attributes.items()
        ]
        return attributes, said

    def policy(self) -> dict[str, str]:
        """The rules of the page's content security policy."""
        attributes, _ = self.one("meta", **{"http-equiv": "Content-Security-Policy"})
        rules = (attributes["content"] or "").split("; ")
        return dict(rule.split(" ", 1) for rule in rules)


def assert_nothing_leads_out(page: Elements) -> None:
    """No address, no handler and no style of its own in any element."""
    for _, attributes in page.found:
        for name in ("src", "href", "action", "data", "poster", "srcset", "background"):
            assert (attributes.get(name) or "data:").startswith("data:")
        assert not any(name.startswith("on") for name in attributes)
        assert "style" not in attributes
    _, style = page.one("style")
    assert "url(" not in style
    assert "@import" not in style
