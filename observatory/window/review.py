"""The review dock: what the night would change, and the three words a person can say to it.

Shows the evidence first; a decision needs it on the screen, and approval and veto need a reason. The
buttons are courtesy: the record and the gate ask again. It decides nothing itself.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLineEdit, QPushButton, QSplitter, QStackedWidget, QToolButton, QWidget

from . import words
from .answered import AnsweredTable, columns
from .changes import VERDICT_MARKS, VERDICT_WORDS, changes, counts, kind_words
from .charts import DriftBars
from .dock import Dock, EmptyPage, OneLine, column, either, label, row
from .lived import Night
from .look import Look
from .looked import Looked
from .scoreboard import Scoreboard
from .story import Story
from .tables import Column, Table
from .theme import GRID

REASON_LIMIT = 2000

LAYERS = (
    Column("Layer", lambda r: f"{r[0]}", lambda r: r[0], number=True, width=70),
    Column("Attention, %", lambda r: f"{100 * r[1]['attention']:.3f}" if "attention" in r[1] else "–",
           lambda r: r[1].get("attention", 0.0), number=True, width=110),
    Column("MLP, %", lambda r: f"{100 * r[1]['MLP']:.3f}" if "MLP" in r[1] else "–",
           lambda r: r[1].get("MLP", 0.0), number=True, stretch=True),
)  # fmt: skip


COLUMNS = (
    *columns(190),
    Column("Kind", lambda c: kind_words(c.question.kind), lambda c: c.question.kind, width=160),
)


class ReviewDock(Dock):
    """`decide_wanted(decision, reason)` is emitted once a decision is complete."""

    topic = "review"
    decide_wanted = Signal(str, str)
    change_wanted = Signal()

    def __init__(self, story: Story, look: Look):
        super().__init__("Review", "reviewDock", look)
        self.story = story
        self._shown: tuple = ()
        self.title, self.said = label("", "title"), label("", "soft", wrap=True)
        self.hashes = label("", "softSmall", selectable=True)
        self.flags = label("", "", wrap=True)
        self.flags.setAccessibleName("Red flags")
        self.looked, self.unseen = Looked(), OneLine("softSmall")
        self.copy_button = QToolButton()
        self.copy_button.setToolTip(words.tip("Copy the whole hashes"))
        self.copy_button.setAccessibleName("Copy the whole hashes")
        self.copy_button.clicked.connect(self._copy)
        self.board, self.drift, self.layers = Scoreboard(look), DriftBars(look), Table(LAYERS, look, "Drift by layer")
        self.table = AnsweredTable(COLUMNS, look, "Questions before and after")
        self.chips = {verdict: QPushButton(words_) for verdict, words_ in VERDICT_WORDS.items()}
        for chip in self.chips.values():
            chip.setObjectName("chip")
            chip.setCheckable(True)
            chip.toggled.connect(self._filter)
        self.twin_button = QPushButton("Table")
        self.twin_button.setObjectName("chip")
        self.twin_button.setCheckable(True)
        self._decision()
        self._lay_out()

    def _decision(self) -> None:
        self.reason = QLineEdit()
        self.reason.setMaxLength(REASON_LIMIT)
        self.reason.setPlaceholderText("Your reason, for the record")
        self.reason.setAccessibleName("Reason for the decision")
        self.reason.textChanged.connect(lambda: self._complain(""))
        self.complaint = label("", "softSmall")
        self.complaint.hide()
        self.hold_button, self.veto_button = QPushButton("Hold"), QPushButton("Veto")
        self.approve_button, self.change_button = QPushButton("Approve"), QPushButton("Change…")
        self.change_button.setToolTip(words.tip("Ctrl+Shift+G"))
        self.change_button.clicked.connect(self.change_wanted)
        self.veto_button.setObjectName("veto")
        self.approve_button.setObjectName("primary")
        for word, button, keys in (
            ("hold", self.hold_button, "Esc"), ("veto", self.veto_button, "Ctrl+Shift+X"),
            ("approve", self.approve_button, "Ctrl+Shift+A"),
        ):  # fmt: skip
            button.setToolTip(words.tip(keys))
            button.clicked.connect(lambda _=False, word=word: self.decide(word))

    def _lay_out(self) -> None:
        full = QWidget()
        inside = column(full, gap=GRID)
        inside.setContentsMargins(2 * GRID, GRID, 2 * GRID, 2 * GRID)
        inside.addLayout(row(self.title, None, self.hashes, self.copy_button))
        inside.addWidget(self.said)
        inside.addWidget(self.flags)
        inside.addWidget(self._evidence(), 1)
        self.word = label("", "", wrap=True)
        inside.addWidget(self.word)
        self.decision_bar = QWidget()
        bar = column(self.decision_bar, gap=2)
        bar.addLayout(row(self.reason, self.hold_button, self.veto_button, self.change_button, self.approve_button))
        bar.addWidget(self.complaint)
        inside.addWidget(self.decision_bar)
        self.empty = EmptyPage(
            "Nothing to review",
            "When a night has replayed, dreamed and examined itself, it stops here and asks. You will see what was "
            "learnt, what was lost and where the cortex would move, and say Hold, Approve or Veto. Ctrl+L opens "
            "a night.",
        )
        self.pages = either(self.empty, full)
        column(self.body, gap=0).addWidget(self.pages)

    def _evidence(self) -> QSplitter:
        """Scores and drift side by side, every question under them at full width."""
        self.twins = QStackedWidget()
        self.twins.addWidget(self.drift)
        self.twins.addWidget(self.layers)
        self.twin_button.toggled.connect(lambda on: self.twins.setCurrentIndex(int(on)))
        self.keys = {part: label(f"■ {part}", "small") for part in ("attention", "MLP")}
        board, drift, top, below = QWidget(), QWidget(), QWidget(), QWidget()
        boards, drifts, belows = column(board), column(drift, gap=0), column(below)
        boards.addWidget(label("What it knows, and what that cost", "heading"))
        boards.addWidget(self.board)
        boards.addStretch(1)
        drifts.addLayout(row(label("Where the cortex moves", "heading"), None, *self.keys.values(), self.twin_button))
        drifts.addWidget(self.twins, 1)
        tops = row(board, drift, gap=3 * GRID)
        tops.setStretch(0, 5)
        tops.setStretch(1, 6)
        top.setLayout(tops)
        filters = row(*self.chips.values(), self.unseen, gap=GRID)
        filters.setStretch(len(self.chips), 1)
        belows.addLayout(filters)
        belows.addWidget(self.table, 1)
        split = QSplitter(Qt.Orientation.Vertical)
        split.addWidget(top)
        split.addWidget(below)
        split.setSizes([190, 240])
        split.setStretchFactor(0, 1)
        split.setStretchFactor(1, 3)
        split.setHandleWidth(GRID)
        split.setChildrenCollapsible(False)
        return split

    def restyle(self, look: Look) -> None:
        super().restyle(look)
        for part, hue in (("attention", "replay"), ("MLP", "gate")):
            self.keys[part].setStyleSheet(f"color: {look.stage(hue).name()};")
        self.board.look = look
        self.board.updateGeometry()
        self.board.updateGeometry()
        for each in (self.table, self.drift, self.layers):
            each.restyle(look)
        self.copy_button.setIcon(look.icon("copy"))
        self.hold_button.setIcon(look.icon("hold", look.text))
        self.veto_button.setIcon(look.icon("veto", look.stage("veto")))
        self.approve_button.setIcon(look.icon("approve", look.on_accent))
        self.complaint.setStyleSheet(f"color: {look.palette.wrong};")

    # ------------------------------------------------------------ drawing

    def refresh(self) -> None:
        night = self.story.review
        if night is None:
            self.pages.setCurrentIndex(0)
            self.subheading.setText("")
            return
        self.pages.setCurrentIndex(1)
        shown = (night.number, id(night.proposed), len(night.after), len(night.before))
        if shown != self._shown:
            self._shown = shown
            self._draw(night)
        self._say_word(night)

    def _draw(self, night: Night) -> None:
        proposal = night.proposed.proposal
        layers = words.layers(proposal.drift)
        self.said.setText(
            f"A delta of rank {proposal.rank} at scale {proposal.scale:.2f}, {words.size(proposal.bytes)}, from "
            f"{words.plural(len(proposal.episodes), 'episode')}, {words.plural(proposal.steps, 'step')} and "
            f"{proposal.tokens:,} tokens; norm {proposal.norm:.2f}."
        )
        self.hashes.setText(
            f"cortex {words.short(proposal.cortex_before)} → {words.short(proposal.cortex_after)}"
            f"   delta {words.short(proposal.delta)}"
        )
        self.hashes.setToolTip(words.tip(self._hashes(night)))
        self.flags.setText("\n".join(f"⚑ {flag.said}." for flag in night.proposed.flags))
        self.flags.setVisible(bool(night.proposed.flags))
        self.board.show_scores(night.proposed)
        self.drift.draw(layers)
        self.layers.rows.follow(list(layers.items()))
        found = changes(night)
        tally = counts(found)
        for verdict, chip in self.chips.items():
            chip.setText(f"{VERDICT_MARKS[verdict]} {VERDICT_WORDS[verdict]}  {tally[verdict]}")
        self.table.rows.follow(found)

    def _hashes(self, night: Night) -> str:
        p = night.proposed.proposal
        return f"cortex before  {p.cortex_before}\ncortex after  {p.cortex_after}\ndelta  {p.delta}\nfile  {p.file}"

    def _copy(self) -> None:
        if self.story.review is not None:
            QGuiApplication.clipboard().setText(self._hashes(self.story.review))

    def _filter(self) -> None:
        wanted = {verdict for verdict, chip in self.chips.items() if chip.isChecked()}
        self.table.rows.accepts = (lambda change: change.verdict in wanted) if wanted else None
        self.table.rows.again()

    def saw(self, topic: str) -> None:
        """A dock was on the screen: what is left to look at is listed beside the decision."""
        if self.looked.saw(topic):
            self.unseen.say(self.looked.left())

    def _say_word(self, night: Night) -> None:
        waits = night.open_proposal is not None
        self.looked.at((night.number, night.open_proposal.delta) if waits else ())
        self.unseen.say(self.looked.left())
        self.change_button.setEnabled(waits and self.story.up)
        self.decision_bar.setVisible(waits)
        changed = "changed" if night.committed is not None else "would change" if waits else "would have changed"
        self.title.setText(f"What night {night.number} {changed}")
        for button in (self.hold_button, self.veto_button, self.approve_button):
            button.setEnabled(waits and self.story.up)
        last = night.decisions[-1] if night.decisions else None
        self.word.setVisible(last is not None or not waits)
        self.word.setText(_word(night))
        states = {"committed": "in the cortex", "vetoed": "vetoed", "changed": "wanted otherwise"}
        ended = night.closed.ended if night.closed else ""
        self.subheading.setText("waits for your decision" if waits else states.get(ended, ended))

    # ------------------------------------------------------------ deciding

    def _complain(self, said: str) -> None:
        self.complaint.setText(said)
        self.complaint.setVisible(bool(said))

    def decide(self, word: str) -> None:
        """Emit the decision if it is complete, else say what it lacks."""
        night, reason = self.story.review, self.reason.text().strip()
        if night is None or night.open_proposal is None:
            return
        if word != "hold" and not reason:
            self._complain(
                f"Say why first: {'an approval' if word == 'approve' else 'a veto'} is kept with its reason."
            )
            self.reason.setFocus()
            return
        if word == "approve" and not self.seen:
            self._complain("Look at the evidence first: what was learnt and what was lost stands above.")
            return
        self._complain("")
        self.decide_wanted.emit(word, reason)


def _word(night: Night) -> str:
    if not night.decisions:
        if night.cut:
            return "The mind ended before anyone decided. Nothing was changed."
        return "" if night.closed is None else f"No decision was taken: the night was {night.closed.ended}."
    last = night.decisions[-1]
    said = {"approve": "Approved", "hold": "Held", "veto": "Vetoed"}[last.decision]
    reason = f": “{words.line(last.reason, 300)}”" if last.reason else ""
    done = ""
    if night.committed is not None:
        done = f"  ·  committed {words.clock(night.committed.at)}"
    elif last.decision == "approve":
        done = "  ·  another person must approve too" if last.waits else "  ·  permitted, not executed yet"
    return f"{said} by {words.line(last.by, 80)} {words.clock(last.at)}{reason}{done}"
