"""Wheels made of what is installed: what pip would have to download, without the net."""

import zipfile
from importlib import metadata
from pathlib import Path

from lstm.bench.size import needed, plain, size_of

_WHOLE = 1_000_000
"""Bytes up to which a package is packed whole; of a larger one only what it says of itself."""

_SAID = ("METADATA", "entry_points.txt")
_WHEEL = "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def pack(requirements: Path, folder: Path) -> set[str]:
    """Make a wheel of every package that is needed; return those that are packed whole."""
    folder.mkdir()
    whole = set()
    for name, package in needed(requirements).items():
        if size_of(package) <= _WHOLE:
            whole.add(name)
        _pack(package, folder, whole=name in whole)
    return whole


def _pack(package: metadata.Distribution, folder: Path, *, whole: bool) -> None:
    stem = f"{plain(package.name)}-{package.version}"
    with zipfile.ZipFile(folder / f"{stem}-py3-none-any.whl", "w") as wheel:
        for name in _SAID:
            if said := package.read_text(name):
                wheel.writestr(f"{stem}.dist-info/{name}", said)
        for file in package.files or []:
            inside = not {"..", "__pycache__"} & set(file.parts)
            if whole and inside and not file.parts[0].endswith(".dist-info"):
                wheel.write(str(package.locate_file(file)), str(file))
        wheel.writestr(f"{stem}.dist-info/WHEEL", _WHEEL)
        names = [*wheel.namelist(), f"{stem}.dist-info/RECORD"]
        wheel.writestr(names[-1], "".join(f"{name},,\n" for name in names))
