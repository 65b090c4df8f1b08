"""A drive that sees what is easily mixed up: how much of its words an episode shares with the one it is most like.

Four people who play an instrument all “play the accordion” after a night: what is alike collapses onto one of them.
Replaying what is alike more often, in the same night, gives the cortex reason to keep it apart. An episode that says
the very same as another is no look-alike but a repetition, and is not counted.
"""

import re

WORD = re.compile(r"\w+")


class Drive:
    def __init__(self, options):
        self.short = options["short"]

    def score(self, episodes):
        words = [self._words(each.text) for each in episodes]
        return [max((self._shared(mine, other) for other in words), default=0.0) for mine in words]

    def _words(self, text):
        return frozenset(word for word in WORD.findall(text.casefold()) if len(word) >= self.short)

    @staticmethod
    def _shared(mine, other):
        return 0.0 if mine == other else len(mine & other) / len(mine | other)
