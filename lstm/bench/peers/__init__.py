"""Side by side with what an engineer would otherwise run: the Keras example and a small GPT.

Both are our own writing of well-known settings. Keras and TensorFlow live in an environment of
their own, made the first time: nothing of Charloom needs them. All three get the same text, the
same held-out part and the same machine, one after the other.
"""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from lstm.bench.peers.article import keras_example
from lstm.bench.peers.gpt import GPT_NATS, time_to_goal
from lstm.bench.rows import Row
from lstm.bench.texts import public_text
from lstm.bench.write import single_stream
from lstm.checkpoint import Saved
from lstm.corpus import Corpus
from lstm.errors import BenchError
from lstm.evaluation import NATS_PER_BIT, quick_loss
from lstm.events import Checkpoint, SaveNow, Step
from lstm.presets import PresetName, preset
from lstm.training import train

KERAS_BITS = 2.265
"""The lowest held-out loss that the article's recipe reached in 20 epochs, bits per character."""

_CLASSIC_BATCHES = 150


def rows(folder: Path | None = None) -> Iterator[Row]:
    """Measure the peers and Charloom.

    Args:
        folder: Where ``nietzsche.txt`` and ``tinyshakespeare.txt`` lie; default: they are fetched.

    Raises:
        BenchError: The environment for Keras can't be made, or its script failed.
        DownloadError: A text can't be fetched.
    """
    nietzsche = public_text("nietzsche", folder)
    yield from _against_keras(Corpus.from_files([nietzsche], lowercase=True), nietzsche)
    yield from _against_gpt(Corpus.from_files([public_text("tinyshakespeare", folder)]))


def _against_keras(corpus: Corpus, text: Path) -> Iterator[Row]:
    keras: dict[str, float] = {}
    for told in keras_example(text, KERAS_BITS):
        keras |= told
        if "epoch" in told:
            name = f"Keras example, epoch {told['epoch']}: held-out loss"
            yield Row("peers", name, told["bits"], "bits")
    goal = f"time to {KERAS_BITS} bits"
    theirs, quick = keras.get("seconds_to_goal", keras["seconds"]), seconds_to(corpus, KERAS_BITS)
    yield Row("peers", f"Keras example: {goal}", theirs, "s")
    yield Row("peers", f"preset Quick: {goal}", quick, "s", "Keras example", quick / theirs)
    batch = _classic_batch_seconds(corpus)
    their_batch = keras["batch_seconds"]
    yield Row("peers", "Keras example: a batch", 1e3 * their_batch, "ms")
    yield Row(
        "peers", "preset Classic: a batch", 1e3 * batch, "ms", "Keras example", batch / their_batch
    )
    speed, loop = single_stream(128), keras["written_per_second"]
    yield Row("peers", "Keras example: predict loop", loop, "characters/s")
    yield Row(
        "peers", "one stream, hidden 128", speed, "characters/s", "predict loop", speed / loop
    )


def _against_gpt(corpus: Corpus) -> Iterator[Row]:
    goal = f"time to {GPT_NATS} nats"
    theirs, best = time_to_goal(corpus)
    yield Row("peers", "small GPT, 2,000 steps: lowest held-out loss", best, "nats")
    ours = seconds_to(corpus, GPT_NATS / NATS_PER_BIT)
    yield Row("peers", f"small GPT: {goal}", theirs, "s")
    yield Row("peers", f"preset Quick: {goal}", ours, "s", "small GPT", ours / theirs)


def seconds_to(corpus: Corpus, bits: float, name: PresetName = "quick") -> float:
    """Return the training time that a preset needs to a held-out loss, in seconds.

    It is judged after every half second of training, with its clock stopped; the training's own
    evaluations are seconds apart.

    Raises:
        BenchError: Its whole budget was not enough.
    """
    chosen = preset(name, corpus.characters, corpus.vocabulary.size)
    seconds, command = 0.0, None
    with closing(train(corpus, chosen.model, chosen.train)) as training:
        while True:
            try:
                event = training.send(command)
            except StopIteration as ended:
                raise BenchError("bench_goal_missed", bits=bits) from ended
            command = None
            if isinstance(event, Step):
                seconds, command = event.seconds, SaveNow()
            elif isinstance(event, Checkpoint):
                model = Saved(chosen.model, corpus.vocabulary, event.state).model()
                if quick_loss(model, corpus.held_out) <= bits * NATS_PER_BIT:
                    return seconds


def _classic_batch_seconds(corpus: Corpus) -> float:
    """Return the time that the Classic preset takes for a batch, in seconds."""
    chosen = preset("classic", corpus.characters, corpus.vocabulary.size)
    first: Step | None = None
    for event in train(corpus, chosen.model, chosen.train):
        if not isinstance(event, Step):
            continue
        if first is None:
            first = event  # the first steps are slow
        elif event.step - first.step >= _CLASSIC_BATCHES:
            return (event.seconds - first.seconds) / (event.step - first.step)
    raise BenchError("bench_goal_missed", bits="-")
