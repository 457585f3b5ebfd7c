"""A network with everything around it as one .zip: to keep, to hand on, to train on.

Weights are stored as they are, since they can't be compressed. Knows nothing of where it goes.
"""

import csv
import io
import json
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from lstm.checkpoint import dumps
from lstm.export.story import Story
from lstm.export.words import facts
from lstm.messages import Language, text

MODEL = "model.safetensors"
TRAINING = "training.safetensors"

_CODE = f"""\
from pathlib import Path
from lstm import Writer, load
saved = load(Path("{MODEL}"))
writer = Writer(saved.model(), saved.vocabulary, opening="{{opening}}", rng=1)
print(writer.write_text(400))"""

_COMMAND = f'python -m lstm write {MODEL} --opening "{{opening}}" --temperature 0.7'


def archive(story: Story, language: Language = "en") -> bytes:
    """Return a .zip of what there is of a network.

    ``model.safetensors`` holds the weights to write with, ``training.safetensors`` the newest
    state with the optimizer, to go on from; ``vocabulary.json`` and ``settings.json`` say in
    plain words what is also inside them. Of a run there are ``history.csv`` (evaluations, in
    bits per character), ``steps.csv`` (the course of the training, in nats) and a folder of
    samples. ``README.txt`` says how to use it.

    Args:
        story: The network.
        language: Language of the README.
    """
    files = _files(story)
    files["README.txt"] = _readme(story, list(files), language)
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, content in files.items():
            way = zipfile.ZIP_STORED if name.endswith(".safetensors") else zipfile.ZIP_DEFLATED
            bundle.writestr(name, content, way)
    return written.getvalue()


def _files(story: Story) -> dict[str, bytes]:
    files = {MODEL: dumps(story.saved, with_training=False)}
    if story.newest is not None:
        files[TRAINING] = dumps(story.newest)
    files["vocabulary.json"] = _json({"characters": list(story.saved.vocabulary.characters)})
    files["settings.json"] = _json(_settings(story))
    if story.run is not None:
        files["history.csv"] = _history(story)
        files["steps.csv"] = _steps(story)
    return files | _samples(story)


def _settings(story: Story) -> dict[str, Any]:
    saved = story.saved
    settings = {
        "name": story.name,
        "model": saved.model_config.to_json(),
        "training": saved.train_config.to_json() if saved.train_config else None,
        "lowercase": saved.lowercase,
        "info": saved.info,
    }
    if story.run is not None:
        settings["preset"] = story.run.preset
    if story.run is not None and story.run.has_text:
        settings["text"] = {
            "name": story.run.corpus_name,
            "characters": story.run.characters,
            "symbols": story.run.symbols,
        }
    return settings


def _history(story: Story) -> bytes:
    names = ["epoch", "step", "seconds", "train_bits", "validation_bits", "best"]
    rows = ([getattr(row, name) for name in names] for row in story.epochs)
    return _csv(names, ([*row[:-1], int(row[-1])] for row in rows))


def _steps(story: Story) -> bytes:
    names = [
        *("epoch", "step", "seconds", "loss"),
        *("grad_norm", "learning_rate", "chars_per_second"),
    ]
    columns = [getattr(story.curve, name).tolist() for name in names]
    return _csv(names, zip(*columns, strict=True))


def _samples(story: Story) -> dict[str, bytes]:
    return {
        f"samples/{row.index:04d}-epoch-{row.epoch:.2f}/temperature-{row.temperature:g}.txt": (
            (row.opening + row.text).encode("utf-8", "replace")
        )
        for rows in story.samples
        for row in rows
    }


def _readme(story: Story, files: list[str], language: Language) -> bytes:
    """Return plain text, so that no viewer takes a name for markup."""
    listed = [name for name in files if not name.startswith("samples/")]
    if len(listed) < len(files):
        listed.append("samples/")
    width = max(map(len, listed)) + 2
    opening = "the " if bool(story.saved.vocabulary.knows("the ").all()) else ""
    lines = [
        f"{name:{width}}{text(f'export.archive.{Path(name).stem}', language)}" for name in listed
    ]
    parts = [
        story.name,
        facts(story.saved, language),
        text("export.archive.use", language),
        _CODE.format(opening=opening),
        text("export.archive.command", language),
        _COMMAND.format(opening=opening),
        text("export.archive.inside", language),
        "\n".join(lines),
    ]
    indented = {3, 5, 7}
    shown = [_indent(part) if place in indented else part for place, part in enumerate(parts)]
    return ("\n\n".join(shown) + "\n").encode("utf-8", "replace")


def _indent(part: str) -> str:
    return "\n".join(f"    {line}" for line in part.splitlines())


def _json(values: dict[str, Any]) -> bytes:
    # ASCII, because a lone surrogate among the symbols can't be written as UTF-8.
    return json.dumps(values, indent=2).encode("ascii")


def _csv(names: list[str], rows: Iterable[Iterable[Any]]) -> bytes:
    written = io.StringIO(newline="")
    table = csv.writer(written)
    table.writerow(names)
    table.writerows(rows)
    return written.getvalue().encode("ascii")
