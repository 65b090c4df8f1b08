"""What the window shows of an act of forgetting: from when it was asked for, nothing of what it is about.

Told to the story as its other events are. It draws nothing.
"""

from __future__ import annotations

from ..protocol import events as ev


def _asked(story, e: ev.ForgettingAsked) -> None:
    gone = set(e.episodes)
    story.episodes[:] = [episode for episode in story.episodes if episode.number not in gone]
    for number in gone:
        story.by_number.pop(number, None)
        turn = story.told_turns.get(number)
        if turn is not None:
            turn.text, turn.pieces, turn.surprise, turn.encoded = "(forgotten)", [], [], None
            turn.changed += 1
    story.changed |= {"episodes", "talk", "drives", "review"}


FORGETTING = {ev.ForgettingAsked: _asked}
