"""What goes on beside the words: the latent state of every session, and what the drives see in each episode.

An episode that was told moves its session's state, and from the state come its value and one part of its surprise.
Both are told as events; the governor reads them and the curator draws by them. Everything here can be reckoned anew
from what the hippocampus holds, so nothing of it is kept on disk but the state's trained model. It does not touch the
cortex.
"""

from __future__ import annotations

import bisect
import time
from collections.abc import Callable
from dataclasses import dataclass

import msgspec
import numpy as np
import torch

from ..plugins.contract import Episode
from ..protocol import events as ev
from ..protocol.drives import Drives, shares
from . import foresight
from .feelings import Feelings
from .hippocampus import Hippocampus
from .latent import Latent, Moved, Turn
from .lent import Lent

FEW_TURNS = 6
"""Turns under which there is nothing yet to train the state's model on."""
WORTH_A_WORD = 0.5
"""From here on what a plugin's drive sees in an episode is among the reasons for it."""


@dataclass
class Told:
    """One turn of a session. `words`: how many of its tokens are its own text; the others say how it went."""

    text: str
    session: str
    goal: str
    words: int
    outcome: float | None
    speaker: str = ""
    lived_at: str = ""
    surprise: float = 0.0
    novelty: float = 0.0


class Inner:
    def __init__(self, store: Hippocampus):
        self.store = store
        self.latent = self.untrained()
        self.feelings = Feelings()
        self.told_of: dict[int, Told] = {}
        self.sessions: dict[str, list[int]] = {}
        self.excluded: set[int] = set()
        """Episodes that no night may take in."""
        self.goal = ""
        self.drive: Lent | None = None
        """A plugin's drive, if the home has chosen one."""
        self.waiting: Callable[[], list[int]] = list
        """Episodes that the next night would go over; what such a drive sees in one may depend on the others."""
        self._seen: dict[int, float] = {}
        self._carried: dict[str, torch.Tensor] = {}
        self._goals: dict[str, torch.Tensor] = {}

    def untrained(self) -> Latent:
        return Latent(self.store.address.whiten.shape[1])

    # ------------------------------------------------------------ telling

    def takes(self, episode: int, told, words: int, bits: list[float], nearest: list[int]) -> Moved:
        """An episode that the hippocampus has just taken in. Returns what its turn did to the state."""
        moved = self._takes(episode, told, words, bits, nearest)
        if told.goal and told.goal != self.goal:
            self.aims_at(told.goal)
        elif self.goal:
            near = self.store.closeness(self._keys_of(self.goal), [episode])
            self.feelings.felt[episode].relevance = near[0]
        return moved

    def takes_back(self, episode: int, told, words: int, bits: list[float], twin_of: int | None) -> None:
        """One that was told in an earlier life; what it is near to is known, and the goal is set when all are back."""
        self._takes(episode, told, words, bits, [])
        self.feelings.felt[episode].twin_of = twin_of
        self.told_of[episode].novelty = told.novelty

    def _takes(self, episode: int, told, words: int, bits: list[float], nearest: list[int]) -> Moved:
        session = told.session or told.lived_at[:10]
        mean = sum(bits) / max(1, len(bits))
        self.told_of[episode] = Told(
            told.text, session, told.goal, words, told.outcome, told.speaker, told.lived_at, mean
        )
        self.feelings.told(episode, told.text, told.speaker, bits[:words], nearest)
        self.feelings.went(episode, told.outcome, told.because)
        turns = self.sessions.setdefault(session, [])
        if turns and episode < turns[-1]:  # handed back by a roll-back, between what was told since
            bisect.insort(turns, episode)
            self._carried.pop(session, None)
            before = self._walked(turns[: turns.index(episode)])
        else:
            before = self._state_of(session)
            turns.append(episode)
        moved = self.latent.take(before, self.turn(episode))
        if turns[-1] == episode:
            self._carried[session] = moved.after
        self._felt(episode, moved)
        return moved

    def moved(self, episode: int, moved: Moved, started: float) -> ev.StateMoved:
        session = self.told_of[episode].session
        return ev.StateMoved(
            episode=episode, session=session, turn=self.sessions[session].index(episode) + 1,
            trained_by=self.latent.trained_by, place=_rounded(moved.place), expected=_rounded(moved.expected),
            error=round(moved.error, 4), value=round(moved.value, 4), tail=round(moved.tail, 4),
            fails=round(moved.fails, 4), distribution=_rounded(moved.distribution),
            took_ms=(time.perf_counter() - started) * 1e3,
        )  # fmt: skip

    def went(self, episode: int, outcome: float, because: str) -> None:
        """How an episode went was said after it was told: its session's state is reckoned anew when it is needed."""
        self.told_of[episode].outcome = outcome
        self.feelings.went(episode, outcome, because)
        self._carried.pop(self.told_of[episode].session, None)

    def the_same(self, text: str) -> int | None:
        """A held episode of the very same words."""
        return next((e for e, told in reversed(self.told_of.items()) if told.text == text), None)

    def expected_fail(self, episode: int) -> float | None:
        """The chance of going badly that was given to an episode before it was known; None while nothing is learnt."""
        if not self.latent.trained_by:
            return None
        turns = self.sessions[self.told_of[episode].session]
        return self.latent.take(self._walked(turns[: turns.index(episode)]), self.turn(episode)).fails

    def unsay(self, episode: int) -> None:
        """It was read and not stored: the session goes on as if it had not been said."""
        self._carried.pop(self.told_of[episode].session, None)
        self.forget(episode)

    def forget(self, episode: int) -> None:
        """Let go with the hippocampus's trace; the state that its session has come to stays."""
        told = self.told_of.pop(episode, None)
        if told is not None:
            self.sessions[told.session].remove(episode)
            self.feelings.forget(episode)
            self._seen.pop(episode, None)

    # ------------------------------------------------------------ goal and scores

    def aims_at(self, goal: str) -> None:
        """From now on relevance is closeness to this goal."""
        self.goal = goal
        held = [e for e in self.feelings.felt if e in self.store.traces]
        near = self.store.closeness(self._keys_of(goal), held) if goal else [None] * len(held)
        for episode, found in zip(held, near, strict=True):
            self.feelings.felt[episode].relevance = found

    def shares(self, episodes: list[int], drives: Drives) -> dict[int, tuple[float, ...]]:
        """The part of a night's draws that each drive, and chance, gives to every episode."""
        scores = self.feelings.scores(episodes)
        if drives.others:
            own = self._owns(episodes)
            nothing = [0.0] * len(episodes)
            columns = [own if self.drive and name == self.drive.id else nothing for name in drives.others]
            scores = np.column_stack([scores, *columns])
        found = shares(scores, drives, self.feelings.twins(episodes))
        return {e: tuple(each) for e, each in zip(episodes, found.tolist(), strict=True)}

    def scored(self, episodes: list[int], why: str) -> ev.EpisodesScored:
        """What is seen in these, and in others that wait where a plugin's drive now sees something else in them."""
        started = time.perf_counter()
        if self.drive is not None:
            waiting = [e for e in dict.fromkeys([*self.waiting(), *episodes]) if e in self.feelings.felt]
            own = dict(zip(waiting, self._owns(waiting), strict=True))
            episodes = [*episodes, *(e for e in waiting if e not in episodes and own[e] != self._seen.get(e))]
            self._seen.update({e: own[e] for e in episodes})
        scores = [self._with_own(score) for score in self.feelings.scored(episodes)]
        return ev.EpisodesScored(
            goal=self.goal, why=why, episodes=scores, took_ms=(time.perf_counter() - started) * 1e3
        )

    def _owns(self, episodes: list[int]) -> list[float]:
        """What the plugin's drive sees in each; nothing where there is none, or it is off."""
        if self.drive is None or not self.drive.on:
            return [0.0] * len(episodes)
        return self.drive.scores(self.handed(episodes))

    def _with_own(self, score: ev.EpisodeScore) -> ev.EpisodeScore:
        if self.drive is None:
            return score
        seen, why = round(self._seen[score.episode], 4), score.why
        if seen >= WORTH_A_WORD:
            why = f"{why}; {self.drive.name.lower()} sees {seen:.2f} in it"
        return msgspec.structs.replace(score, others={self.drive.id: seen}, why=why)

    def handed(self, episodes: list[int]) -> list[Episode]:
        """Episodes as a plugin gets them: copies."""
        seen = zip(self.feelings.scored(episodes), (self.told_of[e] for e in episodes), strict=True)
        return [
            Episode(
                number=score.episode, text=told.text, lived_at=told.lived_at, surprise=told.surprise,
                novelty=told.novelty, value=score.value, relevance=score.relevance or 0.0,
            )
            for score, told in seen
        ]  # fmt: skip

    # ------------------------------------------------------------ the latent state

    def turn(self, episode: int) -> Turn:
        told = self.told_of[episode]
        goal = self._keys_of(told.goal).mean(0) if told.goal else None
        because = self.store.gist(episode, told.words) if told.outcome is not None else None
        return Turn(self.store.gist(episode, 0, told.words), goal, told.outcome, because)

    def cortex_moved(self) -> None:
        """Addresses have changed with the cortex; what was reckoned from the old ones no longer counts."""
        self._goals.clear()
        self._carried.clear()

    def adopt(self, latent: Latent) -> None:
        """Another model of the state: every session is gone through again with it, and everything felt anew."""
        self.latent = latent
        self.cortex_moved()
        for session, turns in self.sessions.items():
            state = None
            for episode in turns:
                moved = latent.take(state, self.turn(episode))
                state = moved.after
                self._felt(episode, moved)
            if state is not None:
                self._carried[session] = state
        if self.goal:
            self.aims_at(self.goal)

    def to_train_on(self) -> list[list[Turn]]:
        """Sessions of more than one turn, if there are enough turns in all; without what no night may take in."""
        sessions = [[e for e in turns if e not in self.excluded] for turns in self.sessions.values()]
        found = [[self.turn(e) for e in turns] for turns in sessions if len(turns) > 1]
        return found if sum(map(len, found)) >= FEW_TURNS else []

    def train(self, seed: int):
        """A better model of the state, from all sessions held. Yields its progress; returns None for too few."""
        sessions = self.to_train_on()
        return (yield from foresight.train(self.latent, sessions, seed)) if sessions else None

    def _state_of(self, session: str) -> torch.Tensor | None:
        """What a session has come to; None before its first turn."""
        if session not in self._carried:
            state = self._walked(self.sessions[session])
            if state is None:
                return None
            self._carried[session] = state
        return self._carried[session]

    def _walked(self, episodes: list[int]) -> torch.Tensor | None:
        state = None
        for episode in episodes:
            state = self.latent.take(state, self.turn(episode)).after
        return state

    def _felt(self, episode: int, moved: Moved) -> None:
        self.feelings.moved(episode, moved.error, moved.value, moved.tail, self.latent.trained_by > 0)

    def _keys_of(self, goal: str) -> torch.Tensor:
        if goal not in self._goals:
            self._goals[goal] = self.store.keys_of(goal)
        return self._goals[goal]


def _rounded(numbers: list[float]) -> list[float]:
    return [round(number, 4) for number in numbers]
