"""One call of a plugin in a process of its own, for what needs no mind: where a day comes from, another form of a home.

What it prints goes nowhere, what it starts is ended with it, and however it fails, whoever asked gets words. The
answer is checked there and once more here. It does not know what an answer is used for.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec

from ..protocol.events import Plain
from .answers import FORMS, Nonsense, checked
from .contract import Episode, Kind, Night
from .find import Found, at
from .guard import LOADING_S, Guarded

SECONDS = 60.0
"""For one call: a person waits for it, and a folder of diaries has to be read."""
SLACK_S = 10.0


class Failed(RuntimeError):
    """The plugin gave no answer that can be used; the message says why, `detail` where."""

    def __init__(self, why: str, detail: str = ""):
        super().__init__(why)
        self.detail = detail


class Asked(Plain, frozen=True, kw_only=True):
    """What the process is to ask: without `told` the method takes nothing."""

    method: str
    options: dict[str, float | int | bool | str]
    seconds: float
    told: tuple[list[Episode], list[Night]] | None = None


class Answered(Plain, frozen=True, kw_only=True):
    value: msgspec.Raw = msgspec.Raw(b"\xc0")
    why_off: str = ""
    detail: str = ""


def ask(
    found: Found, kind: Kind, method: str, options: dict[str, object],
    told: tuple[list[Episode], list[Night]] | None = None, seconds: float = SECONDS,
) -> object:  # fmt: skip
    """The plugin's answer. Raises Failed."""
    with tempfile.TemporaryDirectory(prefix="observatory-aside-") as folder:
        wanted, given = Path(folder, "asked"), Path(folder, "answered")
        asked = Asked(method=method, options=options, seconds=seconds, told=told)
        wanted.write_bytes(msgspec.msgpack.encode(asked))
        call = [sys.executable, "-B", "-m", __name__, str(found.folder), kind, str(wanted), str(given)]
        ended = _run(call, seconds + LOADING_S + SLACK_S)
        try:
            answered = msgspec.msgpack.decode(given.read_bytes(), type=Answered)
        except (OSError, msgspec.MsgspecError):
            raise Failed(f"its process ended without an answer ({ended})") from None
    if answered.why_off:
        raise Failed(answered.why_off, answered.detail)
    try:
        value = msgspec.msgpack.decode(answered.value, type=FORMS[kind, method])
        return checked(kind, method, value, told or ())
    except (Nonsense, msgspec.MsgspecError) as why:
        raise Failed(str(why)) from why


def _run(call: list[str], seconds: float) -> str:
    """How the process ended. What it started goes with it, where the system can tell."""
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(call, start_new_session=True, **quiet)
    try:
        return f"with {process.wait(seconds)}"
    except subprocess.TimeoutExpired:
        return f"it had not ended after {seconds:.0f} s and was ended"
    finally:
        if hasattr(os, "killpg"):
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        process.kill()
        process.wait()


def main(folder: str, kind: Kind, wanted: str, given: str) -> None:
    asked = msgspec.msgpack.decode(Path(wanted).read_bytes(), type=Asked)
    notices: list = []
    plugin = Guarded(at(Path(folder)), kind, notices.append, choices=asked.options, seconds=asked.seconds)
    value = plugin.ask(asked.method, *(asked.told or ()))
    found = Answered(
        value=msgspec.Raw(msgspec.msgpack.encode(value)), why_off=plugin.why_off,
        detail=notices[0].detail if notices else "",
    )  # fmt: skip
    Path(given).write_bytes(msgspec.msgpack.encode(found))
    # Without waiting for threads that a plugin may have left behind.
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:5])
