"""The command line: which words there are, and what each is called with.

What the commands do is in ``commands``; it is imported when one runs, because torch takes a second
and ``--help`` should not wait for it. Exit code 0 is success; 2 is bad input, with one sentence on
stderr that says what was wrong.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from lstm import messages
from lstm.errors import BenchError, CharloomError
from lstm.export.names import FORMATS

if TYPE_CHECKING:
    from lstm.bench.rows import Row

BAD_INPUT = 2

_Commands = argparse._SubParsersAction  # argparse has no public name for it


def main(arguments: Sequence[str]) -> int:
    """Run one command.

    Args:
        arguments: The words after ``python -m lstm``.

    Returns:
        The exit code.
    """
    options = _parser().parse_args(arguments)
    try:
        return _run(options)
    except CharloomError as error:
        _say(str(error))
    except OSError as error:
        _say(messages.text("cli.os_error", reason=error.strerror, name=error.filename))
    return BAD_INPUT


def _run(options: argparse.Namespace) -> int:
    if options.command == "worker":
        from lstm.worker import main as work

        return work(options.arguments)
    from lstm import commands

    if options.command == "bench":
        from lstm import bench

        bench.BENCHES["app"] = _app_rows
    run: Callable[[argparse.Namespace], int] = getattr(commands, options.command)
    return run(options)


def _app_rows(_: Path | None) -> "Iterator[Row]":
    """Measure the app at work; what plays the browsers is loaded only now.

    Raises:
        BenchError: A package is missing, or see ``lstm.ui.crowd.rows``.
    """
    try:
        from lstm.ui.crowd import rows
    except ModuleNotFoundError as error:
        raise BenchError("bench_needs", name=error.name) from error
    yield from rows()


class _Parser(argparse.ArgumentParser):
    """Says what was wrong in one sentence instead of printing the whole usage."""

    def error(self, message: str) -> NoReturn:
        _say(messages.text("cli.usage", command=self.prog, message=message))
        raise SystemExit(BAD_INPUT)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m lstm", description=_help("charloom"))
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    train = _command(commands, "train")
    train.add_argument("files", nargs="+", metavar="FILE", help=_help("files"))
    presets = ["quick", "standard", "deep", "classic"]
    train.add_argument("--preset", choices=presets, default="quick", help=_help("preset"))
    train.add_argument("--cell", choices=["lstm", "gru", "rnn"], help=_help("cell"))
    train.add_argument("--hidden", type=int, metavar="N", help=_help("hidden"))
    train.add_argument("--layers", type=int, metavar="N", help=_help("layers"))
    budget = train.add_mutually_exclusive_group()
    budget.add_argument("--seconds", type=float, metavar="S", help=_help("seconds"))
    budget.add_argument("--epochs", type=int, metavar="N", help=_help("epochs"))
    train.add_argument("--lowercase", action="store_true", help=_help("lowercase"))
    train.add_argument(
        "--validation", type=float, default=0.1, metavar="SHARE", help=_help("validation")
    )
    train.add_argument("--rng", type=int, metavar="N", help=_help("train_rng"))
    train.add_argument("--threads", type=int, metavar="N", help=_help("threads"))
    precisions = ["auto", "float32", "bfloat16"]
    train.add_argument("--precision", choices=precisions, help=_help("precision"))
    train.add_argument("--out", type=Path, metavar="MODEL.safetensors", help=_help("out"))
    train.add_argument("--json", action="store_true", help=_help("json"))
    _add_reading_commands(commands)
    return parser


def _add_reading_commands(commands: "_Commands[_Parser]") -> None:
    evaluate = _command(commands, "evaluate")
    evaluate.add_argument("model", metavar="MODEL", help=_help("model"))
    evaluate.add_argument("file", metavar="FILE", help=_help("file"))
    evaluate.add_argument("--tail", type=float, default=0.1, help=_help("tail"))
    evaluate.add_argument("--json", action="store_true", help=_help("json"))
    write = _command(commands, "write")
    write.add_argument("model", metavar="MODEL", help=_help("model"))
    write.add_argument("--opening", default="", metavar="TEXT", help=_help("opening"))
    write.add_argument("--temperature", type=float, default=0.8, help=_help("temperature"))
    write.add_argument("--top-k", type=int, default=0, metavar="K", help=_help("top_k"))
    write.add_argument("--top-p", type=float, default=1.0, metavar="P", help=_help("top_p"))
    write.add_argument("--min-p", type=float, default=0.0, metavar="P", help=_help("min_p"))
    write.add_argument("--length", type=int, default=400, metavar="N", help=_help("length"))
    write.add_argument("--rng", type=int, metavar="N", help=_help("write_rng"))
    _add_export(commands)
    bench = _command(commands, "bench")
    benches = ["train", "write", "peers", "race", "recipe", "scale", "page", "size", "ray", "app"]
    bench.add_argument("what", nargs="?", choices=benches, help=_help("bench"))
    bench.add_argument("--texts", type=Path, metavar="FOLDER", help=_help("texts"))
    bench.add_argument("--json", action="store_true", help=_help("json"))
    worker = _command(commands, "worker")
    worker.add_argument("arguments", nargs=argparse.REMAINDER, help=_help("worker_arguments"))


def _add_export(commands: "_Commands[_Parser]") -> None:
    export = _command(commands, "export")
    export.add_argument("model", metavar="MODEL", help=_help("model_or_run"))
    export.add_argument("--format", choices=FORMATS, required=True, help=_help("format"))
    export.add_argument("--out", type=Path, metavar="PATH", help=_help("export_out"))
    export.add_argument(
        "--language", choices=messages.LANGUAGES, default="en", help=_help("language")
    )


def _command(commands: "_Commands[_Parser]", name: str) -> argparse.ArgumentParser:
    text = _help(f"command_{name}")
    command = commands.add_parser(name, help=text, description=text)
    command.set_defaults(command=name)
    return command


def _help(name: str) -> str:
    return messages.text(f"cli.help.{name}").replace("%", "%%")


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)
