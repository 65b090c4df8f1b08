"""What a plugin that looks on at a night wishes for: a pause, a question to dream, a remark.

It is asked whenever a stage has ended, before the next one begins, until the night reaches the gate; from there on a
person or the policy has the word. A pause waits for whoever runs the night to take it up; a dream waits for the night's
own dreaming, which verifies it like every other; a remark is only said. It does not know what a plugin goes by.
"""

from __future__ import annotations

from contextlib import closing

from msgspec import structs

from ..plugins import contract
from ..protocol import events as ev
from .lent import Lent

NOT_ASKED_AFTER = ("gate", "commit")


class Wishes:
    """One night as its onlooker sees it, told from the night's own events, and what it wished for so far."""

    def __init__(self, plugin: Lent | None, night: int, episodes: list[int], handed):
        """`handed`: makes the copies of episodes that plugins get."""
        self.plugin = plugin
        self._dreams: list[contract.Dream] = []
        self._numbers, self._handed, self._episodes = episodes, handed, []
        self._drawn: set[int] = set()
        self._pause, self._dreaming_is_over = "", False
        self._seen = contract.Night(number=night, stage="")

    def pause(self) -> str:
        """Why the night is to be held now, once; nothing if nobody asked for that."""
        why, self._pause = self._pause, ""
        return why

    def dreams(self) -> list[contract.Dream]:
        """The questions to be dreamed, once: the night's dreaming takes them."""
        taken, self._dreams = self._dreams, []
        return taken

    def along(self, events):
        """The night's events, and between two stages what the plugin has to say."""
        with closing(events):
            for event in events:
                if isinstance(event, ev.StageEntered):
                    if self.plugin is not None and self._seen.stage not in ("", *NOT_ASKED_AFTER):
                        yield from self._asked()
                    self._dreaming_is_over = self._dreaming_is_over or event.stage in ("dream", "replay", "weigh")
                    if event.stage in ("replay", "weigh"):
                        for wish in self.dreams():
                            yield self._in_vain(wish, "this night does not dream")
                self._look(event)
                yield event

    def _look(self, event: ev.Event) -> None:
        seen: dict = {}
        match event:
            case ev.StageEntered():
                seen = {"stage": event.stage}
            case ev.ReplayStep():
                self._drawn.update(item.episode for item in event.items if item.episode is not None)
                seen = {"step": event.step, "steps": event.of, "loss": event.loss, "drawn": tuple(sorted(self._drawn))}
            case ev.Examined(memory="cortex"):
                seen = {"scores": {kind: s.right / s.asked for kind, s in event.scores.items() if s.asked}}
            case ev.Measured():
                seen = {"kl": event.kl_from_base, "perplexity": event.perplexity}
        if seen:
            self._seen = structs.replace(self._seen, **seen)

    def _asked(self):
        self._episodes = self._episodes or self._handed(self._numbers)
        pauses = []
        for wish in self.plugin.wishes(self._seen, self._episodes):
            match wish:
                case contract.Pause():
                    pauses.append(_line(wish.because))
                case contract.Remark():
                    yield ev.Notice(level="info", title=self._titled("remarks"), text=wish.text)
                case contract.Dream():
                    yield from self._to_dream(wish)
        if pauses:
            yield ev.Notice(
                level="info", title=self._titled("asks to pause"), text="; ".join(pauses),
                remedy="Look at the night, then run it on, or end it.",
            )  # fmt: skip
            # Set behind the notice, so that the night is held where the next stage is entered and not before.
            self._pause = f"“{self.plugin.name}” asks for it: {'; '.join(pauses)}"

    def _to_dream(self, wish: contract.Dream):
        if self._dreaming_is_over:
            yield self._in_vain(wish, "dreaming is over")
        elif wish.episode not in self._numbers:
            yield self._in_vain(wish, f"episode {wish.episode} is not of this night")
        else:
            self._dreams.append(structs.replace(wish, prompt=_line(wish.prompt)))

    def _in_vain(self, wish: contract.Dream, why: str) -> ev.Notice:
        return ev.Notice(
            level="info", title=self._titled("wishes for a dream in vain"),
            text=f"“{_line(wish.prompt)}” is not dreamed: {why}.",
        )  # fmt: skip

    def _titled(self, does: str) -> str:
        return f"“{self.plugin.name}” {does} in night {self._seen.number}, after the stage {self._seen.stage}"


def _line(text: str) -> str:
    return " ".join(text.split())
