"""Where the presets are: each a file named after its kind."""

from collections.abc import Mapping
from pathlib import Path

import jobwatchd

_PACKAGE = Path(jobwatchd.__file__).parent
# In the wheel they are inside of the package; in a checkout they are where people look for them.
_FOLDERS = (_PACKAGE / "presets", _PACKAGE.parents[1] / "config" / "presets")


def presets_folder() -> Path:
    """Return the folder in which the presets are."""
    return next((folder for folder in _FOLDERS if folder.is_dir()), _FOLDERS[-1])


def preset_files(folder: Path | None = None) -> Mapping[str, Path]:
    """Return the file of each preset, by name, sorted."""
    return {file.stem: file for file in sorted((folder or presets_folder()).glob("*.yaml"))}
