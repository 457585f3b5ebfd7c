"""Which cells follow something that we can name, and do they matter?

Every cell's activity is compared with every probe by the correlation coefficient r. With hundreds
of cells the best one always looks good, so four things are checked: the cell is chosen on one part
of the text and **confirmed** on another; the same choice is made with **moved** labels, which
stand elsewhere in the text and so mean nothing here (a control task, Hewitt & Liang 2019,
arXiv:1909.03368); and with an **untrained** network of the same shape, which already answers to
what it just read. Where the best cell is no better than these, none was found.

Correlation is not use: whether the network needs a cell shows when it is switched off.

Sources: Karpathy, Johnson & Fei-Fei 2015, arXiv:1506.02078; Strobelt et al. 2016,
arXiv:1606.07461.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from lstm.insight.classes import CLASSES, character_classes
from lstm.insight.fresh import fresh
from lstm.insight.gates import LSTMGates, layer_gates
from lstm.insight.intervention import switched_off
from lstm.insight.probes import probe_values
from lstm.insight.reading import Floats, Ids, checked, checked_layer, read
from lstm.insight.surprise import surprise
from lstm.model import CharModel
from lstm.vocabulary import Vocabulary

LEAST_CHARACTERS = 400
"""A shorter text says nothing about cells."""

LEAST_OCCURRENCES = 4
"""What a probe marks (a line, a quotation, a capital) must end so often in both parts."""

LEAST_CORRELATION = 0.4
"""Below this, no cell can be said to follow a probe."""

MARGIN = 0.1
"""By so much the confirmed r must exceed the control's and the untrained network's."""

COMPANION = 0.8
"""Cells with this share of the best one's r follow the same thing."""

UNTRAINED = 2
"""Untrained networks that are compared with; each is read like the trained one."""

_CONTROLS = 3
_PASSAGE = (20, 80)


@dataclass(frozen=True)
class Finding:
    """The best cell for one probe.

    Attributes:
        probe: The probe's key, see ``probes.PROBES``.
        layer: Layer of the cell, from 0.
        cell: Number of the cell, from 0.
        fit: Its r on the part where it was chosen.
        confirmed: Its r on the other part.
        control: The best that moved labels reached, by the same procedure, as ``|r|``.
        untrained: The best that an untrained network reached, likewise; ``None`` while that is
            not known yet.
        companions: Other cells whose confirmed ``|r|`` comes close to this one's.
        found: Whether this cell follows the probe; False means "none found".
    """

    probe: str
    layer: int
    cell: int
    fit: float
    confirmed: float
    control: float
    untrained: float | None
    companions: int
    found: bool


@dataclass(frozen=True, eq=False)
class Ranking:
    """Every cell against every probe.

    Attributes:
        probes: The P probes that this text has a use for.
        missing: The others.
        fit: r of each cell on the first part, (P, L, H).
        confirmed: r on the second part, (P, L, H).
        control: Best ``|r|`` with moved labels, (P,).
        untrained: Best ``|r|`` of an untrained network, (P,); ``None`` while not known.
        split: Where the second part begins, in characters.
        share: How much of the work is done, 0 to 1.
    """

    probes: tuple[str, ...]
    missing: tuple[str, ...]
    fit: Floats
    confirmed: Floats
    control: Floats
    untrained: Floats | None
    split: int
    share: float

    def findings(self) -> tuple[Finding, ...]:
        """Return the best cell for each probe, the found ones first, strongest first."""
        findings = [self.finding(number) for number in range(len(self.probes))]
        return tuple(sorted(findings, key=lambda one: (not one.found, -abs(one.confirmed))))

    def finding(self, number: int) -> Finding:
        """Return the best cell for a probe by its place in ``probes``."""
        layer, cell = np.unravel_index(np.abs(self.fit[number]).argmax(), self.fit[number].shape)
        fit = float(self.fit[number, layer, cell])
        confirmed = float(self.confirmed[number, layer, cell])
        untrained = None if self.untrained is None else float(self.untrained[number])
        control = float(self.control[number])
        rival = max(control, untrained or 0.0)
        close = np.abs(self.confirmed[number]) >= COMPANION * abs(confirmed)
        return Finding(
            probe=self.probes[number],
            layer=int(layer),
            cell=int(cell),
            fit=fit,
            confirmed=confirmed,
            control=control,
            untrained=untrained,
            companions=max(0, int(close.sum()) - 1),
            found=fit * confirmed > 0 and abs(confirmed) >= max(LEAST_CORRELATION, rival + MARGIN),
        )


