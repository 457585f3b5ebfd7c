"""The training loop: a generator of typed events that can be steered between its steps.

``train()`` does no input or output and prints nothing. Whoever drives it (command line, worker,
lesson, test) takes an event, does with it what it likes, and hands a command in with ``send()``.
Only the optimizer steps themselves count as training time.

The default recipe is continuous: parallel streams with carried memory and a loss at every
character, the gradient cut every ``seq_len`` characters (truncated BPTT, Williams & Peng 1990),
AdamW (Loshchilov & Hutter 2019, arXiv:1711.05101), linear warm-up, cosine decay by whatever share
of the budget is used up, and clipping of the gradient's norm (Pascanu et al. 2013,
arXiv:1211.5063). The classic recipe is the Keras example's.
"""

import math
import time
from collections.abc import Callable, Generator, Iterator
from typing import Literal

import numpy as np

from lstm import heap
from lstm.batches import Batch, Streams, Windows
from lstm.chorus import Part, write
from lstm.config import (
    SAMPLE_LENGTH,
    SAMPLE_TEMPERATURES,
    ModelConfig,
    SampleConfig,
    TrainConfig,
)
from lstm.corpus import Corpus
from lstm.errors import CheckpointError
from lstm.evaluation import NATS_PER_BIT, quick_loss, windowed_loss
from lstm.events import (
    Checkpoint,
    Command,
    Diverged,
    EpochEnd,
    Event,
    Finished,
    Sample,
    SaveNow,
    SetLearningRate,
    Step,
    Stop,
    StopReason,
    TrainingState,
)
from lstm.learner import Learner
from lstm.stepper import Stepper

Events = Generator[Event, Command | None, None]

REPORT_SECONDS = 0.5
"""A Step event sums up about so much training time."""

CHECKPOINT_SECONDS = 20.0
"""Most training time between two Checkpoints."""

EVALUATE_SECONDS = 30.0
"""An evaluation comes at least this often, also within a long pass."""

EVALUATIONS = 10
"""A training by time is judged about so many times at least, even if a pass takes long here."""

OVERHEAD = 0.08
"""Share of the time that validation, samples and saving may take together."""

SAVING_SECONDS = 1.0
"""Time with the listener, at one event, that counts as saving; beyond it is a pause."""

OPENING_LENGTH = 40
_WINDOWED_LIMIT = 20_000
_COLLAPSE_NATS = 0.7
_PATIENT_STEPS = 100
_ROLLBACKS = 4
_FLOOR = 0.01


def train(
    corpus: Corpus,
    model_config: ModelConfig,
    train_config: TrainConfig,
    start: TrainingState | None = None,
) -> Events:
    """Train a network on a corpus.

    Args:
        corpus: The text; its held-out part is never trained on.
        model_config: The network's shape.
        train_config: The recipe and the stop rules.
        start: Where an earlier training of the same shape stopped, to go on from there.

    Yields:
        ``Step`` about twice a second; at each evaluation ``EpochEnd``, one ``Sample`` for each of
        ``SAMPLE_TEMPERATURES``, ``Checkpoint``; further Checkpoints at least every 20 s;
        ``Diverged`` when it had to go back; ``Finished`` at the end, after a last evaluation (none
        after going back in vain) and a last Checkpoint.

    Receives:
        A command, or ``None``. The time until the generator is resumed is not training time.

    Raises:
        CheckpointError: ``start`` does not belong to this text and these settings.
    """
    with heap.kept():
        yield from _Training(corpus, model_config, train_config, start).run()


def probe(
    corpus: Corpus,
    model_config: ModelConfig,
    train_config: TrainConfig,
    seconds: float = 1.0,
    clock: Callable[[], float] | None = None,
) -> float:
    """Return the training speed in characters per second, measured for a moment.

    The network is thrown away; the first steps, which are slow, do not count.

    Args:
        corpus: The text.
        model_config: The network.
        train_config: The recipe.
        seconds: How long to measure.
        clock: By which, in seconds; default: as for a training.
    """
    clock = clock or time.perf_counter
    training = _Training(corpus, model_config, train_config, None)
    batches = training.batches.one_pass(0)
    done, spent = 0, 0.0
    with heap.kept():
        for index, batch in enumerate(_endless(batches, training)):
            began = clock()
            training.learner.learn(batch, 0.5)
            if index >= 2:
                spent += clock() - began
                done += training.new_characters(batch)
            if spent >= seconds:
                break
    return done / spent


def _endless(batches: Iterator[Batch], training: "_Training") -> Iterator[Batch]:
    number = 0
    while True:
        yield from batches
        number += 1
        batches = training.batches.one_pass(number)


