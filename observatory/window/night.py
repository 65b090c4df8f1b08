"""The night dock: where the night stands, how long it will take, what is replayed and which episodes rest.

Draws the newest night of the story, or a finished one until the next begins. It decides nothing:
its buttons are the window's actions.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QPushButton, QSplitter, QStackedWidget, QTabWidget, QWidget

from ..protocol import events as ev
from . import words
from .charts import Curve, Staircase
from .dock import Dock, EmptyPage, Progress, column, either, label, row
from .effort import recalled
from .lived import Night, Replayed
from .look import Look
from .ranking import order_of, parts_of
from .resting import EffortPane
from .stages import StageStrip
from .stopping import where
from .story import Story
from .tables import Column, Table
from .theme import GRID, KIND_WORDS, drive_mark

MARKS = {"episode": "●", "dream": "◆", "old": "■", "earlier": "▲"}
STAGES_OF_STEPS = (
    Column("Step", lambda s: f"{s.step}", lambda s: s.step, number=True, width=60),
    Column("Loss", lambda s: f"{s.loss:.3f}", lambda s: s.loss, number=True),
    Column("KL", lambda s: f"{s.kl:.4f}", lambda s: s.kl, number=True),
    Column("Old habits", lambda s: f"{s.calm:.2%}", lambda s: s.calm, number=True, width=100,
           about="what the delta adds to the old material's answers, summed over maps"),
    Column("Rate", lambda s: f"{s.rate:.2e}", lambda s: s.rate, number=True),
    Column("Gradient", lambda s: f"{s.grad_norm:.2f}", lambda s: s.grad_norm, number=True),
    Column("Tokens", lambda s: f"{s.tokens:,}", lambda s: s.tokens, number=True),
    Column("Seconds", lambda s: f"{s.step_s:.2f}", lambda s: s.step_s, number=True),
)


class NightDock(Dock):
    """`refresh` draws; `sleep_button`, `pause_button`, `step_button`, `veto_button` are pressed by people."""

    topic = "night"
    sleep_wanted = Signal()
    pause_wanted = Signal()
    step_wanted = Signal()
    stage_wanted = Signal()
    veto_wanted = Signal()
    resume_wanted = Signal()
    review_wanted = Signal()

    def __init__(self, story: Story, look: Look):
        super().__init__("Night", "nightDock", look)
        self.story = story
        self._drawn: Night | None = None
        self._most = 1.0
        """The largest part of the draws that any episode has, which fills its cell."""
        self.title, self.said = label("", "title"), label("", "soft", wrap=True)
        self.strip, self.bar = StageStrip(look), Progress()
        self.now, self.left = label("", ""), label("", "soft")
        self.loss = Curve("Loss on what is replayed", "loss", look, "replay")
        self.kl = Curve("Change in old material", "KL, nats", look, "dream")
        self.recalled = Staircase("Episodes recalled", "episodes", look, "exam")
        self.steps = Table(STAGES_OF_STEPS, look, "Steps")
        self.replays = Table(self._replay_columns(), look, "Replayed")
        self.effort = EffortPane(self._name, look)
        self.chosen = Table(self._chosen_columns(), look, "Chosen")
        self.old = Table(self._old_columns(), look, "Old material")
        self._buttons()
        self._lay_out()

    # ------------------------------------------------------------ columns

    def _name(self, number: int | None) -> str:
        if number is None:
            return ""
        episode = self.story.by_number.get(number)
        return words.name(episode.told if episode else None, number, 40)

    def _replay_columns(self) -> tuple[Column, ...]:
        def what(r: Replayed) -> str:
            return self._name(r.item.episode) or "–"

        return (
            Column("Step", lambda r: f"{r.step}", lambda r: r.step, number=True, width=56),
            Column("Kind", lambda r: f"{MARKS[r.item.kind]} {KIND_WORDS[r.item.kind]}", lambda r: r.item.kind,
                   width=118, colour=lambda r, look: look.kind(r.item.kind)),
            Column("Drawn by", _drawer, lambda r: order_of(r.item.drive), width=96,
                   colour=lambda r, look: look.drive(r.item.drive), about="Which drive drew it, or chance"),
            Column("What", what, width=200),
            Column("Cue", lambda r: r.item.cue, stretch=True,
                   tip=lambda r: r.item.cue + (f"\n{r.item.because}" if r.item.because else "")),
            Column("Loss", lambda r: f"{r.item.loss:.2f}", lambda r: r.item.loss, number=True, width=112,
                   bar=lambda r, look: (r.item.loss / 8.0, look.kind(r.item.kind)), about="Mean over the row's tokens"),
            Column("Worst", lambda r: f"{r.item.worst:.1f}", lambda r: r.item.worst, number=True, width=64,
                   about="Loss of the row's worst token"),
        )  # fmt: skip

    def _chosen_columns(self) -> tuple[Column, ...]:
        return (
            Column("Episode", lambda c: self._name(c.episode), lambda c: c.episode, width=240),
            Column("Drawn by", lambda c: _parts(c), lambda c: c.priority, width=150,
                   stack=lambda c: [(part / self._most, name) for name, part in parts_of(c).items()],
                   about="How much of the night's draws each drive, and chance, gives it to begin with"),
            Column("Priority", lambda c: f"{c.priority:.2f}", lambda c: c.priority, number=True, width=80),
            Column("Over usual", lambda c: words.signed(c.bits_over_usual) + " bits", lambda c: c.bits_over_usual,
                   number=True, width=110, about="Surprise over what is usual for this mind"),
            Column("Why", lambda c: c.why, stretch=True),
        )  # fmt: skip

    def _old_columns(self) -> tuple[Column, ...]:
        return (
            Column("Kind", lambda o: f"{MARKS['old']} {o.kind}", lambda o: o.kind, width=110,
                   colour=lambda o, look: look.kind("old")),
            Column("What it said, before anything moved", lambda o: o.text, stretch=True),
        )  # fmt: skip

    # ------------------------------------------------------------ layout

    def _buttons(self) -> None:
        self.sleep_button, self.pause_button = QPushButton("Sleep"), QPushButton("Pause")
        self.step_button, self.stage_button = QPushButton("Step"), QPushButton("Stage")
        self.veto_button, self.twin_button = QPushButton("Veto"), QPushButton("Table")
        self.review_button = QPushButton("Review")
        self.sleep_button.setObjectName("primary")
        self.review_button.setObjectName("primary")
        self.veto_button.setObjectName("veto")
        self.twin_button.setObjectName("chip")
        self.twin_button.setCheckable(True)
        self.twin_button.setToolTip(words.tip("The same numbers as a table"))
        for button, signal in (
            (self.sleep_button, self._sleep_or_resume), (self.pause_button, self.pause_wanted),
            (self.step_button, self.step_wanted), (self.stage_button, self.stage_wanted),
            (self.veto_button, self.veto_wanted), (self.review_button, self.review_wanted),
        ):  # fmt: skip
            button.clicked.connect(signal)

    def _sleep_or_resume(self) -> None:
        (self.resume_wanted if self.story.interrupted and not self.story.asleep else self.sleep_wanted).emit()

    def _lay_out(self) -> None:
        full = QWidget()
        inside = column(full, gap=GRID)
        inside.setContentsMargins(2 * GRID, GRID, 2 * GRID, 2 * GRID)
        inside.addLayout(row(self.title, None, self.sleep_button, self.pause_button, self.step_button,
                             self.stage_button, self.veto_button, self.review_button))  # fmt: skip
        inside.addWidget(self.said)
        inside.addWidget(self.strip)
        self.bar.setRange(0, 1000)
        inside.addWidget(self.bar)
        inside.addLayout(row(self.now, None, self.left, self.twin_button))
        plots = QWidget()
        plots.setLayout(row(self.loss, self.kl, self.recalled))
        self.twins = QStackedWidget()
        self.twins.addWidget(plots)
        self.twins.addWidget(self.steps)
        self.twin_button.toggled.connect(lambda on: self.twins.setCurrentIndex(int(on)))
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        for name, table in self._tables().items():
            self.tabs.addTab(table, name)
        self.tabs.insertTab(1, self.effort, "Effort")
        self.tabs.currentChanged.connect(lambda _: self.refresh())
        split = QSplitter(Qt.Orientation.Vertical)
        split.addWidget(self.twins)
        split.addWidget(self.tabs)
        split.setSizes([220, 200])
        split.setChildrenCollapsible(False)
        inside.addWidget(split, 1)
        self.empty = EmptyPage("No night yet", "")
        self.empty_button = QPushButton("Sleep")
        self.empty_button.setObjectName("primary")
        self.empty_button.clicked.connect(self._sleep_or_resume)
        self.empty.block.addLayout(row(self.empty_button, None))
        self.pages = either(self.empty, full)
        column(self.body, gap=0).addWidget(self.pages)

    def _tables(self) -> dict[str, Table]:
        return {"Replayed": self.replays, "Chosen": self.chosen, "Old material": self.old}

    def restyle(self, look: Look) -> None:
        super().restyle(look)
        self.strip.look = look
        self.strip.updateGeometry()
        self.strip.update()
        for each in (self.loss, self.kl, self.recalled, self.steps, self.effort, *self._tables().values()):
            each.restyle(look)
        # Large type leaves them no room; the cue names the episode anyway.
        for place, each in enumerate(self.replays.rows.columns):
            self.replays.setColumnHidden(place, look.on_stage and each.title in ("What", "Worst"))
        icons = {"sleep": "moon", "pause": "pause", "step": "step", "stage": "stage", "veto": "veto"}
        for name, icon in icons.items():
            hue = {"sleep": look.on_accent, "veto": look.stage("veto")}.get(name, look.text)
            getattr(self, f"{name}_button").setIcon(look.icon(icon, hue))
        self.empty_button.setIcon(look.icon("moon", look.on_accent))

    # ------------------------------------------------------------ drawing

    def refresh(self) -> None:
        night = self.story.night
        self._enable(night)
        if night is None:
            self.pages.setCurrentIndex(0)
            self.empty.text.setText(self._invitation())
            self.subheading.setText("")
            return
        self.pages.setCurrentIndex(1)
        self.strip.show_night(night)
        self._say(night)
        self._draw_steps(night)
        self._draw_table(night)

    def _invitation(self) -> str:
        unslept = self.story.unslept
        if not unslept:
            return (
                "First tell the mind something (Ctrl+1). Then Ctrl+L lets it sleep: it replays what happened, and asks "
                "before anything enters the cortex."
            )
        return (
            f"{words.plural(unslept, 'episode')} wait to be slept on. Ctrl+L opens the night: replay, dreams, an exam, "
            "and then the gate, where you decide."
        )

    def _enable(self, night: Night | None) -> None:
        story = self.story
        at_gate = night is not None and night.open_proposal is not None
        running = story.up and story.asleep and not at_gate
        can = story.awake and bool(story.unslept)
        resumable = story.awake and story.interrupted is not None
        for button in (self.sleep_button, self.empty_button):
            button.setEnabled(can or resumable)
            button.setText("Resume the night" if resumable else "Sleep")
        self.sleep_button.setVisible(not story.asleep)
        self.pause_button.setText("Run" if story.paused else "Pause")
        self.pause_button.setIcon(self.look.icon("run" if story.paused else "pause", self.look.text))
        for button in (self.pause_button, self.step_button, self.stage_button, self.veto_button):
            button.setEnabled(running)
            button.setVisible(story.asleep and not at_gate)
        self.review_button.setVisible(at_gate)

    def _say(self, night: Night) -> None:
        opened, progress = night.opened, night.progress
        self.title.setText(f"Night {night.number}")
        parts = [words.plural(len(opened.episodes), "new episode")]
        if opened.old_episodes:
            parts.append(f"{len(opened.old_episodes):,} from earlier nights")
        parts.append(f"{opened.steps:,} steps planned")
        if opened.drives:
            parts.append(f"dials {words.dials(opened.drives, short=True)}")
        if opened.resumed_from_step:
            parts.append(f"resumed from step {opened.resumed_from_step}")
        if opened.why:
            parts.append(words.line(opened.why))
        self.said.setText("  ·  ".join(parts))
        if not night.open:
            self._say_end(night)
        else:
            fraction = progress.fraction if progress else 0.0
            self.bar.setValue(round(1000 * fraction))
            self.now.setText(where(self.story.paused_at) if self.story.paused else _now(night))
            left = words.duration(progress.left_s) if progress and progress.left_s is not None else ""
            self.left.setText(f"about {left} left" if left and night.open_proposal is None else "")
            self.subheading.setText(
                words.STAGE_WORDS.get(night.stage, "") + ("  ·  paused" if self.story.paused else "")
            )

    def _say_end(self, night: Night) -> None:
        closed = night.closed
        ended = closed.ended if closed else "interrupted"
        said = {
            "committed": "Committed: the delta is part of the cortex",
            "vetoed": "Vetoed: the cortex is as it was",
            "interrupted": "Cut short: the cortex is as it was, and the night can go on (Ctrl+Shift+L)",
            "failed": "Failed: the cortex is as it was",
        }[ended]
        if night.rolled_back:
            said = "Rolled back: its delta no longer counts"
        self.now.setText(said)
        self.left.setText(f"{words.duration(closed.wall_s)}, {words.plural(closed.steps, 'step')}" if closed else "")
        self.bar.setValue(1000 if ended in ("committed", "vetoed") else self.bar.value())
        self.subheading.setText(ended)

    def _draw_steps(self, night: Night) -> None:
        steps = [s.step for s in night.steps]
        of = night.steps[-1].of if night.steps else night.opened.steps
        drawn = (len(steps), len(night.probes))
        if drawn != (self.loss.points, self.recalled.points) or self._drawn is not night:
            self._drawn = night
            self.loss.draw(steps, [s.loss for s in night.steps], of)
            self.kl.draw(steps, [s.kl for s in night.steps], of)
            probed, counts, whole = recalled(night)
            self.recalled.setVisible(bool(probed))
            self.recalled.draw(probed, counts, whole, steps[-1] if steps else 0, of)
            self.tabs.setTabText(1, f"Effort  {counts[-1]:,} of {whole:,} rest" if probed else "Effort")
        if self.twins.currentIndex() == 1:
            self.steps.rows.follow(night.steps)

    def _draw_table(self, night: Night) -> None:
        seen = self.tabs.currentWidget()
        self._most = max((sum(parts_of(c).values()) for c in night.chosen), default=0.0) or 1.0
        rows = (night.replays, night.chosen, night.old)
        for (name, table), kept in zip(self._tables().items(), rows, strict=True):
            self.tabs.setTabText(self.tabs.indexOf(table), f"{name}  {len(kept):,}" if kept else name)
            if table is seen:
                bar = table.verticalScrollBar()
                at_end = bar.value() >= bar.maximum() - 2
                table.rows.follow(kept)
                if at_end and table is self.replays:
                    table.scrollToBottom()
        if seen is self.effort:
            self.effort.draw(night)


def _drawer(row_: Replayed) -> str:
    drive = row_.item.drive
    return f"{drive_mark(drive)} {drive}" if drive else "–"


def _parts(chosen: ev.EpisodeProposed) -> str:
    return ", ".join(f"{name} {100 * part:.1f} %" for name, part in parts_of(chosen).items() if part)


def _now(night: Night) -> str:
    if night.open_proposal is not None:
        return "At the gate: the delta waits for your decision in Review (Ctrl+4)"
    progress = night.progress
    stage = words.STAGE_WORDS.get(night.stage, "")
    if progress is not None and progress.stage == night.stage and progress.of:
        text = f", {words.line(progress.text)}" if progress.text else ""
        return f"{stage}: {progress.done:,} of {progress.of:,}{text}"
    return f"{stage}: {words.line(night.stage_text)}" if night.stage_text else stage