def activity(model: CharModel, ids: Ids, layer: int) -> Floats:
    """Return what to colour a text by: ``tanh(c)`` for the LSTM, else h, (T, H), -1 to 1.

    Args:
        model: The network.
        ids: The text, (T,).
        layer: Number of the layer, from 0.

    Raises:
        InsightError: The text is empty or there is no such layer.
    """
    checked_layer(model, layer)
    values: Floats = _activity(model, ids, layer)[0]
    return values


def _activity(model: CharModel, ids: Ids, layer: int | None = None) -> Floats:
    """Return the activity of one layer or of all, (1 or L, T, H)."""
    reading = read(model, ids)
    layers = range(model.config.num_layers) if layer is None else (layer,)
    if model.config.cell != "lstm":
        return reading.hidden[list(layers)]
    values = []
    for index in layers:
        gates = layer_gates(model, reading, index)
        assert isinstance(gates, LSTMGates)
        values.append(np.tanh(gates.memory))
    return np.stack(values)


def rank(model: CharModel, vocabulary: Vocabulary, ids: Ids, rng: int = 1) -> Iterator[Ranking]:
    """Compare all cells of all layers with all probes.

    Args:
        model: The network.
        vocabulary: Its symbols.
        ids: The text, (T,): the first half chooses, the second confirms. Some thousand
            characters that the network was not trained on are best.
        rng: Seed of the untrained networks and of the moved labels.

    Yields:
        The ranking, first without the untrained networks, then with each of them.

    Raises:
        InsightError: The text is too short.
    """
    ids = checked(ids, LEAST_CHARACTERS)
    split = len(ids) // 2
    labels = probe_values(vocabulary.decode(ids))
    used = tuple(key for key, values in labels.items() if _useful(values, split))
    missing = tuple(key for key in labels if key not in used)
    matrix = np.array([labels[key] for key in used], np.float32)
    matrix = matrix.reshape(len(used), len(ids)).T  # (T, P), P may be 0
    cells = _activity(model, ids)
    first, second = _correlations(matrix, cells, split)
    shape = (len(used), *cells.shape[::2])
    ranking = Ranking(
        probes=used,
        missing=missing,
        fit=first.reshape(shape),
        confirmed=second.reshape(shape),
        control=_control(matrix, cells, split, rng),
        untrained=None,
        split=split,
        share=1 / (1 + UNTRAINED),
    )
    yield ranking
    best = np.zeros(len(used), np.float32)
    for number in range(UNTRAINED):
        blank = fresh(model.vocab_size, model.config, rng=rng + number)
        best = np.maximum(best, _best(*_correlations(matrix, _activity(blank, ids), split)))
        yield replace(ranking, untrained=best, share=(2 + number) / (1 + UNTRAINED))


def _useful(values: Floats, split: int) -> bool:
    """Return whether what a probe marks ends often enough in both parts of the text."""
    parts = (values[:split], values[split:])
    return all(int((np.diff(part) < 0).sum()) >= LEAST_OCCURRENCES for part in parts)


def _control(matrix: Floats, cells: Floats, split: int, rng: int) -> Floats:
    """Return what the same procedure finds for moved labels, (P,)."""
    best = np.zeros(matrix.shape[1], np.float32)
    for number in range(_CONTROLS):
        drawn = np.random.default_rng([rng, number])
        first, second = _moved(split, drawn), split + _moved(len(matrix) - split, drawn)
        moved = matrix[np.concatenate([first, second])]
        best = np.maximum(best, _best(*_correlations(moved, cells, split)))
    return best


