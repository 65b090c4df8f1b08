"""kNN-LM's datastore (arXiv 1911.00172): every pair is kept, and the nearest few answer by softmax(−d).

Where values are next words, one-hot, what is read is a distribution over them, and `mixed` lays it over the model's
own: p = λ·softmax(−d) + (1−λ)·p_LM. It does not know what its vectors stand for.
"""

from __future__ import annotations

import torch
from torch.nn.functional import normalize


class Store:
    def __init__(self, options, *, width, value_width, seed):
        self.near, self.warmth, self.share = options["nearest"], options["temperature"], options["share"]
        self.none = (torch.zeros(0, width), torch.zeros(0, value_width))
        self.pairs: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}
        self._joined: tuple[torch.Tensor, torch.Tensor] | None = None
        self.far = 0.0

    @torch.no_grad()
    def encode(self, episode, keys, values):
        """As new as the nearest key is far, keys being of length 1: at right angles or beyond it is wholly new."""
        keys = normalize(keys, dim=1)
        known, _ = self._all()
        apart = torch.cdist(keys, known).amin(1).square() / 2 if len(known) else torch.ones(len(keys))
        self.pairs[episode] = (keys, values)
        self._joined = None
        return float(apart.clamp(0, 1).mean()) if len(keys) else 0.0

    @torch.no_grad()
    def read(self, cue):
        keys, values = self._all()
        if not len(keys):
            return torch.zeros(len(cue), values.shape[1])
        apart, which = torch.cdist(normalize(cue, dim=1), keys).square().topk(min(self.near, len(keys)), largest=False)
        weights = torch.softmax(-apart / self.warmth, dim=1)
        self.far = float((apart[:, 0] / 2).clamp(0, 1).mean()) if len(cue) else 0.0
        return (weights.unsqueeze(2) * values[which]).sum(1)

    def mixed(self, cue, own):
        """The model's own distribution with what is remembered laid over it; alone as long as nothing is held."""
        return self.share * self.read(cue) + (1 - self.share) * own if self.pairs else own

    def forget(self, episode, keys, values):
        self._joined = None
        return self.pairs.pop(episode, None) is not None

    def look(self):
        """How far the nearest key was from what it was asked with last, from 0 to 1."""
        return {"nearest key's distance": self.far, "pairs": len(self._all()[0])}

    def size(self):
        return sum(keys.numel() + values.numel() for keys, values in self.pairs.values())

    def _all(self):
        if self._joined is None:
            held = [self.none, *self.pairs.values()]
            self._joined = torch.cat([k for k, _ in held]), torch.cat([v for _, v in held])
        return self._joined
