"""What every command shares: the options that stand on all of them, exit statuses, and how a mistake is answered."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import App, CycloptsError, Parameter, UnusedCliTokensError

from .. import __version__
from ..host.refusal import Refusal
from ..protocol.plain import literal

DONE, FAILED, WRONG, REFUSED, INTERRUPTED = 0, 1, 2, 3, 130

app = App(
    name="observatory",
    help="Watch a language model with a hippocampus and a cortex learn in its sleep. Without a command: the window.",
    version=__version__,
)


@Parameter(name="*")
@dataclass(frozen=True)
class Common:
    """What stands on every command."""

    home: Path | None = None
    "The folder that holds one mind. Default: OBSERVATORY_HOME, or your data folder."
    model: str | None = None
    "`default`, a local folder, a GGUF file, or a hub name. Default: what the home's settings say."
    quiet: Annotated[bool, Parameter(negative="")] = False
    "Say nothing but what went wrong."
    json: Annotated[bool, Parameter(negative="")] = False
    "The result as JSON on standard output, for scripts."

    def where(self) -> Path:
        from ..settings import default_home

        return (self.home.expanduser() if self.home else default_home()).absolute()


HERE = Common()


def run(arguments: Sequence[str]) -> int:
    """Carry out one command line; the answer is the exit status."""
    try:
        code = app(list(arguments), exit_on_error=False, print_error=False, result_action="return_value")
    except CycloptsError as error:
        return _complain(f"{_sentence(error)} See observatory --help.", WRONG)
    except Refusal as refusal:
        return _complain(str(refusal), refusal.code)
    except KeyboardInterrupt:
        return _complain("Interrupted.", INTERRUPTED)
    except BrokenPipeError:
        # Whoever read our output has left; that is how `| head` ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    return code if isinstance(code, int) else DONE


def _sentence(error: CycloptsError) -> str:
    if isinstance(error, UnusedCliTokensError):
        odd = " ".join(error.unused_tokens or [])
        return f"“{odd}” is no command or option here."
    text = " ".join(str(error).split())
    return text if text.endswith((".", "?", "!")) else f"{text}."


def _complain(text: str, code: int) -> int:
    print(f"observatory: {literal(text)}", file=sys.stderr)
    return code


def a_life(common: Common) -> Path:
    home = common.where()
    if not has_lived(home):
        raise Refusal(FAILED, f"No mind has lived in {home} yet. What to do: observatory live, or name another --home.")
    return home


def has_lived(home: Path) -> bool:
    return any((home / name).exists() for name in ("observatory.duckdb", "journal.jsonl"))
