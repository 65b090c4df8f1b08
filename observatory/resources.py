"""Where the files that ship with the observatory are: days, exams, texts, fonts, icons.

Knows both places they can be, a checkout and an installed wheel. It does not know what is in them.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path


@cache
def folder() -> Path:
    """The resources folder. In a checkout it lies beside the package, in a wheel inside it."""
    package = Path(__file__).resolve().parent
    for place in (package.parent / "resources", package / "_resources"):
        if (place / "days").is_dir():
            return place
    raise FileNotFoundError(
        f"the observatory's resources are neither beside {package} nor inside it. "
        "What to do: the installation is incomplete; install it again."
    )
