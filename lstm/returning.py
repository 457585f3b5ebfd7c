"""A network that comes back: read from the file that was taken home, grown for another text.

Nothing in such a file is trusted: the archive is bounded (``readers.archive``), the weights are
checked against their settings (``checkpoint``). Knows nothing of runs and of pages.
"""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import PurePath, PurePosixPath

import torch
from torch import Tensor

from lstm.checkpoint import Saved, loads
from lstm.config import VALIDATION_SHARE, VOCABULARY_CAP
from lstm.corpus import Corpus
from lstm.errors import CharloomError, CheckpointError, CorpusError, DocumentError
from lstm.events import TrainingState
from lstm.readers.archive import Archive
from lstm.readers.document import Source
from lstm.vocabulary import MOST_SYMBOLS, UNKNOWN, Vocabulary

ENDINGS = (".safetensors", ".zip")
"""Endings of the files that a network can come back in."""

_MODEL = "model.safetensors"
_TRAINING = "training.safetensors"

MOST_FACT = 1e9
"""Epochs or seconds above this are absurd."""

MOST_BITS = 64.0
"""Likewise bits per character."""

_BY_SYMBOL = ("model.embedding.weight", "model.head.weight", "model.head.bias")
"""Weights with a row for each symbol."""

NEW_SHARE = 0.01
"""Probability that all new symbols with the same stand-in begin with together, as a share of the
stand-in's own: so a network that grew still writes what it wrote."""


@dataclass(frozen=True, eq=False)
class Returned:
    """What was found in a file.

    Attributes:
        name: The file's name without its ending; hostile text.
        saved: The network to write with.
        newest: The state to train on from, with its optimizer; None if there is none.
        damaged: What is wrong with the state to train on from, if that can't be used.
    """

    name: str
    saved: Saved
    newest: Saved | None = None
    damaged: CharloomError | None = None

    @property
    def title(self) -> str:
        """What the network is called, else the file; hostile text."""
        name = self.saved.info.get("name")
        return name if isinstance(name, str) and name.strip() else self.name

    def fact(self, name: str, most: float = MOST_FACT) -> float | None:
        """Return a number that the file tells of the network; None if it is missing or absurd."""
        value = self.saved.info.get(name)
        if not isinstance(value, int | float) or isinstance(value, bool):
            return None
        return float(value) if 0 <= value <= most else None  # None for a nan as well


def read_model(data: bytes, name: str) -> Returned:
    """Read a .safetensors file, or an archive that holds one.

    Raises:
        CheckpointError: There is no network in it, or it can't be used.
        DocumentError: It is an archive that is damaged or costs too much to unpack.
    """
    stem = PurePath(name).stem
    if PurePath(name).suffix.lower() != ".zip":
        saved = loads(data)
        return Returned(stem, saved, saved if _can_go_on(saved) else None)
    archive = Archive(Source(name, data))
    model, training = _places(archive, name)
    saved = loads(archive.read(model))
    if training is None:
        return Returned(stem, saved, saved if _can_go_on(saved) else None)
    try:
        newest = loads(archive.read(training))
        _check_same(saved, newest)
    except (CheckpointError, DocumentError) as error:
        return Returned(stem, saved, damaged=error)
    return Returned(stem, saved, newest)


def _places(archive: Archive, name: str) -> tuple[str, str | None]:
    """Return where the network and its training lie: in any folder, the outermost first."""
    found = sorted(
        (path for path in archive.names if path.endswith(ENDINGS[0])),
        key=lambda path: (path.count("/"), PurePosixPath(path).name != _MODEL, path),
    )
    if not found:
        raise CheckpointError("archive_without_model", name=name)
    beside = str(PurePosixPath(found[0]).with_name(_TRAINING))
    return found[0], beside if beside in archive and beside != found[0] else None


def _can_go_on(saved: Saved) -> bool:
    return any(not name.startswith("model.") for name in saved.state.tensors)


def _check_same(saved: Saved, newest: Saved) -> None:
    if (saved.vocabulary, saved.model_config) != (newest.vocabulary, newest.model_config):
        raise CheckpointError("checkpoint_foreign")


# -- going on with another text --------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Continuation:
    """A network ready to be trained on a text, and that text in its symbols.

    Attributes:
        saved: The network, its vocabulary grown; its training begins anew, from these weights.
        corpus: The text.
        stand_ins: For each new symbol the known one that it begins as.
    """

    saved: Saved
    corpus: Corpus
    stand_ins: dict[str, str]


