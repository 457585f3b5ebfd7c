"""How large what the server stands on is, package by package: most of the container's image.

Counts the files of this environment, so the container's figure is the one that is printed there.
Knows nothing of the image's system, nor of how its layers are packed.
"""

import re
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from lstm.bench.rows import Row

REQUIREMENTS = Path(__file__).parents[2] / "requirements.txt"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_PLACES = ("site-packages", "dist-packages")
_LARGE = 0.01
"""Share of all from which on a package has a row of its own."""


def rows() -> Iterator[Row]:
    """Measure each package and all of them together, the largest first."""
    sizes = {each.name: size_of(each) / 1e6 for each in needed(REQUIREMENTS).values()}
    everything, small = sum(sizes.values()), 0.0
    name = f"all {len(sizes)} packages"
    yield Row("size", name, everything, "MB")
    for package, size in sorted(sizes.items(), key=lambda entry: -entry[1]):
        if size < _LARGE * everything:
            small += size
        else:
            yield Row("size", package, size, "MB", name, size / everything)
    yield Row("size", "the others together", small, "MB", name, small / everything)


def needed(requirements: Path) -> dict[str, metadata.Distribution]:
    """Return the packages of a file of requirements and all that they need in turn, by name.

    What is not installed is not needed on this system, such as torch's parts for other processors.
    Nor is what an imported package brings along in a folder of its own.
    """
    places = [place for place in sys.path if Path(place).name in _PLACES]
    lines = requirements.read_text("utf-8").splitlines()
    waiting, found = lines, dict[str, metadata.Distribution]()
    while waiting:
        line = waiting.pop()
        name = _NAME.match(line)
        if name is None or "extra ==" in line or plain(name[0]) in found:
            continue
        for package in metadata.distributions(name=name[0], path=places):
            found[plain(name[0])] = package
            waiting += package.requires or []
            break
    return found


def plain(name: str) -> str:
    """Return a package's name as it is compared and as it stands in file names."""
    return re.sub(r"[-_.]+", "_", name).lower()


def size_of(package: metadata.Distribution) -> int:
    """Return the bytes of a package's files, compiled ones included."""
    places = (Path(str(package.locate_file(file))) for file in package.files or [])
    return sum(place.stat().st_size for place in places if place.is_file())
