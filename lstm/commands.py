"""What the commands of the command line do: train, evaluate, write, export.

Progress and remarks go to stderr, results to stdout. Knows nothing of servers or pages.
"""

import argparse
import json
import secrets
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType
from typing import Any

from tqdm import tqdm

from lstm import messages, pace
from lstm.checkpoint import Saved, load, save
from lstm.config import ModelConfig, SampleConfig, TrainConfig
from lstm.corpus import Corpus
from lstm.documents import read_file
from lstm.errors import ConfigError, CorpusError, ExportError, StoreError
from lstm.evaluation import NATS_PER_BIT, held_out_loss
from lstm.events import Checkpoint, Diverged, EpochEnd, Event, Finished, Step, Stop, TrainingState
from lstm.export.files import export as export_bytes
from lstm.export.names import file_name
from lstm.export.story import Story
from lstm.files import whole_file
from lstm.model import parameter_count
from lstm.paths import data_folder
from lstm.presets import preset
from lstm.ranks import ranks, together
from lstm.runs import RunStore
from lstm.sampling import Writer
from lstm.training import train as training_events

_CHUNK = 200


def train(options: argparse.Namespace) -> int:
    """Train a network on one or several files and keep the best one by validation."""
    with together() as ranks:
        return _train(options) if ranks.leads else _help_train(options)


def _help_train(options: argparse.Namespace) -> int:
    """Do this rank's share of a training; rank 0 says and writes everything."""
    corpus = _corpus(options)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # rank 0 stops them all, after the same step
    for _ in training_events(corpus, *_configs(options, corpus)):
        pass
    return 0


def _corpus(options: argparse.Namespace) -> Corpus:
    lowercase = options.lowercase or options.preset == "classic"
    return Corpus.from_files(options.files, lowercase=lowercase, validation=options.validation)


def _train(options: argparse.Namespace) -> int:
    corpus = _corpus(options)
    model_config, train_config = _configs(options, corpus)
    out = options.out or _free_name(Path(options.files[0]).stem)
    _say(
        "cli.corpus",
        name=corpus.name,
        characters=f"{corpus.characters:,}",
        symbols=corpus.vocabulary.size,
    )
    record = _Record(corpus, model_config, train_config, out)
    _drive(record)
    result = record.result()
    _say("cli.trained", out=out, bits=f"{result['best_bits_per_char']:.3f}")
    if options.json:
        _print_json(result)
    return 0


def evaluate(options: argparse.Namespace) -> int:
    """Judge a model on the last share of a text."""
    if not 0 < options.tail <= 1:
        raise ConfigError("--tail", "out_of_range", value=options.tail, least=0, most=1)
    saved = load(Path(options.model))
    text = read_file(Path(options.file)).text
    text = text.lower() if saved.lowercase else text
    if not text:
        raise CorpusError("empty_text")
    first = min(int(len(text) * (1 - options.tail)), len(text) - 1)
    ids = saved.vocabulary.encode(text)
    known = set(saved.vocabulary.characters)
    bits = held_out_loss(saved.model(), saved.train_config, ids, first) / NATS_PER_BIT
    result = {
        "bits_per_char": bits,
        "characters": len(text) - first,
        "unknown": sum(character not in known for character in text[first:]),
    }
    if options.json:
        _print_json(result)
    else:
        print(messages.text("cli.evaluated", **(result | {"bits": f"{bits:.3f}"})))
    return 0


def write(options: argparse.Namespace) -> int:
    """Let a model write; the text alone goes to stdout."""
    if options.length < 0:
        raise ConfigError("--length", "negative", value=options.length)
    sample = SampleConfig(options.temperature, options.top_k, options.top_p, options.min_p)
    saved = load(Path(options.model))
    rng = secrets.randbits(32) if options.rng is None else options.rng
    opening = options.opening.lower() if saved.lowercase else options.opening
    writer = Writer(saved.model(), saved.vocabulary, sample=sample, opening=opening, rng=rng)
    for old, new in writer.substituted.items():
        _say("cli.substituted", old=old, new=new)
    if options.rng is None:
        _say("cli.dice", rng=rng)
    while (left := options.length - writer.position) > 0:
        print(writer.write_text(min(left, _CHUNK)), end="", flush=True)
    return 0


