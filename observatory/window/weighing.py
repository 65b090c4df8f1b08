"""The weighing dock: how much of the night's delta is worth proposing, as both searches found it.

One row of charts for the scale, one for the number of directions kept; a night with one search shows that
one. Draws the newest night of the story and decides nothing.
"""

from __future__ import annotations

from PySide6.QtWidgets import QPushButton, QStackedWidget, QWidget

from ..protocol import events as ev
from . import words
from .charts import Line, SearchChart
from .dock import Dock, EmptyPage, column, either, label, row
from .lived import Night
from .look import Look
from .story import Story
from .tables import Column, Table
from .theme import GRID
from .weighed import Search, length, said, search, x_of, x_words

KINDS = {"scale": ("How much of it", "scale"), "rank": ("How many of its directions", "directions kept")}
LEGEND = {"objective": ("◆ objective", "weigh"), "recall": ("● recall loss", "replay")}
INVITATION = (
    "Before a night asks for leave it tries a smaller delta: first at other scales, then with fewer of its "
    "directions. Each try is weighed on cues and old material that the night withheld. Both curves will stand "
    "here, recall against what is disturbed, with the point that was chosen."
)


def _tried(one: ev.Weighed) -> str:
    return f"scale {one.scale:.2f}" if one.search == "scale" else f"{one.kept:,} of {one.of:,} directions"


COLUMNS = (
    Column("", lambda w: "◆ chosen" if w.chosen else "", lambda w: w.chosen, width=92,
           colour=lambda w, look: look.stage("weigh")),
    Column("Tried", _tried, lambda w: (w.search, x_of(w)), stretch=True),
    Column("Description", lambda w: length(w.bits) if w.bits else "–", lambda w: w.bits, number=True, width=110,
           about="What the directions cost to describe"),
    Column("Recall loss", lambda w: f"{w.recall_loss:.3f}", lambda w: w.recall_loss, number=True, width=100,
           about="Nats a token on cues that the night withheld"),
    Column("Old KL", lambda w: f"{w.old_kl:.4f}", lambda w: w.old_kl, number=True, width=90,
           about="Nats a token on old material that the night withheld"),
    Column("Text rise", lambda w: f"{words.signed(100 * w.text_rise, 2)} %", lambda w: w.text_rise, number=True,
           width=100, about="Rise of the loss on plain text that nobody trains on"),
    Column("Objective", lambda w: f"{w.objective:.3f}", lambda w: w.objective, number=True, width=96,
           about="What the search makes small"),
)  # fmt: skip


class SearchRow(QWidget):
    """The three charts of one search."""

    def __init__(self, kind: str, look: Look):
        super().__init__()
        self.kind, (title, below) = kind, KINDS[kind]
        self.losses = SearchChart("Objective and recall", below, "nats", look)
        self.old = SearchChart("Change in old material", below, "KL, nats", look)
        self.third = (
            SearchChart("Rise on plain text", below, "%", look) if kind == "scale"
            else SearchChart("Description length", below, "kbit", look, from_zero=True)
        )  # fmt: skip
        self.charts = (self.losses, self.old, self.third)
        self.keys = {name: label(text, "small") for name, (text, _) in LEGEND.items()}
        inside = column(self, gap=2)
        inside.addLayout(row(label(title, "heading"), *self.keys.values(), None, gap=2 * GRID))
        charts = row(*self.charts)
        for place, share in enumerate((5, 4, 4)):
            charts.setStretch(place, share)
        inside.addLayout(charts, 1)

    def restyle(self, look: Look) -> None:
        for name, (_, stage) in LEGEND.items():
            self.keys[name].setStyleSheet(f"color: {look.stage(stage).name()};")
        for chart in self.charts:
            chart.restyle(look)

    def draw(self, found: Search | None) -> None:
        self.setVisible(found is not None)
        if found is None:
            return
        chosen = found.tried.index(found.chosen) if found.chosen is not None else None
        name = f"chosen: {x_words(found.chosen)}" if found.chosen is not None else ""
        tried = found.tried
        self.losses.draw(found.x, [
            Line("objective", [w.objective for w in tried], "weigh", "d"),
            Line("recall loss", [w.recall_loss for w in tried], "replay", "o"),
        ], chosen, name)  # fmt: skip
        self.old.draw(found.x, [Line("old KL", [w.old_kl for w in tried], "dream", "s")], chosen, "")
        third = [100 * w.text_rise if self.kind == "scale" else w.bits / 1e3 for w in tried]
        self.third.draw(found.x, [Line("", third, "exam" if self.kind == "scale" else "gate", "t1")], chosen,
                        length(found.chosen.bits) if self.kind == "rank" and found.chosen else "")  # fmt: skip
        self.losses.setAccessibleDescription(
            "; ".join(f"{_tried(w)}: objective {w.objective:.3f}{', chosen' if w.chosen else ''}" for w in tried)
        )


class WeighingDock(Dock):
    topic = "weighing"

    def __init__(self, story: Story, look: Look):
        super().__init__("Weighing", "weighingDock", look)
        self.story = story
        self._shown: tuple = ()
        self.said = label("", "soft", wrap=True)
        self.searches = {kind: SearchRow(kind, look) for kind in KINDS}
        self.table = Table(COLUMNS, look, "Weighed")
        self.twin_button = QPushButton("Table")
        self.twin_button.setObjectName("chip")
        self.twin_button.setCheckable(True)
        self.twin_button.setToolTip(words.tip("The same numbers as a table"))
        self._lay_out()

    def _lay_out(self) -> None:
        full, plots = QWidget(), QWidget()
        charts = column(plots, gap=GRID)
        for one in self.searches.values():
            charts.addWidget(one, 1)
        self.twins = QStackedWidget()
        self.twins.addWidget(plots)
        self.twins.addWidget(self.table)
        self.twin_button.toggled.connect(lambda on: self.twins.setCurrentIndex(int(on)))
        inside = column(full, gap=GRID)
        inside.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        head = row(self.said, self.twin_button)
        head.setStretch(0, 1)
        inside.addLayout(head)
        inside.addWidget(self.twins, 1)
        self.empty = EmptyPage("", INVITATION)
        self.pages = either(self.empty, full)
        column(self.body, gap=0).addWidget(self.pages)

    def restyle(self, look: Look) -> None:
        super().restyle(look)
        for each in (self.table, *self.searches.values()):
            each.restyle(look)

    def refresh(self) -> None:
        night = self.story.night
        if night is None or not night.weighed:
            self.pages.setCurrentIndex(0)
            self.empty.title.setText(_nothing(night))
            self.empty.text.setText(INVITATION + ("" if night else " Ctrl+L opens a night."))
            self.subheading.setText("")
            return
        self.pages.setCurrentIndex(1)
        shown = (id(night), len(night.weighed))
        if shown != self._shown:
            self._shown = shown
            self._draw(night)

    def _draw(self, night: Night) -> None:
        self.said.setText(f"Night {night.number}: {said(night.weighed)}")
        for kind, one in self.searches.items():
            one.draw(search(night.weighed, kind))
        self.table.rows.follow(night.weighed)
        chosen = [_tried(w) for w in night.weighed if w.chosen]
        self.subheading.setText("  ·  ".join(chosen))


def _nothing(night: Night | None) -> str:
    if night is None:
        return "Nothing weighed yet"
    return f"Night {night.number} has not weighed yet" if night.open else f"Night {night.number} weighed nothing"