def _moved(size: int, drawn: np.random.Generator) -> npt.NDArray[np.int64]:
    """Return an order of places in which passages of uneven lengths have changed theirs.

    Within a passage labels keep their course. One shift of all would not do: in verse whose
    lines are equally long, the labels would fall into step again.
    """
    borders = np.cumsum(drawn.integers(*_PASSAGE, size=size // _PASSAGE[0]))
    passages = np.split(np.arange(size), borders[borders < size])
    return np.concatenate([passages[place] for place in drawn.permutation(len(passages))])


def _best(first: Floats, second: Floats) -> Floats:
    """Return the confirmed ``|r|`` of the cell that the first part chooses, (P,)."""
    chosen = np.abs(first).argmax(axis=1)
    best: Floats = np.abs(second[np.arange(len(second)), chosen])
    return best


def _correlations(matrix: Floats, cells: Floats, split: int) -> tuple[Floats, Floats]:
    """Return r of probes (T, P) with cells (L, T, H) on both parts, each (P, L H)."""
    flat = np.concatenate(list(cells), axis=1)  # (T, L H)
    parts = (slice(None, split), slice(split, None))
    first, second = (_correlation(matrix[part], flat[part]) for part in parts)
    return first, second


def _correlation(probes: Floats, cells: Floats) -> Floats:
    """Return Pearson's r of columns (T, P) with columns (T, C): (P, C), 0 for constant ones."""
    result: Floats = _standard(probes).T @ _standard(cells)
    return result


def _standard(values: Floats) -> Floats:
    """Centre columns and scale them to length 1; constant ones become 0."""
    centred = values - values.mean(axis=0, dtype=np.float64).astype(np.float32)
    lengths = np.linalg.norm(centred, axis=0)
    flat = lengths <= 1e-6 * np.sqrt(len(values))
    standard: Floats = centred / np.where(flat, np.inf, lengths).astype(np.float32)
    return standard


@dataclass(frozen=True)
class ClassCost:
    """What switching cells off costs on one kind of character.

    Attributes:
        name: The kind, see ``classes.CLASSES``.
        characters: How often it occurs.
        extra_bits: Mean extra surprise at such a character, in bits.
    """

    name: str
    characters: int
    extra_bits: float


@dataclass(frozen=True, eq=False)
class Cost:
    """What switching cells off costs on a text.

    Attributes:
        bits: Surprise at each character with all cells on, (T,).
        bits_off: The same with the cells switched off, (T,).
        classes: The kinds of characters that occur, costliest first.
    """

    bits: Floats
    bits_off: Floats
    classes: tuple[ClassCost, ...]

    @property
    def extra_bits(self) -> float:
        """Mean extra surprise per character, in bits."""
        return float((self.bits_off - self.bits).mean(dtype=np.float64))


def cost(
    model: CharModel, vocabulary: Vocabulary, ids: Ids, layer: int, cells: tuple[int, ...]
) -> Cost:
    """Switch cells of one layer off and see what the network then pays.

    The network was not trained to do without them; that is the point of the question.

    Args:
        model: The network, left as it is.
        vocabulary: Its symbols.
        ids: The text, (T,).
        layer: Number of the layer, from 0.
        cells: Numbers of the cells, from 0; none changes nothing.

    Raises:
        InsightError: The text is empty, or there is no such layer or cell.
    """
    bits = surprise(model, ids).bits
    bits_off = surprise(switched_off(model, layer, cells), ids).bits
    kinds = character_classes(vocabulary.decode(ids))
    return Cost(bits, bits_off, _by_class(kinds, bits_off - bits))


def _by_class(kinds: npt.NDArray[np.int8], extra: Floats) -> tuple[ClassCost, ...]:
    costs = [
        ClassCost(CLASSES[kind], int((kinds == kind).sum()), float(extra[kinds == kind].mean()))
        for kind in np.unique(kinds).tolist()
    ]
    return tuple(sorted(costs, key=lambda one: -one.extra_bits))
