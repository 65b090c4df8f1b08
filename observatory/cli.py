"""The command line: what was asked for, checked, and handed to the room that does it.

Nothing heavy is imported before a command needs it, so help and mistakes are answered at once. Exit status: 0 done,
1 the work failed, 2 the call was wrong, 3 vetoed or refused by policy, 130 interrupted.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, CycloptsError, Parameter, UnusedCliTokensError, validators

from . import __version__
from .host.refusal import Refusal

DONE, FAILED, WRONG, REFUSED, INTERRUPTED = 0, 1, 2, 3, 130
Arm = Literal["sleep", "none", "retrieval", "finetune", "lora", "uniform", "no-dreams", "no-anchor"]
Target = Literal["cross-entropy", "teacher", "on-policy"]

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
        from .settings import default_home

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
    print(f"observatory: {text}", file=sys.stderr)
    return code


# ---------------------------------------------------------------- living


@app.default
def window(*, common: Common = HERE, device: str = "auto", precision: str = "auto", seed: int = 0) -> int:
    """Open the window. With no display: say so and live the built-in first day without one."""
    from .host import display

    home = common.where()
    why_not = display.missing()
    if why_not:
        return _without_display(why_not, common, device, precision, seed)
    problem = display.qt_problem()
    if problem:
        raise Refusal(FAILED, problem)
    from . import settings
    from .host.session import Session
    from .window import app as window_app

    chosen, notices = settings.load(home)

    opened: list[Session] = []

    def open_session() -> Session:
        session = Session(
            home, model=common.model or chosen.model, device=device if device != "auto" else chosen.device,
            precision=precision if precision != "auto" else chosen.precision, threads=chosen.threads,
            seed=seed or chosen.seed, capacity=chosen.capacity, notices=notices,
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
    from .host import paper

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
    day: Path | None = None,
    exam: Path | None = None,
    nights: int | None = None,
    approve: Literal["policy", "always", "never", "ask"] = "policy",
    seed: int = 0,
    arm: Arm = "sleep",
    report: Path | None = None,
    again: Annotated[bool, Parameter(negative="")] = False,
    steps: int | None = None,
    tokens: int | None = None,
    target: Target | None = None,
    drives: str | None = None,
    governed: bool | None = None,
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
        JSON Lines, one experience a line. Default: the built-in first day.
    exam
        JSON Lines, one question a line. Common knowledge is asked as well if the exam asks none.
    nights
        Stop after this many nights.
    approve
        Who decides on what a night proposes: the built-in policy, always, never, or you (ask).
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
        Default: what the home's settings say.
    governed
        Sleep when the governor proposes it; sleep lines are passed over. Default: what the home's settings say.
    device
        auto, cpu, cuda or mps.
    precision
        auto, float32 or bfloat16.
    perplexity_text
        A text that nobody trains on, to measure perplexity with.
    pictures
        A folder for pictures of the window as it stands at the end.
    """
    from . import settings
    from .host import headless, paper
    from .host.terminal import Terminal

    home = common.where()
    if approve == "ask" and not sys.stdin.isatty():
        raise Refusal(WRONG, "--approve ask needs a terminal to ask on. What to do: choose policy, always or never.")
    if nights is not None and nights < 1:
        raise Refusal(WRONG, f"--nights {nights} is no number of nights; give 1 or more.")
    dials = _readable_drives(drives)
    read_day = _readable_day(day or paper.first_day())
    questions = _readable_exam(exam if exam or day else paper.first_exam())
    chosen, notices = settings.load(home)
    model = common.model or chosen.model
    _usable_model(model, home)
    if dials is None:
        dials, unclear = settings.drives_of(chosen)
        notices = [*notices, *unclear]
    if perplexity_text is not None and not perplexity_text.is_file():
        raise Refusal(WRONG, f"There is no file {perplexity_text} to measure perplexity with.")
    from .host.session import Session

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
            drives=dials,
        ),
        nights=nights, again=again, governed=chosen.governed if governed is None else governed,
        drives_given=drives is not None, seed=seed, report=kept_report, pictures=pictures,
    )  # fmt: skip
    signal.signal(signal.SIGTERM, _interrupt)
    code = headless.live(life, Terminal(quiet=common.quiet, plain=common.json))
    if common.json and kept_report.is_file():
        print(kept_report.read_text("utf-8"), end="")
    return code


def _interrupt(*_) -> None:
    raise KeyboardInterrupt


def _plan(**chosen):
    import msgspec

    from .protocol.commands import NightPlan

    try:
        return msgspec.convert({name: value for name, value in chosen.items() if value is not None}, NightPlan)
    except msgspec.ValidationError as error:
        raise Refusal(WRONG, f"That night cannot be planned: {error}.") from error


