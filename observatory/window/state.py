"""The state dock: what each session has come to in the mind's latent state, what it is worth, and what was expected.

Draws one session at a time, with the others faint behind it. It says in words when no night has trained the state's
model yet, and then draws in grey: those numbers mean nothing.
"""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QGridLayout, QPushButton, QStackedWidget, QWidget

from ..protocol import events as ev
from . import words
from .courses import courses, next_to, said, taught
from .dock import Dock, EmptyPage, column, either, label, row
from .look import Look
from .states import ErrorCurve, Trajectory, ValueBars, ValueCurve
from .story import Story
from .tables import Column, Table
from .theme import GRID

INVITATION = (
    "Every turn that is told moves a small state that the mind carries through the session: what it has come to. "
    "From it follow what is expected next and how it will go. Its way, its value and how far off it was will stand "
    "here. Tell the mind something in Talk (Ctrl+1)."
)
UNTRAINED = (
    "No night has trained the state's model yet: its numbers mean nothing so far, and are grey."
)
KEYS = {
    "value": ("● value", "exam"), "tail": ("– – worst tenth", "exam"), "well": ("▲ went well", "right"),
    "badly": ("▼ went badly", "wrong"), "missed": ("+ – – expected", "dream"),
}  # fmt: skip


ON_STAGE_LEFT_OUT = ("Direction 1", "Direction 2", "Trained by")
"""Columns that large type leaves no room for; the charts and the title say the same."""


class Plots(QWidget):
    """The charts, with a frame where the keyboard is: arrows go from turn to turn and from session to session."""

    walked = Signal(int, int)

    def __init__(self, look: Look):
        super().__init__()
        self.look = look
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Latent state: left and right choose a turn, up and down a session")

    def keyPressEvent(self, event) -> None:
        ways = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}
        way = ways.get(Qt.Key(event.key())) if event.key() in ways else None
        if way is None:
            super().keyPressEvent(event)
        else:
            self.walked.emit(*way)

    def paintEvent(self, event) -> None:
        if self.hasFocus():
            painter = QPainter(self)
            painter.setPen(QPen(self.look.accent, 1))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 5, 5)


