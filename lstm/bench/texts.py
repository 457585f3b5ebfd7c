"""The public texts that benches measure on."""

from pathlib import Path

from lstm import library
from lstm.paths import data_folder


def public_text(key: str, folder: Path | None) -> Path:
    """Return a public text as a file.

    Args:
        key: ``nietzsche`` or ``tinyshakespeare``.
        folder: Where ``KEY.txt`` lies; default: it is fetched.

    Raises:
        DownloadError: It can't be fetched.
    """
    if folder is not None:
        return folder / f"{key}.txt"
    text = next(text for text in library.public() if text.key == key)
    return library.download(text, data_folder() / "library")