class _Training:
    """The state of one training and the steps that change it."""

    def __init__(
        self,
        corpus: Corpus,
        model_config: ModelConfig,
        config: TrainConfig,
        start: TrainingState | None,
    ) -> None:
        self.corpus, self.config = corpus, config
        self.learner = Learner(corpus.vocabulary.size, model_config, config)
        self.ranks = self.learner.ranks
        self.batches = self._batches()
        self.step = self.passes = self.batch = self.index = 0
        self.seconds = 0.0
        self.best_loss, self.best_epoch = math.inf, 0.0
        self.unimproved = 0
        self.since_evaluation = _Mean()
        self.window = _Mean()
        self.grad_norms = _Mean()
        self.smooth: float | None = None
        self.lowest_smooth = math.inf
        self.rollbacks = 0
        self.steps_since_restore = 0
        self.overhead = self.paused = 0.0
        self.stop_reason: StopReason | None = None
        self.stop_asked = self.save_now = False
        self.evaluated_at = 0.0
        if start is not None:
            self._resume(start)
        self.good = self.state()
        self.saved_at = self.reported_at = self.seconds

    def _batches(self) -> Streams | Windows:
        config, shares = self.config, self.ranks.size
        text, size, length = self.corpus.train, config.batch_size, config.seq_len
        if self.learner.classic:
            return Windows(text, size, length, config.stride, config.rng, shares=shares)
        return Streams(text, size, length, config.rng, shares)

    # -- the loop --------------------------------------------------------------------------

    def run(self) -> Events:
        """Train until a stop rule applies; see ``train``."""
        self._limits()
        while self.stop_reason is None:
            yield from self._one_pass()
        yield from self._report()
        judged = self.index and self.evaluated_at == self.seconds
        if judged or self.stop_reason == "diverged":
            yield from self._checkpoint(best=False)
        else:
            yield from self._evaluate()
        yield Finished(
            reason=self.stop_reason,
            step=self.step,
            epoch=self.epoch,
            seconds=self.seconds,
            best_loss=self.best_loss,
            best_epoch=self.best_epoch,
        )

    @property
    def epoch(self) -> float:
        """Passes over the training text so far, with the fraction of the running one."""
        return self.passes + self.batch / self.batches.batches

    def _one_pass(self) -> Events:
        for batch in self.batches.one_pass(self.passes, self.batch):
            began = time.perf_counter()
            loss, norm = self.learner.learn(batch, self.progress())
            (self.seconds,) = self.ranks.first(self.seconds + time.perf_counter() - began)
            finite = math.isfinite(loss) and math.isfinite(norm)
            if finite:
                self._count(batch, loss, norm)
            if not finite or self._above(_COLLAPSE_NATS):
                yield from self._roll_back("collapse" if finite else "non_finite")
                return
            if self.seconds - self.reported_at >= REPORT_SECONDS:
                yield from self._report()
            self._agree()
            self._limits()
            if self.stop_reason is not None:
                return
            yield from self._care(end_of_pass=self.batch == 0)
            self._agree()
            if self.stop_reason is not None:
                return

    def _care(self, *, end_of_pass: bool) -> Events:
        """Evaluate or save between two steps, when it is time for it."""
        since = self.seconds - self.evaluated_at
        affordable = since >= self.overhead * (1 - OVERHEAD) / OVERHEAD
        longest = min(EVALUATE_SECONDS, (self.config.seconds or math.inf) / EVALUATIONS)
        due = affordable and (end_of_pass or since >= longest)
        if end_of_pass if self.learner.classic else due:  # the article: after every epoch
            yield from self._report()
            yield from self._evaluate()
        elif self.save_now or self.seconds - self.saved_at >= CHECKPOINT_SECONDS:
            yield from self._checkpoint(best=False)

    def _say(self, event: Event) -> Events:
        """Yield an event and obey the command that comes back."""
        asked = time.perf_counter()
        command = yield event
        self.paused += max(0.0, time.perf_counter() - asked - SAVING_SECONDS)
        if isinstance(command, SetLearningRate):
            self.learner.peak, self.learner.scale = command.learning_rate, 1.0
        elif isinstance(command, Stop):
            self.stop_asked = True
        elif isinstance(command, SaveNow):
            self.save_now = True

    def _agree(self) -> None:
        """Do what was asked for: of rank 0, if several train together."""
        learner = self.learner
        peak, scale, stop, save = self.ranks.first(
            learner.peak, learner.scale, self.stop_asked, self.save_now
        )
        learner.peak, learner.scale, self.save_now = peak, scale, bool(save)
        if stop and self.stop_reason is None:
            self.stop_reason = "stopped"

    # -- one step --------------------------------------------------------------------------

    def progress(self) -> float:
        """Return the share of the budget that is used up, 0 to 1."""
        shares = [0.0]
        if self.config.seconds is not None:
            shares.append(self.seconds / self.config.seconds)
        if self.config.epochs is not None:
            shares.append(self.epoch / self.config.epochs)
        return min(1.0, max(shares))

    def new_characters(self, batch: Batch) -> int:
        """Return how many characters of the text a batch moves on by."""
        if self.learner.classic:
            return len(batch.inputs) * self.config.stride
        return batch.targets.numel()

    def _count(self, batch: Batch, loss: float, norm: float) -> None:
        self.step += 1
        self.steps_since_restore += 1
        self.batch += 1
        if self.batch == self.batches.batches:
            self.passes, self.batch = self.passes + 1, 0
        self.since_evaluation.add(loss)
        self.window.add(loss, self.new_characters(batch))
        self.grad_norms.add(norm)
        smooth = loss if self.smooth is None else self.smooth + 0.05 * (loss - self.smooth)
        self.smooth = smooth
        if self.steps_since_restore > _PATIENT_STEPS:
            self.lowest_smooth = min(self.lowest_smooth, smooth)

    def _limits(self) -> None:
        """Note whether the time or the passes are used up."""
        config = self.config
        if self.stop_reason is not None:
            return
        if config.seconds is not None and self.seconds >= config.seconds:
            self.stop_reason = "seconds"
        elif config.epochs is not None and self.passes >= config.epochs:
            self.stop_reason = "epochs"

    # -- looking after it ------------------------------------------------------------------

    def _report(self) -> Events:
        if not self.window.count:
            return
        spent = max(self.seconds - self.reported_at, 1e-9)
        event = Step(
            step=self.step,
            epoch=self.epoch,
            seconds=self.seconds,
            loss=self.window.mean,
            grad_norm=self.grad_norms.mean,
            learning_rate=self.learner.rate,
            chars_per_second=self.window.characters / spent,
        )
        self.reported_at = self.seconds
        self.window, self.grad_norms = _Mean(), _Mean()
        yield from self._say(event)

    def _evaluate(self) -> Events:
        began, self.paused = time.perf_counter(), 0.0
        (loss,) = self.ranks.first(self._held_out() if self.ranks.leads else 0.0)
        took = time.perf_counter() - began
        self.index += 1
        best = loss < self.best_loss
        if best:
            self.best_loss, self.best_epoch, self.unimproved = loss, self.epoch, 0
        else:
            self.unimproved += 1
        train_loss = self.since_evaluation.mean
        self.since_evaluation = _Mean()
        self.evaluated_at = self.seconds
        self._rules()
        yield from self._say(
            EpochEnd(
                index=self.index,
                step=self.step,
                epoch=self.epoch,
                seconds=self.seconds,
                train_loss=train_loss,
                validation_loss=loss,
                best=best,
                evaluation_seconds=took,
            )
        )
        if self.ranks.leads:
            yield from self._samples()
        yield from self._checkpoint(best=best)
        (self.overhead,) = self.ranks.first(time.perf_counter() - began - self.paused)

    def _held_out(self) -> float:
        corpus, model = self.corpus, self.learner.model
        if self.learner.classic:
            length = self.batches.seq_len
            return windowed_loss(model, corpus.ids, corpus.split, length, _WINDOWED_LIMIT)
        with self.learner.precision():
            return quick_loss(model, corpus.held_out)

    def _rules(self) -> None:
        config = self.config
        if self.stop_reason is not None:
            return
        if config.target_bits is not None and self.best_loss / NATS_PER_BIT <= config.target_bits:
            self.stop_reason = "target"
        elif config.patience is not None and self.unimproved >= config.patience:
            self.stop_reason = "plateau"

    def _samples(self) -> Events:
        began, vocabulary = time.perf_counter(), self.corpus.vocabulary
        opening, throw = self._opening()
        parts = [Part(opening, SampleConfig(heat), throw) for heat in SAMPLE_TEMPERATURES]
        texts = write(Stepper(self.learner.model), vocabulary, parts, SAMPLE_LENGTH)
        known = vocabulary.substitute(opening)[0]
        took = (time.perf_counter() - began) / len(texts)
        for temperature, text in zip(SAMPLE_TEMPERATURES, texts, strict=True):
            sample = Sample(self.index, self.epoch, temperature, known, text, took)
            yield from self._say(sample)

    def _opening(self) -> tuple[str, int]:
        """Return 40 characters of the corpus and the dice's seed.

        The continuous recipe always takes the same, held-out ones, so that epochs can be
        compared; the classic one draws a new place each time, as the article does.
        """
        corpus, length = self.corpus, OPENING_LENGTH
        if self.learner.classic:
            generator = np.random.default_rng([self.config.rng, self.index])
            place = int(generator.integers(max(1, corpus.characters - length)))
            return corpus.excerpt(place, length), int(generator.integers(2**32))
        place = min(corpus.split, max(0, corpus.characters - length))
        return corpus.excerpt(place, length), self.config.rng

    def _checkpoint(self, *, best: bool) -> Events:
        state = self.state()
        if not self._above(_COLLAPSE_NATS / 2):  # a state on its way down is none to go back to
            self.good = state
        self.saved_at = self.seconds
        self.save_now = False
        yield from self._say(Checkpoint(state, best))

    def _above(self, nats: float) -> bool:
        """Return whether the smoothed loss is so far above the lowest that it had reached."""
        return self.smooth is not None and self.smooth > self.lowest_smooth + nats

    def _roll_back(self, reason: Literal["non_finite", "collapse"]) -> Events:
        """Go back to the last good state with half the learning rate, or give up."""
        learner = self.learner
        noticed, rollbacks, scale = self.step, self.rollbacks + 1, learner.scale / 2
        peak, seconds = learner.peak, self.seconds  # the time is spent, the command was given
        self.restore(self.good)
        self.rollbacks, learner.scale, learner.peak = rollbacks, scale, peak
        self.seconds = self.reported_at = seconds
        if rollbacks > _ROLLBACKS:
            self.stop_reason = "diverged"
        yield from self._say(Diverged(noticed, reason, self.step, scale))
        self._agree()

    # -- freezing and thawing --------------------------------------------------------------

    def state(self) -> TrainingState:
        """Return a copy of everything that a resumed training needs."""
        numbers: dict[str, float | int | str | None] = {
            name: getattr(self, name) for name in (*_COUNTERS, "smooth")
        }
        numbers |= {"peak": self.learner.peak, "scale": self.learner.scale}
        numbers |= {"train_total": self.since_evaluation.total}
        numbers |= {"train_count": self.since_evaluation.count}
        for name in ("best_loss", "lowest_smooth"):  # JSON has no infinity
            numbers[name] = None if getattr(self, name) == math.inf else getattr(self, name)
        return TrainingState(self.learner.tensors(), numbers)

    def _resume(self, start: TrainingState) -> None:
        """Go on from a state that may come out of a stranger's file.

        Raises:
            CheckpointError: It does not fit.
        """
        try:
            self.restore(start)
        except (RuntimeError, ValueError, TypeError, LookupError) as error:
            raise CheckpointError("checkpoint_foreign") from error
        shares = self.ranks.size
        streams = self.batches.streams // shares if isinstance(self.batches, Streams) else 0
        wanted = [part.shape for part in self.learner.model.zero_state(streams) if streams]
        carried = self.learner.carried
        carried_fits = carried is None or [part.shape for part in carried] == wanted
        if not carried_fits or not 0 <= self.batch < self.batches.batches:
            raise CheckpointError("checkpoint_foreign")

    def restore(self, state: TrainingState) -> None:
        """Go back, or on, to a state."""
        numbers = state.numbers
        self.learner.restore(state.tensors)
        for name in ("peak", "scale"):
            if name in numbers:
                setattr(self.learner, name, float(numbers[name]))  # type: ignore[arg-type]
        for name, kind in _COUNTERS.items():
            if name in numbers:
                setattr(self, name, kind(numbers[name]))  # type: ignore[arg-type]
        self.smooth = numbers.get("smooth")  # type: ignore[assignment]
        for name in ("best_loss", "lowest_smooth"):
            setattr(self, name, math.inf if numbers.get(name) is None else numbers[name])
        total, count = numbers.get("train_total") or 0.0, numbers.get("train_count") or 0
        self.since_evaluation = _Mean(float(total), int(count))
        self.window, self.grad_norms = _Mean(), _Mean()
        self.steps_since_restore = 0
        self.reported_at = self.seconds


_COUNTERS: dict[str, type[int] | type[float]] = {
    **dict.fromkeys(("step", "passes", "batch", "index", "unimproved", "rollbacks"), int),
    **dict.fromkeys(("seconds", "evaluated_at", "best_epoch"), float),
}
"""What is saved by its name, and as what it must come back."""


class _Mean:
    """A running mean, and the characters that it was taken over."""

    def __init__(self, total: float = 0.0, count: int = 0) -> None:
        self.total, self.count, self.characters = total, count, 0

    def add(self, value: float, characters: int = 0) -> None:
        self.total += value
        self.count += 1
        self.characters += characters

    @property
    def mean(self) -> float:
        return self.total / self.count if self.count else math.nan