class StateDock(Dock):
    """`episode_wanted(number)`: the chosen turn's episode was opened."""

    topic = "state"
    episode_wanted = Signal(int)

    def __init__(self, story: Story, look: Look):
        super().__init__("State", "stateDock", look)
        self.story = story
        self.number = 0
        """The episode of the chosen turn; 0 follows the newest."""
        self.warning, self.taught = label(UNTRAINED, "", wrap=True), label("", "soft", wrap=True)
        self.turn, self.said = label("", "heading", wrap=True), label("", "soft", wrap=True)
        self.keys = {name: label(text, "small") for name, (text, _) in KEYS.items()}
        self.way, self.value = Trajectory(look), ValueCurve(look)
        self.error, self.chances = ErrorCurve(look), ValueBars(look)
        self.charts = (self.way, self.value, self.chances, self.error)
        self.plots = Plots(look)
        self.table = Table(self._columns(), look, "Turns")
        self.twin_button = QPushButton("Table")
        self.twin_button.setObjectName("chip")
        self.twin_button.setCheckable(True)
        self.twin_button.setToolTip(words.tip("The same numbers as a table"))
        self._lay_out()
        for chart in self.charts:
            chart.chosen.connect(self.choose)
        self.plots.walked.connect(self._walk)
        self.table.selectionModel().currentRowChanged.connect(lambda *_: self._row_chosen())
        self.table.activated.connect(lambda _: self.episode_wanted.emit(self.table.chosen().episode))

    def _name(self, number: int, most: int = 40) -> str:
        episode = self.story.by_number.get(number)
        return words.name(episode.told if episode else None, number, most)

    def _columns(self) -> tuple[Column, ...]:
        def place(at: int) -> Column:
            return Column(f"Direction {at + 1}", lambda m: words.signed(m.place[at], 2), lambda m: m.place[at],
                          number=True, width=92)  # fmt: skip

        return (
            Column("Session", lambda m: m.session or "–", lambda m: (m.session, m.turn), width=120),
            Column("Turn", lambda m: f"{m.turn}", lambda m: m.turn, number=True, width=52),
            Column("Episode", lambda m: self._name(m.episode), lambda m: m.episode, stretch=True),
            Column("Value", lambda m: words.signed(m.value, 2), lambda m: m.value, number=True, width=70,
                   about="How it is expected to go, from −1 (badly) to 1 (well)"),
            Column("Worst tenth", lambda m: words.signed(m.tail, 2), lambda m: m.tail, number=True, width=92),
            Column("Goes badly", lambda m: f"{100 * m.fails:.0f} %", lambda m: m.fails, number=True, width=92,
                   about="The chance that this turn goes badly, before it is known"),
            Column("Error, nats", lambda m: f"{m.error:.2f}", lambda m: m.error, number=True, width=88,
                   about="Between the state that was expected and the one that came"),
            place(0), place(1),
            Column("Trained by", lambda m: f"night {m.trained_by}" if m.trained_by else "no night yet",
                   lambda m: m.trained_by, width=98, colour=lambda m, look: None if m.trained_by else look.soft),
        )  # fmt: skip

    def _lay_out(self) -> None:
        grid = QGridLayout(self.plots)
        grid.setContentsMargins(GRID // 2, GRID // 2, GRID // 2, GRID // 2)
        grid.setSpacing(GRID)
        for chart, (at, across) in zip(self.charts, ((0, 0), (0, 1), (1, 0), (1, 1)), strict=True):
            grid.addWidget(chart, at, across)
        for place in (0, 1):
            grid.setColumnStretch(place, 1)
        grid.setRowStretch(0, 4)
        grid.setRowStretch(1, 3)
        self.twins = QStackedWidget()
        self.twins.addWidget(self.plots)
        self.twins.addWidget(self.table)
        self.twin_button.toggled.connect(lambda on: self.twins.setCurrentIndex(int(on)))
        full = QWidget()
        inside = column(full, gap=GRID // 2)
        inside.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        for each in (self.warning, self.taught):
            inside.addWidget(each)
        head = row(self.turn, self.twin_button)
        head.setStretch(0, 1)
        inside.addLayout(head)
        inside.addWidget(self.said)
        inside.addLayout(row(*self.keys.values(), None, gap=2 * GRID))
        inside.addWidget(self.twins, 1)
        self.empty = EmptyPage("No state yet", INVITATION)
        self.pages = either(self.empty, full)
        column(self.body, gap=0).addWidget(self.pages)

    def restyle(self, look: Look) -> None:
        super().restyle(look)
        self.plots.look = look
        for each in (self.table, *self.charts):
            each.restyle(look)
        for place, each in enumerate(self.table.rows.columns):
            self.table.setColumnHidden(place, look.on_stage and each.title in ON_STAGE_LEFT_OUT)
        self.warning.setStyleSheet(f"color: {look.stage('gate').name()};")
        self._hue_keys()

    def _hue_keys(self) -> None:
        for name, (_, hue) in KEYS.items():
            palette = {"right": self.look.right, "wrong": self.look.wrong}
            colour = palette.get(hue) or (self.look.stage(hue) if self.way.trained else self.look.soft)
            self.keys[name].setStyleSheet(f"color: {colour.name()};")

    def take_focus(self) -> None:
        self.twins.currentWidget().setFocus()

    # ------------------------------------------------------------ drawing

    @property
    def move(self) -> ev.StateMoved | None:
        """The chosen turn, or the newest."""
        moves = self.story.moves
        return moves.get(self.number) or next(reversed(moves.values()), None)

    @property
    def chosen_number(self) -> int:
        """The episode of the turn that is shown; 0 where there is none."""
        return self.move.episode if self.move is not None else 0

    def refresh(self) -> None:
        move = self.move
        self.pages.setCurrentIndex(int(move is not None))
        if move is None:
            self.subheading.setText("")
            return
        self._say(move)
        found = courses(self.story.moves.values(), move.trained_by)
        course = found.pop(move.session)
        self.way.draw(course, list(found.values()), move)
        outcomes = {n: e.told.outcome for n, e in self.story.by_number.items() if e.told.outcome is not None}
        self.value.draw(course, outcomes, move)
        self.error.draw(course, move)
        self.chances.draw(move)
        self._hue_keys()
        self._fill_table()

    def _say(self, move: ev.StateMoved) -> None:
        trainings = self.story.trainings
        newest = trainings.get(move.trained_by) or next(reversed(trainings.values()), None)
        self.warning.setVisible(not move.trained_by)
        self.taught.setVisible(newest is not None)
        if newest is not None:
            self.taught.setText(taught(newest, self.story.nights.get(newest.night)))
        where = f" of session “{words.line(move.session, 40)}”" if move.session else ""
        self.turn.setText(f"Turn {move.turn}{where}: {self._name(move.episode, 34 if self.look.on_stage else 60)}")
        self.said.setText(said(move))
        self.subheading.setText(f"trained by night {move.trained_by}" if move.trained_by else "not trained yet")

    def _fill_table(self) -> None:
        moves = list(self.story.moves.values())
        shown = self.table.rows
        if len(shown.rows) != len(moves) or any(a is not b for a, b in zip(shown.rows, moves, strict=True)):
            shown.follow(moves)
            self._choose_row()

    # ------------------------------------------------------------ choosing

    def choose(self, number: int) -> None:
        if number != self.number:
            self.number = number
            self.refresh()
            self._choose_row()

    def _choose_row(self) -> None:
        place = self.table.rows.place_of(lambda m: m.episode == self.number) if self.number else None
        if place is not None:
            self.table.selectRow(place)

    def _row_chosen(self) -> None:
        if (move := self.table.chosen()) is not None:
            self.choose(move.episode)

    def _walk(self, turns: int, sessions: int) -> None:
        """From turn to turn; or to the same turn of the session before or after, as far as it goes."""
        move = self.move
        if move is None:
            return
        found = courses(self.story.moves.values(), move.trained_by)
        if turns:
            self.choose(next_to(found[move.session], move, turns).episode)
            return
        names = list(found)
        other = found[names[max(0, min(len(names) - 1, names.index(move.session) + sessions))]]
        self.choose(min(other, key=lambda m: abs(m.turn - move.turn)).episode)