def _readable_drives(text: str | None):
    from .protocol.drives import DrivesUnclear, read

    try:
        return None if text is None else read(text)
    except DrivesUnclear as error:
        raise Refusal(WRONG, str(error)) from error


def _readable_day(path: Path):
    from .protocol.days import DayError, read_day

    try:
        return read_day(path)
    except DayError as error:
        raise Refusal(WRONG, str(error)) from error


def _readable_exam(path: Path | None):
    from .host import paper
    from .protocol.exams import ExamError

    try:
        return paper.questions(path)
    except ExamError as error:
        raise Refusal(WRONG, str(error)) from error


def _usable_model(model: str, home: Path) -> None:
    from . import models

    found = models.find(model, models.cache_folder(home))
    if found.problem:
        raise Refusal(FAILED, f"The model cannot be used: {found.problem}. What to do: {found.remedy}.")


# ---------------------------------------------------------------- looking back


@app.command
def nights(*, common: Common = HERE) -> int:
    """What each night proposed, who decided what, and the hashes."""
    from .host import lookback

    return lookback.nights(_a_life(common), as_json=common.json)


@app.command
def show(night: int, /, *, common: Common = HERE) -> int:
    """One night in full: what it replayed and why, what it learnt and lost, the decision and the hashes."""
    from .host import lookback

    return lookback.show(_a_life(common), night, as_json=common.json)


@app.command
def verify(*, common: Common = HERE) -> int:
    """Hash the deltas again, and check the journal's chain and the database against it."""
    from .host import lookback

    return lookback.verify(_a_life(common), as_json=common.json, quiet=common.quiet)


@app.command
def rollback(night: int, /, *, why: str = "asked for on the command line", common: Common = HERE) -> int:
    """The cortex as it was after that night (0: the base). Recorded as an act of its own."""
    from .host import lookback

    return lookback.roll_back(_a_life(common), night, why, model=common.model, quiet=common.quiet)


@app.command
def feedback(
    episode: Annotated[int, Parameter(validator=validators.Number(gte=1))],
    /,
    *,
    outcome: Annotated[float, Parameter(validator=validators.Number(gte=-1, lte=1))],
    because: str = "",
    common: Common = HERE,
) -> int:
    """How an episode went, -1 (badly) to 1 (well), and why: the mind reads it anew with that."""
    from .host import lookback

    return lookback.feedback(_a_life(common), episode, outcome, because, model=common.model, quiet=common.quiet)


@app.command
def pictures(
    folder: Path,
    /,
    *,
    theme: Literal["light", "dark"] = "light",
    scale: Literal[1, 2] = 1,
    common: Common = HERE,
) -> int:
    """Every dock and the whole window as PNG, without a display."""
    from .host import display, lookback

    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    problem = display.qt_problem()
    if problem:
        raise Refusal(FAILED, problem)
    return lookback.pictures(_a_life(common), folder, theme, scale, as_json=common.json, quiet=common.quiet)


@app.command
def governor(*, rules: Path | None = None, common: Common = HERE) -> int:
    """What the governor decided, by which rule and why; in a home where nothing was lived yet, its table of rules.

    Parameters
    ----------
    rules
        A table to check, and to hold against what was decided: which decisions would have been others under it?
    """
    from .host import governing

    home = common.where()
    if rules is not None:
        return governing.compare(home, rules, lived=_has_lived(home), as_json=common.json)
    if _has_lived(home):
        return governing.decisions(home, as_json=common.json)
    return governing.table(home, as_json=common.json)


app.command("observatory.bench.command:bench", name="bench", help="The comparison table of arms, with plots.")


def _a_life(common: Common) -> Path:
    home = common.where()
    if not _has_lived(home):
        raise Refusal(FAILED, f"No mind has lived in {home} yet. What to do: observatory live, or name another --home.")
    return home


def _has_lived(home: Path) -> bool:
    return any((home / name).exists() for name in ("observatory.duckdb", "journal.jsonl"))


# ---------------------------------------------------------------- this machine


@app.command
def models(*, common: Common = HERE) -> int:
    """Which models can run here, and where they come from."""
    from .host import doctor

    return doctor.models_here(common.where(), common.model, as_json=common.json)


@app.command
def doctor(*, common: Common = HERE) -> int:
    """What can run here; what is missing and the command that mends it."""
    from .host import doctor as room

    return room.report(common.where(), common.model or "default", as_json=common.json, quiet=common.quiet)