def export(options: argparse.Namespace) -> int:
    """Turn a model file or a run into a page, a graph, an archive or a report."""
    story = _story(options.model)
    data = export_bytes(story, options.format, options.language)
    out: Path = options.out or Path(file_name(story.name, options.format))
    if options.out is None:
        out = _free(out)
    elif out.is_dir():
        out = out / file_name(story.name, options.format)
    with whole_file(out) as file:
        file.write(data)
    _say("cli.exported", out=out, size=f"{len(data) / 1e6:.1f}")
    print(out)
    return 0


def _story(model: str) -> Story:
    """Return what is known of a model file or, if there is no such file, of a run."""
    path = Path(model)
    if path.exists() or path.suffix == ".safetensors":
        saved = load(path)
        return Story.of_model(saved, None if "name" in saved.info else path.stem)
    if not (data_folder() / "runs").exists():  # asking must not make a store
        raise ExportError("export_no_model", name=model)
    with RunStore() as store:
        try:
            return Story.of_run(store, model)
        except StoreError as error:
            if error.key != "unknown_run":
                raise
            raise ExportError("export_no_model", name=model) from error


def bench(options: argparse.Namespace) -> int:
    """Measure speeds; a Markdown table, and with ``--json`` one object as the last line."""
    from lstm.bench import BENCHES, USUAL
    from lstm.bench.rows import machine, table

    _say("cli.machine", machine=machine())
    rows = []
    for name in (options.what,) if options.what else USUAL:
        for row in BENCHES[name](options.texts):
            _say("cli.measured", what=row.what, value=f"{row.value:,.2f}", unit=row.unit)
            rows.append(row)
    print(table(rows))
    if options.json:
        _print_json({"machine": machine(), "rows": [row.to_json() for row in rows]})
    return 0


def _configs(options: argparse.Namespace, corpus: Corpus) -> tuple[ModelConfig, TrainConfig]:
    """Return the preset's settings with what was asked for otherwise."""
    # Several processes must come to the same settings, and are no single slow machine.
    quick = pace.measured() if ranks().size == 1 else None
    chosen = preset(options.preset, corpus.characters, corpus.vocabulary.size, quick)
    shape = {
        "cell": options.cell,
        "hidden_size": options.hidden,
        "num_layers": options.layers,
    }
    recipe: dict[str, Any] = {
        "rng": options.rng,
        "threads": options.threads,
        "precision": options.precision,
    }
    recipe = {name: value for name, value in recipe.items() if value is not None}
    if options.seconds is not None or options.epochs is not None:
        recipe |= {"seconds": options.seconds, "epochs": options.epochs, "patience": None}
    shape = {name: value for name, value in shape.items() if value is not None}
    return replace(chosen.model, **shape), replace(chosen.train, **recipe)


def _free_name(stem: str) -> Path:
    """Return a model file name in the current folder that nothing has yet."""
    return _free(Path(f"{stem}.safetensors"))


def _free(path: Path) -> Path:
    """Return the path, or with a number behind its name if there is something already."""
    free, number = path, 1
    while free.exists():
        number += 1
        free = path.with_stem(f"{path.stem}-{number}")
    return free


