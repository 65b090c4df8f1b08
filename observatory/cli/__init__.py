"""The command line: what was asked for, checked, and handed to the room that does it.

Nothing heavy is imported before a command needs it, so help and mistakes are answered at once. Exit status: 0 done,
1 the work failed, 2 the call was wrong, 3 vetoed or refused by policy, 130 interrupted.
"""

from . import exporting, extending, living, looking, machine, querying, replaying, reviewing
from .line import HERE, WRONG, Common, run

__all__ = [
    "HERE", "WRONG", "Common", "exporting", "extending", "living", "looking", "machine", "querying", "replaying",
    "reviewing", "run",
]  # fmt: skip
