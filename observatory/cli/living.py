"""Living: the window, and a day file without one."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from ..host.refusal import Refusal
from .line import FAILED, HERE, WRONG, Common, app
from .reviewing import can_decide, whose

Arm = Literal["sleep", "none", "retrieval", "finetune", "lora", "uniform", "no-dreams", "no-anchor"]
Target = Literal["cross-entropy", "teacher", "on-policy"]


@app.default
def window(
    *,
    common: Common = HERE,
    device: str = "auto",
    precision: str = "auto",
    seed: int = 0,
    fast_store: str | None = None,
    drive: str | None = None,
    examiner: str | None = None,
    looks_on: str | None = None,
) -> int:
    """Open the window. With no display: say so and live the built-in first day without one."""
    from ..host import display

    home = common.where()
    _choose(home, fast_store=fast_store, drive=drive, examiner=examiner, looks_on=looks_on)
    why_not = display.missing()
    if why_not:
        return _without_display(why_not, common, device, precision, seed)
    problem = display.qt_problem()
    if problem:
        raise Refusal(FAILED, problem)
    from .. import settings
    from ..host.session import Session
    from ..window import app as window_app

    chosen, notices = settings.load(home)

    opened: list[Session] = []

    def open_session() -> Session:
        session = Session(
            home, model=common.model or chosen.model, device=device if device != "auto" else chosen.device,
            precision=precision if precision != "auto" else chosen.precision, threads=chosen.threads,
            seed=seed or chosen.seed, capacity=chosen.capacity, notices=notices, or_look=True,
        )  # fmt: skip
        opened.append(session)
        return session

    try:
        return window_app.run(open_session, theme=chosen.theme, by=chosen.reviewer)
    finally:
        # Closing the window has done this already; an error on the way has not. Closing twice costs nothing.
        for session in opened:
            session.close()


def _without_display(why: str, common: Common, device: str, precision: str, seed: int) -> int:
    from ..host import paper

    home = common.where()
    print(f"{why} So the built-in first day is lived here instead, in {home}.", file=sys.stderr)
    reports = home / "reports"
    return live(
        day=paper.first_day(), exam=paper.first_exam(), report=reports / "first-day.json",
        pictures=reports / "pictures", common=common, device=device, precision=precision, seed=seed,
    )  # fmt: skip


@app.command
def live(
    *,
    day: str | Path | None = None,
    exam: Path | None = None,
    nights: int | None = None,
    approve: Literal["policy", "always", "never", "ask"] = "policy",
    key: str | None = None,
    seed: int = 0,
    arm: Arm = "sleep",
    report: Path | None = None,
    again: Annotated[bool, Parameter(negative="")] = False,
    steps: int | None = None,
    tokens: int | None = None,
    target: Target | None = None,
    drives: str | None = None,
    governed: bool | None = None,
    fast_store: str | None = None,
    drive: str | None = None,
    examiner: str | None = None,
    looks_on: str | None = None,
    night_stage: str | None = None,
    device: str = "auto",
    precision: str = "auto",
    perplexity_text: Path | None = None,
    pictures: Path | None = None,
    common: Common = HERE,
) -> int:
    """Live through recorded experience without a window: encode, sleep, examine.

    Parameters
    ----------
    day
        JSON Lines, one experience a line; or plugin:NAME, a plugin's day, such as plugin:diary:path=notes. Default: the
        built-in first day.
    exam
        JSON Lines, one question a line. Common knowledge is asked as well if the exam asks none.
    nights
        Stop after this many nights.
    approve
        Who decides on what a night proposes: the home's policy, always, never, or you (ask). Always does not go over
        what the policy binds unattended runs to.
    key
        With --approve ask: the name on your key, to sign what you decide with it.
    seed
        Where chance starts: the same seed gives the same cortex on the same machine.
    arm
        What the night is compared with.
    report
        Where the report goes, as JSON.
    again
        Live the file once more, although this home has lived it.
    steps
        Gradient steps a night may spend.
    tokens
        Trained tokens a night may spend, whatever the steps: what arms are compared at.
    target
        What a replayed cue teaches: the episode's words, an open-book teacher's expectations over them, or over
        what the cortex itself says (on-policy).
    drives
        What nights draw by: balanced, curious, focused, careful, or dials such as curiosity=0.6,focus=0.3,fear=0.1.
        The home's own drive has a dial by its name: balanced,lookalikes=0.5. Default: what the home's settings say.
    governed
        Sleep when the governor proposes it; sleep lines are passed over. Default: what the home's settings say.
    fast_store
        Whose store finds episodes: a plugin, such as titans or titans:fading=0.001, or built-in. The home keeps it.
    drive
        Who draws beside curiosity, focus and fear: a plugin, such as lookalikes, or built-in. The home keeps it.
    examiner
        Who asks its own questions before and after every night: a plugin, such as cloze, or built-in. The home keeps
        it.
    looks_on
        Who looks on at every night and may wish for a pause, a dream or a remark: a plugin, such as watchman, or
        built-in for nobody. The home keeps it.
    night_stage
        What replays in the night: a plugin, such as src or distil, or built-in.
    device
        auto, cpu, cuda or mps.
    precision
        auto, float32, mixed (float32, but for the largest products of a night's steps) or bfloat16.
    perplexity_text
        A text that nobody trains on, to measure perplexity with.
    pictures
        A folder for pictures of the window as it stands at the end.
    """
    from .. import settings
    from ..host import headless, nightstage, paper
    from ..host.terminal import Terminal

    home = common.where()
    can_decide(approve, key)
    if nights is not None and nights < 1:
        raise Refusal(WRONG, f"--nights {nights} is no number of nights; give 1 or more.")
    dials = _readable_drives(drives, home, drive)
    staged = nightstage.chosen(night_stage, home)
    read_day = _readable_day(day or paper.first_day(), home)
    questions = _readable_exam(exam if exam or day else paper.first_exam())
    if perplexity_text is not None and not perplexity_text.is_file():
        raise Refusal(WRONG, f"There is no file {perplexity_text} to measure perplexity with.")
    signer = whose(key)
    model = common.model or settings.peek(home).model
    _usable_model(model, home)
    _choose(home, fast_store=fast_store, drive=drive, examiner=examiner, looks_on=looks_on)
    chosen, notices = settings.load(home)
    if dials is None:
        dials, unclear = settings.drives_of(chosen)
        notices = [*notices, *unclear]
    from ..host.session import Session

    session = Session(
        home, model=model, device=device if device != "auto" else chosen.device,
        precision=precision if precision != "auto" else chosen.precision, threads=chosen.threads, seed=seed,
        capacity=chosen.capacity, history=False,
        perplexity_text=str(perplexity_text.absolute()) if perplexity_text else "", notices=notices,
    )  # fmt: skip
    kept_report = report or (home / "reports" / "latest.json" if common.json else None)
    life = headless.Life(
        day=read_day, exam=questions, home=home, session=session, approve=approve,
        # Without a fast store there is no second paper to write.
        plan=_plan(
            steps=steps, tokens=tokens, arm=arm, target=target, exam_whole=None if arm != "none" else False,
            drives=dials, **staged,
        ),
        nights=nights, again=again, governed=chosen.governed if governed is None else governed,
        drives_given=drives is not None, seed=seed, report=kept_report, pictures=pictures, signer=signer,
    )  # fmt: skip
    signal.signal(signal.SIGTERM, _interrupt)
    code = headless.live(life, Terminal(quiet=common.quiet, plain=common.json))
    if common.json and kept_report.is_file():
        print(kept_report.read_text("utf-8"), end="")
    return code


def _choose(home: Path, **roles: str | None) -> None:
    """Keep what was chosen for these roles; one that nothing is said of stays as it is."""
    from ..host import choices

    for role, words in roles.items():
        choices.choose(home, role, words)


def _interrupt(*_) -> None:
    raise KeyboardInterrupt


def _plan(**chosen):
    import msgspec

    from ..protocol.commands import NightPlan

    try:
        return msgspec.convert({name: value for name, value in chosen.items() if value is not None}, NightPlan)
    except msgspec.ValidationError as error:
        raise Refusal(WRONG, f"That night cannot be planned: {error}.") from error


def _readable_drives(text: str | None, home: Path, drive: str | None):
    """The dials; of plugins only the drive that the home lives with has one, or is about to."""
    from ..host import choices
    from ..protocol.drives import DrivesUnclear, read

    others = choices.drive_of(home) if drive is None else (drive.partition(":")[0].strip(),)
    try:
        return None if text is None else read(text, others)
    except DrivesUnclear as error:
        raise Refusal(WRONG, str(error)) from error


def _readable_day(named: str | Path, home: Path):
    from ..host import daysource
    from ..protocol.days import DayError, read_day

    if str(named).startswith(daysource.PREFIX):
        return daysource.day(str(named), home)
    try:
        return read_day(Path(named))
    except DayError as error:
        raise Refusal(WRONG, str(error)) from error


def _readable_exam(path: Path | None):
    from ..host import paper
    from ..protocol.exams import ExamError

    try:
        return paper.questions(path)
    except ExamError as error:
        raise Refusal(WRONG, str(error)) from error


def _usable_model(model: str, home: Path) -> None:
    from .. import models

    found = models.find(model, models.cache_folder(home))
    if found.problem:
        raise Refusal(FAILED, f"The model cannot be used: {found.problem}. What to do: {found.remedy}.")