@dataclass
class _Record:
    """What a training on the command line has come to so far."""

    corpus: Corpus
    model_config: ModelConfig
    train_config: TrainConfig
    out: Path
    history: list[list[float]] = field(default_factory=list)
    train_bits: float = 0.0
    last: TrainingState | None = None
    best: TrainingState | None = None
    finished: Finished | None = None

    def take(self, event: Event) -> None:
        """Remember what matters of an event; write the model file when there is a better one."""
        if isinstance(event, EpochEnd):
            bits = event.validation_loss / NATS_PER_BIT
            self.history.append([event.seconds, event.epoch, bits])
            self.train_bits = event.train_loss / NATS_PER_BIT
        elif isinstance(event, Checkpoint):
            self.last = event.state
            if event.best or self.best is None:
                self.best = event.state
                save(self.out, self.saved(event.state))
        elif isinstance(event, Diverged):
            _say("cli.diverged", step=event.step, back=event.back_to_step)
        elif isinstance(event, Finished):
            self.finished = event

    def saved(self, state: TrainingState) -> Saved:
        """Return a state as it goes into a model file."""
        info: dict[str, Any] = {"name": self.corpus.name}
        if self.history:
            info |= {"epoch": self.history[-1][1], "bits_per_char": self.history[-1][2]}
        return Saved(
            model_config=self.model_config,
            vocabulary=self.corpus.vocabulary,
            state=state,
            train_config=self.train_config,
            lowercase=self.corpus.lowercase,
            info=info,
        )

    def result(self) -> dict[str, Any]:
        """Return what ``--json`` prints; both held-out figures are measured anew, exactly."""
        if self.finished is None or self.last is None or self.best is None:
            raise RuntimeError("the training yields a checkpoint and its end before it stops")
        end, size = self.finished, self.corpus.vocabulary.size
        return {
            "bits_per_char": self._exact_bits(self.last),
            "best_bits_per_char": self._exact_bits(self.best),
            "train_bits_per_char": self.train_bits,
            "seconds": end.seconds,
            "epochs": end.epoch,
            "chars_per_second": end.epoch * self.corpus.split / max(end.seconds, 1e-9),
            "parameters": parameter_count(size, self.model_config),
            "vocabulary": size,
            "history": self.history,
            "stopped_by": end.reason,
            "out": str(self.out),
        }

    def _exact_bits(self, state: TrainingState) -> float:
        model = self.saved(state).model()
        loss = held_out_loss(model, self.train_config, self.corpus.ids, self.corpus.split)
        return loss / NATS_PER_BIT


def _drive(record: _Record) -> None:
    """Train, show the progress, and stop with the model kept at the first Ctrl-C."""
    config = record.train_config
    by_time = config.seconds is not None
    total = float(config.seconds or config.epochs or 0)
    layout = "{percentage:3.0f}%|{bar}| {n:.1f}/{total:.0f} {unit} {postfix}"
    unit = "s" if by_time else "epochs"
    events = training_events(record.corpus, record.model_config, config)
    with (
        _interruptible() as interrupted,
        tqdm(total=total, unit=unit, file=sys.stderr, bar_format=layout) as bar,
    ):
        event = next(events)
        while not isinstance(event, Finished):
            record.take(event)
            if isinstance(event, Step):
                bar.n = min(event.seconds if by_time else event.epoch, total)
                bits = f"{record.history[-1][2]:.3f}" if record.history else "-"
                speed = f"{event.chars_per_second:,.0f}"
                bar.set_postfix_str(messages.text("cli.progress", bits=bits, speed=speed))
            event = events.send(Stop() if interrupted else None)
        record.take(event)


@contextmanager
def _interruptible() -> Iterator[list[int]]:
    """Collect Ctrl-C in a list instead of being interrupted; the second one interrupts."""
    seen: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        if seen:
            raise KeyboardInterrupt
        seen.append(number)
        _say("cli.interrupted")

    before = signal.signal(signal.SIGINT, note)
    try:
        yield seen
    finally:
        signal.signal(signal.SIGINT, before)


def _say(key: str, **values: object) -> None:
    tqdm.write(messages.text(key, **values), file=sys.stderr)


def _print_json(result: dict[str, Any]) -> None:
    print(json.dumps(result), flush=True)
