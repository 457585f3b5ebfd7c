"""Where things lie: the repository's assets and the visitor's data folder.

Knows nothing of what the files contain.
"""

import os
from pathlib import Path

import platformdirs

ASSETS = Path(__file__).resolve().parent.parent / "assets"
"""Read-only files that ship with Charloom: corpora, models, locales, images."""


def data_folder() -> Path:
    """Return the folder of the run store: ``CHARLOOM_DATA``, or the user's data folder.

    The folder is not created here, so that asking for its name has no effect.
    """
    named = os.environ.get("CHARLOOM_DATA")
    if named:
        return Path(named).expanduser().resolve()
    return Path(platformdirs.user_data_dir("charloom", appauthor=False))
