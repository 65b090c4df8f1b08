"""How a session stands right now, folded from its events: what the status bar and the gate's buttons ask.

A snapshot is frozen; `after` gives the next one. It does not know where events come from.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from ..protocol import events as e

Phase = Literal["opening", "waiting", "ready", "lost", "closed", "failed"]


class SessionState(msgspec.Struct, frozen=True, kw_only=True):
    """`phase`: opening the home, waiting for the mind, ready, mind lost, closed, or failed (see `problem`)."""

    home: str
    read_only: bool = False
    phase: Phase = "opening"
    waiting_for: str = "opening the home"
    problem: str = ""
    remedy: str = ""
    mode: e.Mode = "waiting"
    busy: str = ""
    paused: bool = False
    night: int | None = None
    stage: str = ""
    proposal: e.Proposal | None = None
    proposed: e.Proposed | None = None
    decided: str = ""
    resumable: e.NightOpened | None = None
    model: str = ""
    device: str = ""
    precision: str = ""
    base: str = ""
    cortex: str = ""
    rss_mb: float = 0.0
    peak_rss_mb: float = 0.0
    saved_through: int = 0
    saved_at: float = 0.0
    mind_silent_s: float = 0.0
    pid: int | None = None
    told_from: int = 1
    """The first event that the view was told by itself; what a long life holds before is asked for."""

    @property
    def can_decide(self) -> bool:
        return self.proposal is not None and self.decided in ("", "hold") and self.phase == "ready"


def after(state: SessionState, event: e.Event) -> SessionState:
    """The state once this event has been taken in. Events that change nothing here give the same state back."""
    change = _changes(state, event)
    return msgspec.structs.replace(state, **change) if change else state


def _changes(state: SessionState, event: e.Event) -> dict:
    match event:
        case e.MindWaiting():
            return {"waiting_for": event.what}
        case e.MindReady():
            return {
                "phase": "ready", "waiting_for": "", "mode": "awake", "model": event.model, "device": event.device,
                "precision": event.precision, "base": event.base, "cortex": event.cortex, "problem": "", "remedy": "",
            }  # fmt: skip
        case e.Heartbeat():
            return {
                "mode": event.mode, "busy": event.busy, "paused": event.paused, "rss_mb": event.rss_mb,
                "peak_rss_mb": max(event.peak_rss_mb, state.peak_rss_mb),
            }  # fmt: skip
        case e.ModeChanged():
            return {"mode": event.mode}
        case e.Paused():
            return {"paused": True}
        case e.Resumed():
            return {"paused": False}
        case e.Saved():
            return {"saved_through": event.through, "saved_at": event.at}
        case e.CortexChecked():
            return {"cortex": event.cortex}
        case e.MindLost():
            return {"phase": "lost", "mode": "waiting", "busy": "", "paused": False}
        case _:
            return _night_changes(state, event)


def _night_changes(state: SessionState, event: e.Event) -> dict:
    match event:
        case e.NightOpened():
            return {"night": event.night, "mode": "asleep", "stage": "propose", "resumable": None, **_NO_PROPOSAL}
        case e.StageEntered():
            return {"stage": event.stage}
        case e.Proposed():
            # A night that was vetoed on its way here stays vetoed.
            decided = "veto" if state.decided == "veto" else ""
            return {"proposal": event.proposal, "proposed": event, "decided": decided, "stage": "gate"}
        case e.Decided():
            # An approval that waits for another person's leaves the proposal open.
            return {"decided": "hold" if event.waits else event.decision}
        case e.ChangesAsked():
            # What is wanted otherwise is not decided on any more; it is proposed anew.
            return {"decided": "changes"}
        case e.NightCommitted():
            return {"cortex": event.cortex_after, "stage": "commit"}
        case e.NightClosed():
            return {
                "night": None, "stage": "", "paused": False, "cortex": event.cortex, **_NO_PROPOSAL,
                "peak_rss_mb": max(event.peak_rss_mb, state.peak_rss_mb),
            }  # fmt: skip
        case e.RolledBack():
            return {"cortex": event.cortex}
        case _:
            return {}


_NO_PROPOSAL = {"proposal": None, "proposed": None, "decided": ""}