def go_on_with(
    saved: Saved,
    text: str,
    *,
    name: str = "text",
    validation: float = VALIDATION_SHARE,
    cap: int = VOCABULARY_CAP,
) -> Continuation:
    """Let a network go on with a text that may have characters that it does not know.

    A new symbol begins with the weights of the one that stood in for it so far (a look-alike,
    the other case, a blank), so that the network reads the text exactly as before, and writes as
    before but for ``NEW_SHARE``. Known symbols that the text lacks stay.

    Args:
        saved: The network.
        text: The text, cleaned; lower-cased here if the network's was.
        name: What to call the text.
        validation: Share of the text that is held out.
        cap: Most new symbols, the text's most frequent ones; the others are read as unknown.

    Raises:
        CorpusError: The text is no corpus, or they know more symbols together than there may be.
        ConfigError: ``validation`` or ``cap`` is out of range.
    """
    own = Corpus.from_text(
        text, name=name, lowercase=saved.lowercase, validation=validation, cap=cap
    )
    vocabulary = _merged(saved.vocabulary, own.vocabulary)
    stand_ins = _stand_ins(saved.vocabulary, vocabulary)
    ids = vocabulary.encode(text.lower() if saved.lowercase else text)
    ids.flags.writeable = False
    corpus = replace(own, ids=ids, vocabulary=vocabulary)
    return Continuation(_grown(saved, vocabulary, stand_ins), corpus, stand_ins)


def with_optimizer(continuation: Continuation, newest: Saved | None) -> Continuation:
    """Let a network that goes on with its own text keep what its optimizer has gathered.

    That is running means of its gradients and their squares (Adam: Kingma and Ba, 2015). They are
    those of the newest weights; the best ones, with which it goes on, are not far from these, and
    the means forget within some fifty steps.

    Args:
        continuation: The network and the text.
        newest: Where its training stands; None: it can't be read, so the optimizer begins afresh.
    """
    saved = continuation.saved
    if newest is None:
        return continuation
    if (saved.vocabulary, saved.model_config) != (newest.vocabulary, newest.model_config):
        return continuation
    gathered = {
        name: value for name, value in newest.state.tensors.items() if name.startswith("optimizer.")
    }
    state = TrainingState({**saved.state.tensors, **gathered})
    return replace(continuation, saved=replace(saved, state=state))


def _merged(known: Vocabulary, other: Vocabulary) -> Vocabulary:
    symbols = {*known.characters, *other.characters}
    if len(symbols) > MOST_SYMBOLS:
        raise CorpusError("symbols_together", most=MOST_SYMBOLS)
    ordered = sorted(symbols - {UNKNOWN})
    return Vocabulary((*ordered, UNKNOWN) if UNKNOWN in symbols else tuple(ordered))


def _stand_ins(known: Vocabulary, grown: Vocabulary) -> dict[str, str]:
    """Return what each new symbol was read as until now."""
    old = set(known.characters)
    new = [symbol for symbol in grown.characters if symbol not in old]
    if known.unknown is not None:
        return dict.fromkeys(new, UNKNOWN)
    return known.substitute("".join(new))[1]


def _grown(saved: Saved, vocabulary: Vocabulary, stand_ins: Mapping[str, str]) -> Saved:
    """Return the network with a row for each symbol, without anything of its training."""
    old = {symbol: place for place, symbol in enumerate(saved.vocabulary.characters)}
    rows = torch.tensor([old[stand_ins.get(symbol, symbol)] for symbol in vocabulary.characters])
    sharing = Counter(stand_ins.values())
    rarer = torch.tensor(
        [
            math.log(NEW_SHARE / sharing[stand_ins[symbol]]) if symbol in stand_ins else 0.0
            for symbol in vocabulary.characters
        ]
    )
    tensors = {
        name: _with_rows(name, value, rows)
        for name, value in saved.state.tensors.items()
        if name.startswith("model.")
    }
    bias = tensors["model.head.bias"]
    tensors["model.head.bias"] = bias + rarer.to(bias.dtype)
    if saved.model_config.embedding_size == 0:
        first = "model.layers.0.weight_ih_l0"
        tensors[first] = saved.state.tensors[first][:, rows]
    return replace(saved, vocabulary=vocabulary, state=TrainingState(tensors))


def _with_rows(name: str, value: Tensor, rows: Tensor) -> Tensor:
    """Return a weight with the rows of the symbols; others are the same for any vocabulary."""
    return value[rows] if name in _BY_SYMBOL else value.clone()
