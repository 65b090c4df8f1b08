"""What stays of an episode when the hippocampus lets it go: what the cortex itself says when it is reminded of it.

Later nights rehearse these in the episode's place, so that what only the cortex still knows is not overwritten by what
is new. Kept is only what the episode, at hand for the last time, bears out. It does not know when episodes fade.
"""

from __future__ import annotations

import torch

from .dreams import agreement
from .passages import passages
from .speech import Speech

CUES = 2
"""Ways to be reminded that are kept of one episode."""
TOKENS = 32
LEAST_AGREEMENT = 0.6


@torch.no_grad()
def left_behind(speech: Speech, episodes: dict[int, tuple[str, list[float]]]) -> list[tuple[int, str, str]]:
    """(episode, cue, what the cortex answers) for those of these episodes that it knows by itself.

    `episodes`: number → (text, bits of its tokens).
    """
    asked = []
    for episode, (text, bits) in episodes.items():
        cues = [f"Tell me about {name}." for p in passages(speech, episode, text, bits) for name in p.names]
        asked += [(episode, text, cue) for cue in dict.fromkeys(cues)]
    if not asked:
        return []
    opening = speech.opening_past()
    rows = [speech.encode(cue) + speech.turn for *_, cue in asked]
    said = dict(speech.say(rows, [opening] * len(rows), TOKENS))
    kept: dict[int, list[tuple[int, str, str]]] = {}
    for at, (episode, text, cue) in enumerate(asked):
        answer = said[at].text.strip()
        if agreement(answer, cue, text) >= LEAST_AGREEMENT:
            kept.setdefault(episode, []).append((episode, cue, answer))
    return [trace for found in kept.values() for trace in found[:CUES]]
