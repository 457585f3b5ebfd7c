"""Everything that is known of a network: of a run its whole past, of a model file its weights.

Knows nothing of what is made of it.
"""

from dataclasses import dataclass
from typing import Self

from lstm.baselines import Baseline
from lstm.checkpoint import Saved, load
from lstm.errors import ExportError
from lstm.export.words import name_of, tidy
from lstm.records import Curve, EpochRow, Notice, Run, SampleRow
from lstm.runs import RunStore


@dataclass(frozen=True, eq=False)
class Story:
    """A network with its past.

    Attributes:
        name: What it is called, on one line; hostile text.
        saved: The network to write with: of a run the best one by validation.
        newest: The newest state, from which the training can go on; None if there is none.
        run: The run, if it is one; what follows is empty if not.
        curve: The course of its training.
        epochs: Its evaluations, in order.
        samples: What it wrote after each evaluation, coldest first.
        baselines: What simple methods reach on the same text, highest bits first.
        notices: What happened to it.
    """

    name: str
    saved: Saved
    newest: Saved | None = None
    run: Run | None = None
    curve: Curve | None = None
    epochs: tuple[EpochRow, ...] = ()
    samples: tuple[tuple[SampleRow, ...], ...] = ()
    baselines: tuple[Baseline, ...] = ()
    notices: tuple[Notice, ...] = ()

    @classmethod
    def of_model(cls, saved: Saved, name: str | None = None) -> Self:
        """Tell of a model file.

        Args:
            saved: What is in it.
            name: What to call it; default: what the file calls it.
        """
        can_go_on = any(not name.startswith("model.") for name in saved.state.tensors)
        return cls(tidy(name or "") or name_of(saved), saved, saved if can_go_on else None)

    @classmethod
    def of_run(cls, store: RunStore, run_id: str) -> Self:
        """Tell of a run, also of one that still trains.

        Raises:
            StoreError: There is no such run.
            ExportError: It has not saved a network yet.
            CheckpointError: Its files are damaged.
        """
        run = store.run(run_id)
        newest, _ = store.load_checkpoint(run_id)
        best = store.model_file(run_id, "best")
        saved = load(best) if best else newest
        if saved is None:
            raise ExportError("export_no_weights")
        return cls(
            name=tidy(run.name) or name_of(saved),
            saved=saved,
            newest=newest,
            run=run,
            curve=store.steps(run_id),
            epochs=tuple(store.epochs(run_id)),
            samples=tuple(
                tuple(store.samples(run_id, index)) for index in store.sample_indices(run_id)
            ),
            baselines=tuple(store.baselines(run.corpus_fingerprint)),
            notices=tuple(store.notices(run_id)),
        )
