"""The article's recipe in Keras, as it is usually run; a script for an environment of its own.

Windows of 40 characters every 3, one-hot, LSTM(128), softmax, Adam at 0.01, batches of 128. Tells
one JSON object a line: the held-out loss after every epoch, the time of a batch, and how many
characters a second the usual loop around ``predict`` writes. Ends at the goal, when the time is
over, or after 20 epochs.
"""

import json
import math
import sys
import time
from pathlib import Path

import keras
import numpy as np

LENGTH, STRIDE, EPOCHS, JUDGED = 40, 3, 20, 20_000


def main(path: Path, goal: float, most: float) -> None:
    """Train on the first nine tenths of a text and judge on the rest."""
    text = path.read_text("utf-8").lower()
    symbols = sorted(set(text))
    ids = np.array([symbols.index(character) for character in text])
    split = int(len(ids) * 0.9)
    inputs, targets = _windows(ids, np.arange(0, split - LENGTH, STRIDE), len(symbols))
    places = np.linspace(split - LENGTH, len(ids) - LENGTH - 1, JUDGED).astype(int)
    judged, wanted = _windows(ids, places, len(symbols))
    model = keras.Sequential(
        [
            keras.Input((LENGTH, len(symbols))),
            keras.layers.LSTM(128),
            keras.layers.Dense(len(symbols), activation="softmax"),
        ]
    )
    model.compile("adam", loss="categorical_crossentropy")
    model.optimizer.learning_rate = 0.01
    seconds = 0.0
    for epoch in range(1, EPOCHS + 1):
        began = time.perf_counter()
        model.fit(inputs, targets, batch_size=128, epochs=1, verbose=0)
        took = time.perf_counter() - began
        seconds += took
        bits = model.evaluate(judged, wanted, batch_size=1024, verbose=0) / math.log(2)
        _tell(epoch=epoch, seconds=seconds, bits=bits)
        if bits <= goal:
            _tell(seconds_to_goal=seconds)
        if bits <= goal or seconds >= most:
            break
    _tell(
        batch_seconds=took / math.ceil(len(inputs) / 128), written_per_second=_write(model, judged)
    )


def _windows(ids: np.ndarray, places: np.ndarray, symbols: int) -> tuple[np.ndarray, np.ndarray]:
    """Return one-hot windows (N, 40, V) and the one-hot character after each, (N, V)."""
    inputs = np.zeros((len(places), LENGTH, symbols), dtype=bool)
    targets = np.zeros((len(places), symbols), dtype=bool)
    for row, place in enumerate(places):
        inputs[row, np.arange(LENGTH), ids[place : place + LENGTH]] = True
        targets[row, ids[place + LENGTH]] = True
    return inputs, targets


def _write(model: keras.Model, windows: np.ndarray, count: int = 60) -> float:
    """Return the characters a second of one ``predict`` for each character."""
    window = windows[:1].astype(np.float32)
    model.predict(window, verbose=0)
    rng, began = np.random.default_rng(1), time.perf_counter()
    for _ in range(count):
        chances = model.predict(window, verbose=0)[0].astype(np.float64)
        drawn = rng.choice(len(chances), p=chances / chances.sum())
        window = np.roll(window, -1, axis=1)
        window[0, -1] = np.eye(len(chances))[drawn]
    return count / (time.perf_counter() - began)


def _tell(**values: float) -> None:
    sys.stdout.write(json.dumps(values) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]))
