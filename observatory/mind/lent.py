"""A plugin at work beside the mind: a drive that draws with the built-in three, an examiner with its own questions, or
one that looks on at nights.

It is found by the name that the home chose, called through the guard, and one of the company: what goes wrong with it
is said between the mind's events, and from then on it is off. It does not know what its answers are used for.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ..plugins import find
from ..plugins.contract import Episode, Kind, Night, Wish
from ..plugins.guard import Guarded
from ..plugins.manifest import ManifestUnclear
from ..protocol import events as ev
from ..protocol.commands import Chosen


class Lent:
    def __init__(self, found: find.Found, kind: Kind, choices: dict[str, object]):
        self.id, self.name, self.kind = found.id, found.manifest.name, kind
        self._notices: list[ev.Notice] = []
        self._plugin = Guarded(found, kind, self._notices.append, choices=choices)

    # ------------------------------------------------------------ as one of the company

    @property
    def on(self) -> bool:
        return self._plugin.on

    def said(self) -> list[ev.Notice]:
        told, self._notices[:] = list(self._notices), []
        return told

    def switch_off(self, why: str) -> None:
        self._plugin.switch_off(why)

    def close(self) -> None:
        self._plugin.close()

    # ------------------------------------------------------------ what it is asked

    def scores(self, episodes: list[Episode]) -> list[float]:
        """What a drive sees in each; one that is off sees nothing."""
        nothing = [0.0] * len(episodes)
        return self._plugin.ask("score", episodes, otherwise=nothing) if episodes else nothing

    def questions(self, episodes: list[Episode], asked: Iterable[ev.Question], most: int) -> list[ev.Question]:
        """An examiner's questions under its own kind; what is asked already is not asked twice."""
        known = {question.prompt for question in asked}
        given = self._plugin.ask("questions", episodes, otherwise=[])
        fresh = {each.prompt: each for each in reversed(given) if each.prompt not in known}
        chosen = [each for each in given if fresh.get(each.prompt) is each][:most]
        kind = kind_of(self.id)
        return [ev.Question(prompt=q.prompt, answers=[q.answer], kind=kind, style=q.style) for q in chosen]

    def wishes(self, night: Night, episodes: list[Episode]) -> list[Wish]:
        """What an onlooker wishes for after a stage; one that is off wishes for nothing."""
        return self._plugin.ask("after", night, episodes, otherwise=[])


def kind_of(examiner: str) -> str:
    """The kind of an examiner's questions: none that an exam file or a policy goes by."""
    return f"plugin:{examiner}"


def lent(kind: Kind, chosen: Chosen, home: Path | None):
    """The plugin that a home chose, or None for none; yields what there is to say about that."""
    if not chosen.id:
        return None
    found = find.usable(chosen.id, kind, home)
    why = f"no plugin of that name with a contribution “{kind}” can be used here"
    try:
        if found is not None:
            found.manifest.chosen(chosen.options)
    except ManifestUnclear as unclear:
        found, why = None, str(unclear)
    if found is None:
        yield ev.Notice(
            level="warning", title=f"The mind goes on without the {kind} “{chosen.id}”",
            text=f"It could not be used: {why}", remedy="See what there is with: observatory plugins list.",
        )  # fmt: skip
        return None
    made = Lent(found, kind, chosen.options)
    yield from made.said()
    return made
