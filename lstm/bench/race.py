"""Held-out bits against seconds: the presets and the Keras example on one text, and their plot.

One after the other on the same machine. Evaluations, samples and saving do not count, on either
side: these are seconds of training.
"""

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from lstm.bench.peers.article import keras_example
from lstm.bench.rows import SECONDS, Row
from lstm.bench.texts import public_text
from lstm.corpus import Corpus
from lstm.evaluation import NATS_PER_BIT
from lstm.events import EpochEnd
from lstm.export.svg import Frame, Line, chart
from lstm.paths import ASSETS
from lstm.presets import PresetName, preset
from lstm.processes import number_from_environment
from lstm.training import train

PLOT = ASSETS / "images" / "race.svg"

RACERS: tuple[PresetName, ...] = ("quick", "standard", "deep", "classic")

HIGHEST = 3.2
"""Bits per character above which the plot shows nothing: all begin at about six."""

Points = list[tuple[float, float]]

_STYLE = Path(__file__).with_name("race.css")


def rows(folder: Path | None = None) -> Iterator[Row]:
    """Train them all, write the plot and yield the lowest held-out loss of each.

    Args:
        folder: Where ``nietzsche.txt`` lies; default: it is fetched.

    Raises:
        BenchError: The environment for Keras can't be made, or its script failed.
        ConfigError: ``CHARLOOM_BENCH_SECONDS`` is not a number, or below 1.
        DownloadError: The text can't be fetched.
    """
    most = number_from_environment(SECONDS, 1800.0, 1.0)
    file = public_text("nietzsche", folder)
    corpus = Corpus.from_files([file], lowercase=True)
    curves: dict[str, Points] = {}
    for name in RACERS:
        curves[name.capitalize()] = preset_points(corpus, name, most)
        yield _row(name.capitalize(), curves)
    told = keras_example(file, 0.0, min(most, 1800.0))
    curves["Keras"] = [(one["seconds"], one["bits"]) for one in told if "epoch" in one]
    yield _row("Keras", curves)
    PLOT.write_text(plot(curves), "utf-8")


def preset_points(corpus: Corpus, name: PresetName, most: float) -> Points:
    """Return the held-out loss of a preset at every evaluation.

    Args:
        corpus: The text.
        name: Which preset.
        most: Seconds of training; the preset's own if that is shorter.

    Returns:
        Pairs of seconds of training and bits per character.
    """
    chosen = preset(name, corpus.characters, corpus.vocabulary.size)
    seconds = min(most, chosen.train.seconds or math.inf)
    recipe = replace(chosen.train, seconds=seconds)
    return [
        (event.seconds, event.validation_loss / NATS_PER_BIT)
        for event in train(corpus, chosen.model, recipe)
        if isinstance(event, EpochEnd)
    ]


def plot(curves: dict[str, Points]) -> str:
    """Return the curves as an SVG file: bits against seconds, the latter logarithmic."""
    lines = [_line(name, points) for name, points in curves.items()]
    title = "Held-out bits per character against seconds of training"
    frame = Frame(title, "seconds of training", "bits per character", logarithmic_x=True)
    opened, rest = chart(frame, lines).split(">", 1)
    named = opened.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1)
    return f"{named}><style>{_STYLE.read_text('utf-8')}</style>{rest}\n"


def _line(name: str, points: Points) -> Line:
    shown = np.array([point for point in points if point[1] <= HIGHEST]).reshape(-1, 2)
    return Line(shown[:, 0], shown[:, 1], name.lower(), dots=True, name=name)


def _row(name: str, curves: dict[str, Points]) -> Row:
    best = min(bits for _, bits in curves[name])
    seconds = curves[name][-1][0]
    ratio = best / min(bits for _, bits in curves["Quick"])
    what = f"{name}, {seconds:.0f} s of training: lowest held-out loss"
    if name == "Quick":
        return Row("race", what, best, "bits")
    return Row("race", what, best, "bits", "Quick", ratio)
