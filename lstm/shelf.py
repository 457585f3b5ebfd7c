"""The files of the run store: texts by content, and two generations of checkpoints for each run.

Every file gets its name only when it is complete, so whoever opens one finds a whole one at any
time. Knows nothing of the database, nor of which runs there are.
"""

import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from lstm import checkpoint
from lstm.checkpoint import Saved
from lstm.corpus import Corpus
from lstm.database import storage_errors
from lstm.errors import CheckpointError, StoreError
from lstm.files import whole_file
from lstm.patience import waits_for
from lstm.processes import held_here, is_locked

Which = Literal["last", "best"]


def corpus_key(corpus: Corpus) -> str:
    """Return the key under which a text is kept: its content with its split.

    The split belongs to it, because baselines are measured on the held-out part.
    """
    whole = f"{corpus.fingerprint} {corpus.validation!r} {corpus.lowercase}"
    return hashlib.sha256(whole.encode("ascii")).hexdigest()[:32]


class Shelf:
    """Texts and checkpoints below a data folder.

    Args:
        folder: The data folder.
    """

    def __init__(self, folder: Path) -> None:
        """Keep files below this folder, which is made when the first one comes."""
        self.folder = folder

    def corpus(self, corpus_fingerprint: str) -> Corpus:
        """Return a text, memory-mapped.

        Raises:
            StoreError: It is not there.
            CorpusError: Its files are damaged.
        """
        folder = self._corpus_folder(corpus_fingerprint)
        if not (folder / "corpus.json").exists():
            raise StoreError("corpus_missing")
        return Corpus.load(folder)

    def report(self, corpus_fingerprint: str) -> dict[str, Any] | None:
        """Return what was understood and cleaned when the text was read, or None."""
        file = self._corpus_folder(corpus_fingerprint) / "report.json"
        if not file.exists():
            return None
        report: dict[str, Any] = json.loads(file.read_text("utf-8"))
        return report

    def run_folder(self, run_id: str) -> Path:
        """Return the folder of a run's files; it may not be there yet."""
        return self.folder / "runs" / run_id

    def log_file(self, run_id: str) -> Path:
        """Return where a run's worker writes what it prints and what went wrong."""
        return self.run_folder(run_id) / "log.txt"

    def lock_file(self, run_id: str) -> Path:
        """Return the file that a run's worker keeps locked as long as it lives."""
        return self.run_folder(run_id) / "worker.lock"

    def leader_file(self) -> Path:
        """Return the file that the one scheduler that acts on the data folder keeps locked."""
        return self.folder / "scheduler.lock"

    def led_elsewhere(self) -> bool:
        """Tell whether the trainings are started by another process than this one."""
        return is_locked(self.leader_file()) and not held_here(self.leader_file())

    def waits_for(self, run_id: str) -> str | None:
        """Return what a run's worker waits for: a key of ``MAY_PASS``; None: it does not."""
        return waits_for(self.run_folder(run_id))

    def model_file(self, run_id: str, which: Which = "last") -> Path | None:
        """Return a model file that is whole at any time, also while the run trains.

        Args:
            run_id: The run.
            which: The newest snapshot, or the best by validation.

        Returns:
            The file, or None if there is none yet. Newer ones take its name as a whole.
        """
        file = self.run_folder(run_id) / f"{which}.safetensors"
        return file if file.exists() else None

    def load_checkpoint(self, run_id: str) -> tuple[Saved | None, int]:
        """Return the newest checkpoint that can be read.

        Returns:
            The checkpoint, None if there is none, and how many damaged ones were passed over.

        Raises:
            StoreError: They may be whole, but can't be read now.
        """
        damaged = 0
        for generation in ("last", "previous"):
            file = self.run_folder(run_id) / f"{generation}.safetensors"
            if not file.exists():
                continue
            try:
                with storage_errors(self.folder):
                    return checkpoint.load(file), damaged
            except CheckpointError:
                damaged += 1  # the caller tells the run's owner
        return None, damaged

    def put_corpus(self, corpus: Corpus, report: Mapping[str, Any] | None) -> str:
        """Write a text if it is not there yet, and return its key.

        Raises:
            StoreError: It can't be written.
        """
        key = corpus_key(corpus)
        folder = self._corpus_folder(key)
        with storage_errors(self.folder):
            if not (folder / "corpus.json").exists():
                corpus.save(folder)
            if report is not None:
                with whole_file(folder / "report.json") as file:
                    file.write(json.dumps(report, ensure_ascii=False).encode("utf-8"))
        return key

    def put_checkpoint(self, run_id: str, saved: Saved, best: Saved | None) -> int:
        """Write a run's newest checkpoint, the one before becomes the previous generation.

        Args:
            run_id: The run.
            saved: The newest state.
            best: The best weights by validation, if they are new.

        Returns:
            The bytes that the run's files take.

        Raises:
            StoreError: They can't be written; the older ones are still there.
        """
        packed = None if best is None else checkpoint.dumps(best, with_training=False)
        return self.put_packed(run_id, checkpoint.dumps(saved), packed)

    def put_packed(self, run_id: str, saved: bytes, best: bytes | None) -> int:
        """Do what ``put_checkpoint`` does with the bytes of the files."""
        folder = self.run_folder(run_id)
        with storage_errors(self.folder):
            folder.mkdir(parents=True, exist_ok=True)
            if best is not None:
                _write(folder / "best.safetensors", best)
            _keep_previous(folder)
            _write(folder / "last.safetensors", saved)
            return sum(file.stat().st_size for file in folder.glob("*.safetensors"))

    def sweep_run(self, run_id: str) -> None:
        """Remove half-written files that a killed worker left; only its successor may call this.

        Raises:
            StoreError: They can't be removed.
        """
        with storage_errors(self.folder):
            for file in self.run_folder(run_id).glob(".*.safetensors.*"):
                file.unlink()

    def remove_run(self, run_id: str) -> None:
        """Remove a run's files, if there are any."""
        _remove(self.run_folder(run_id))

    def remove_corpus(self, corpus_fingerprint: str) -> None:
        """Remove a text, if it is there."""
        _remove(self._corpus_folder(corpus_fingerprint))

    def _corpus_folder(self, key: str) -> Path:
        return self.folder / "corpora" / key


def _write(path: Path, data: bytes) -> None:
    with whole_file(path) as file:
        file.write(data)


def _keep_previous(folder: Path) -> None:
    """Give the last checkpoint a second name, so that it never lacks its own in between."""
    last = folder / "last.safetensors"
    if not last.exists():
        return
    aside = folder / ".previous"
    aside.unlink(missing_ok=True)
    try:
        aside.hardlink_to(last)
    except (OSError, NotImplementedError):  # a file system without hard links
        shutil.copyfile(last, aside)
    aside.replace(folder / "previous.safetensors")


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
