"""What lasts of episodes, as the story keeps it: marks, strengths after every night, and what the cortex says alone.

Mixed into the story, which has the episodes. Knows no Qt and reckons nothing itself.
"""

from __future__ import annotations

from bisect import bisect_left

from ..protocol import events as ev
from .lived import Episode


class Remembering:
    by_number: dict[int, Episode]
    changed: set[str]

    def __init__(self) -> None:
        super().__init__()
        self.retained: list[ev.Retained] = []
        self.traces: dict[int, list[ev.TraceKept]] = {}
        self.corrected: dict[int, int] = {}
        """Episodes that a later one corrects, and which."""
        self.day_files: list[str] = []
        """Hashes of the day files that were lived, in their order."""
        """Hashes of the day files that lines were lived of."""
        self.wrote: dict[int, ev.StoreWrote] = {}
        """What a plugin's store said of every episode that it was told; empty with the built-in one."""
        self.store_read: ev.StoreRead | None = None

    def _marked(self, e: ev.EpisodesMarked) -> None:
        for number in e.episodes:
            if episode := self.by_number.get(number):
                setattr(episode, e.mark, e.on)
        self.changed |= {"episodes", "drives"}

    def _trace(self, e: ev.TraceKept) -> None:
        self.traces.setdefault(e.episode, []).append(e)
        self.changed.add("episodes")

    def _lived(self, e: ev.LineLived) -> None:
        if e.file_hash not in self.day_files:
            self.day_files.append(e.file_hash)

    def _wrote(self, e: ev.StoreWrote) -> None:
        self.wrote[e.episode] = e
        self.changed.add("encoding")

    def _store_read(self, e: ev.StoreRead) -> None:
        self.store_read = e
        self.changed.add("encoding")

    def strengths(self, number: int) -> list[tuple[int, ev.Retention]]:
        """(night, how strong it was after it), oldest first; of one night the last word counts."""
        found: dict[int, ev.Retention] = {}
        for told in self.retained:
            at = bisect_left(told.episodes, number, key=lambda each: each.episode)
            if at < len(told.episodes) and told.episodes[at].episode == number:
                found[told.night] = told.episodes[at]
        return sorted(found.items())


REMEMBERING = {
    ev.EpisodesMarked: Remembering._marked, ev.TraceKept: Remembering._trace, ev.LineLived: Remembering._lived,
    ev.StoreWrote: Remembering._wrote, ev.StoreRead: Remembering._store_read,
}  # fmt: skip
