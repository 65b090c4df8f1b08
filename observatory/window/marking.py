"""What a person does with stored episodes: pin, exclude, take back, write out; and SQL on the record.

Mixed into the main window, which has `story`, `source`, the docks, `by` and `_do`. Record and mind ask again.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QFileDialog

from ..protocol import asking
from ..protocol import events as ev
from . import words
from .examples import EPISODES

KINDS = "Parquet (*.parquet);;CSV (*.csv)"
VERBS = {("pinned", True): "Pin", ("pinned", False): "Unpin", ("excluded", True): "Exclude",
         ("excluded", False): "Include again"}  # fmt: skip


class Marking:
    def _connect_memory(self) -> None:
        self.choose_target = self._choose_target
        dock, console = self.episodes, self.episodes.console
        dock.can_mark = self.can_mark
        dock.pin_wanted.connect(self.pin)
        dock.exclude_wanted.connect(self.exclude)
        dock.export_wanted.connect(self.export_episodes)
        dock.exported.connect(self.export_done)
        console.wanted.connect(self._ask_record)
        console.export_wanted.connect(self._export)

    # ------------------------------------------------------------ when

    def can_mark(self) -> bool:
        """A mark is recorded before the mind hears of it, so it needs none that is awake."""
        return self._open() and bool(self.story.episodes)

    def can_export(self) -> bool:
        return self.source is not None and bool(self.story.episodes)

    # ------------------------------------------------------------ marks

    def pin(self) -> None:
        """Pin the chosen episodes; if all of them are pinned, take it back. What has faded cannot be pinned."""
        self._toggle("pinned", [e for e in self.episodes.picked() if e.pinned or e.faded is None])

    def exclude(self) -> None:
        self._toggle("excluded", self.episodes.picked())

    def _toggle(self, mark: ev.Mark, episodes: list) -> None:
        if not episodes or not self.can_mark():
            return
        on = not all(getattr(e, mark) for e in episodes)
        numbers = [e.number for e in episodes if getattr(e, mark) != on]

        said = f"{VERBS[mark, on]} {words.plural(len(numbers), 'episode')}"
        if self._put_mark(numbers, mark, on):
            self.acts.did(
                said[0].lower() + said[1:], lambda: self._put_mark(numbers, mark, not on),
                lambda: self._put_mark(numbers, mark, on),
            )  # fmt: skip
            self._name_undo()

    def _put_mark(self, numbers: list[int], mark: ev.Mark, on: bool) -> bool:
        put = self._do("The mark was not set", lambda: (self.source.mark(numbers, mark, on, self.by), True))
        return put is not None

    # ------------------------------------------------------------ SQL and files

    def show_sql(self) -> None:
        self._show(self.episodes)
        self.episodes.show_console()

    def _ask_record(self, text: str) -> None:
        console = self.episodes.console
        if self.source is None:
            console.show_trouble("No home is open yet.")
            return
        try:
            console.wait_for(self.source.sql(text))
        except (RuntimeError, ValueError, OSError) as error:
            console.show_trouble(str(error))

    def export_episodes(self) -> None:
        """Those that are chosen; all that are shown, if none is."""
        chosen = self.episodes.picked() or self.episodes.all_shown()
        if chosen and self.can_export():
            self._export(EPISODES, {"episodes": [e.number for e in chosen]})

    def _export(self, text: str, values: dict | None = None) -> None:
        target = self.choose_target("Where to write it", KINDS) if self.source is not None else ""
        if not target:
            return
        asked = self._do("It was not written", lambda: self.source.export(Path(target), text, values))
        if asked is not None:
            self.episodes.wait_for_export(asked)

    def export_done(self, answer: asking.Answer) -> None:
        if isinstance(answer, asking.Written):
            said = f"{words.plural(answer.rows, 'row')} written to {answer.name}, and beside it what they are."
            self.story.take(ev.Notice(level="info", title="Written", text=said))
            self._draw()
        elif isinstance(answer, asking.Refused):
            self.notice_error("It was not written", answer.text, "")

    def _choose_target(self, title: str, kinds: str) -> str:
        name, kind = QFileDialog.getSaveFileName(self, title, "", kinds)
        if name and not Path(name).suffix:
            name += ".csv" if "csv" in kind else ".parquet"
        return name
