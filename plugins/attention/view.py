"""Attention mass over time: for every question, the share of attention that went to each episode that was read.

The episodes that drew most of it get a line each, all others one together. It draws nothing itself: the window does,
in its own colours.
"""

from observatory.plugins.contract import Chart

LETTERS = 28
"""Of an episode's text, as the name of its line."""


class View:
    def __init__(self, options):
        self.most = options["most"]

    def draw(self, episodes, nights):
        read = sorted((e for e in episodes if e.readings), key=lambda e: -sum(r.mass * r.weight for r in e.readings))
        lines = {}
        for episode in read[: self.most]:
            lines[self._name(episode, lines)] = self._points(episode.readings)
        rest = [reading for episode in read[self.most :] for reading in episode.readings]
        if rest:
            lines["all others"] = self._points(rest)
        return Chart(title="Attention to what was remembered", across="question", up="share, %", lines=lines)

    @staticmethod
    def _points(readings):
        """A question whose answer was read from several at once counts each by its weight."""
        found = {}
        for reading in readings:
            found[reading.question] = found.get(reading.question, 0.0) + 100 * reading.mass * reading.weight
        return [(float(question), mass) for question, mass in sorted(found.items())]

    @staticmethod
    def _name(episode, taken):
        words = " ".join(episode.text.split())
        name = words if len(words) <= LETTERS else f"{words[: LETTERS - 1].rstrip()}…"
        return name if name not in taken else f"{name} ({episode.number})"
