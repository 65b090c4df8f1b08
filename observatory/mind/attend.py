"""Attention over rows laid end to end, each with its own past.

A *row* is one sequence; a *pack* is several rows without padding between them. Before its own
tokens a row may have a past: keys and values that were computed earlier (the shared opening of a
chat turn, a remembered episode, its own earlier tokens) or the pack's first row (a shared opening
that is itself being trained). This file knows how rows attend; it does not know what they mean.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from transformers import AttentionInterface

NAME = "observatory"


@dataclass
class Past:
    """Keys and values of `length` tokens, one pair a layer, each [1, kv heads, length, head width]."""

    keys: list[torch.Tensor]
    values: list[torch.Tensor]

    @property
    def length(self) -> int:
        return self.keys[0].shape[2]

    def detached(self) -> Past:
        return Past([k.detach() for k in self.keys], [v.detach() for v in self.values])

    def slice(self, start: int, end: int) -> Past:
        return Past(
            [k[:, :, start:end].contiguous() for k in self.keys], [v[:, :, start:end].contiguous() for v in self.values]
        )


def joined(*pasts: Past) -> Past:
    return Past(
        [torch.cat(ks, 2) for ks in zip(*(p.keys for p in pasts), strict=True)],
        [torch.cat(vs, 2) for vs in zip(*(p.values for p in pasts), strict=True)],
    )


def rebased(past: Past, shift: int, inverse_frequencies: torch.Tensor) -> Past:
    """The same past, moved by `shift` positions: rotary keys are turned by shift × frequency."""
    if shift == 0:
        return past
    angle = shift * inverse_frequencies.float()
    cos, sin = torch.cat([angle.cos()] * 2), torch.cat([angle.sin()] * 2)

    def turn(keys: torch.Tensor) -> torch.Tensor:
        half = keys.shape[-1] // 2
        k = keys.float()
        swapped = torch.cat([-k[..., half:], k[..., :half]], -1)
        return (k * cos.to(k.device) + swapped * sin.to(k.device)).to(keys.dtype)

    return Past([turn(k) for k in past.keys], past.values)


@dataclass
class Watch:
    """Measures the share of attention that falls on some stretch of the past, averaged over heads and layers."""

    start: int
    end: int
    shares: list[torch.Tensor] = field(default_factory=list)

    def mass(self) -> float:
        return float(torch.stack(self.shares).mean()) if self.shares else 0.0


@dataclass
class Pack:
    """How the tokens of one forward pass attend.

    lengths    tokens of every row, in order
    opened     for each row, whether the pack's first row is its past (the shared opening)
    pasts      for each row, keys and values from outside, or None
    keep       collect this pass's keys and values (a row's own, not its past)
    watch      measure attention mass on a stretch of the past (rows with a past only)
    """

    lengths: list[int]
    opened: list[bool] | None = None
    pasts: list[Past | None] | None = None
    keep: bool = False
    watch: Watch | None = None
    first_layer: int = 0
    kept_keys: list[torch.Tensor] = field(default_factory=list)
    kept_values: list[torch.Tensor] = field(default_factory=list)
    _masks: dict[tuple[int, int], torch.Tensor] = field(default_factory=dict)
    _layout: tuple[torch.Tensor, list[int]] | None = None

    def positions(self) -> torch.Tensor:
        out = []
        for row, length in enumerate(self.lengths):
            start = 0
            if self.opened and self.opened[row]:
                start = self.lengths[0]
            if self.pasts and self.pasts[row] is not None:
                start = self.pasts[row].length
            out.append(torch.arange(start, start + length))
        return torch.cat(out)

    def kept(self, row: int) -> Past:
        start = sum(self.lengths[:row])
        end = start + self.lengths[row]
        return Past([k[:, :, start:end] for k in self.kept_keys], [v[:, :, start:end] for v in self.kept_values])

    def attend(self, layer: int, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, scale: float) -> torch.Tensor:
        if self.keep:
            self.kept_keys.append(k)
            self.kept_values.append(v)
        if self.opened and not self.pasts:
            return self._behind_the_opening(q, k, v, scale)
        outs = []
        # Split, not sliced row by row: the backward pass of a slice fills a tensor of the whole pack with zeros.
        qs, ks, vs = (x.split(self.lengths, 2) for x in (q, k, v))
        for row, (rq, rk, rv, length) in enumerate(zip(qs, ks, vs, self.lengths, strict=True)):
            before = 0
            past = self.pasts[row] if self.pasts else None
            if past is not None:
                before = past.length
                rk, rv = torch.cat([past.keys[layer], rk], 2), torch.cat([past.values[layer], rv], 2)
            outs.append(self._one(rq, rk, rv, before, length, scale))
            if self.watch is not None and past is not None:
                self.watch.shares.append(_share(rq, rk, before, self.watch, scale))
        return torch.cat(outs, 2)

    def _behind_the_opening(self, q, k, v, scale: float) -> torch.Tensor:
        """Every row that is opened sees the first row before its own: laid out once, so that the way back adds up once.

        Split, not sliced row by row: the backward pass of a slice fills a tensor of the whole pack with zeros.
        """
        places, befores = self._laid_out(k.device)
        seen = [before + length for before, length in zip(befores, self.lengths, strict=True)]
        groups = q.shape[1] // k.shape[1]
        ks, vs = (x.index_select(2, places).repeat_interleave(groups, 1).split(seen, 2) for x in (k, v))
        rows = zip(q.split(self.lengths, 2), ks, vs, befores, self.lengths, strict=True)
        return torch.cat([self._one(rq, rk, rv, before, length, scale) for rq, rk, rv, before, length in rows], 2)

    def _laid_out(self, device: torch.device) -> tuple[torch.Tensor, list[int]]:
        if self._layout is None:
            starts = [sum(self.lengths[:row]) for row in range(len(self.lengths))]
            befores = [self.lengths[0] if opened else 0 for opened in self.opened]
            each = [
                torch.cat([torch.arange(before), torch.arange(start, start + length)])
                for start, before, length in zip(starts, befores, self.lengths, strict=True)
            ]
            self._layout = torch.cat(each).to(device), befores
        return self._layout

    def _one(self, q, k, v, before: int, length: int, scale: float) -> torch.Tensor:
        groups = q.shape[1] // k.shape[1]
        if groups > 1:
            k, v = k.repeat_interleave(groups, 1), v.repeat_interleave(groups, 1)
        if length == 1:
            return F.scaled_dot_product_attention(q, k, v, scale=scale)
        if before == 0:
            return F.scaled_dot_product_attention(q, k, v, is_causal=True, scale=scale)
        mask = self._masks.get((before, length))
        if mask is None:
            mask = torch.ones(length, before + length, dtype=torch.bool, device=q.device).tril(before)
            self._masks[before, length] = mask
        return F.scaled_dot_product_attention(q, k, v, attn_mask=mask, scale=scale)


@dataclass
class Beams:
    """One new token for each of several rows, every row with its own growing past (padded on the right)."""

    keys: list[torch.Tensor]
    values: list[torch.Tensor]
    used: torch.Tensor
    watch: Watch | None = None

    @classmethod
    def of(cls, pasts: list[Past], room: int) -> Beams:
        layers, device = len(pasts[0].keys), pasts[0].keys[0].device
        used = torch.tensor([p.length for p in pasts], device=device)
        width = int(used.max()) + room
        keys, values = [], []
        for layer in range(layers):
            k0 = pasts[0].keys[layer]
            kk = k0.new_zeros(len(pasts), k0.shape[1], width, k0.shape[3])
            vv = torch.zeros_like(kk)
            for row, p in enumerate(pasts):
                kk[row, :, : p.length] = p.keys[layer][0]
                vv[row, :, : p.length] = p.values[layer][0]
            keys.append(kk)
            values.append(vv)
        return cls(keys, values, used)

    def keep_rows(self, rows: list[int]) -> None:
        self.keys = [k[rows] for k in self.keys]
        self.values = [v[rows] for v in self.values]
        self.used = self.used[rows]

    def attend(self, layer: int, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, scale: float) -> torch.Tensor:
        rows = torch.arange(q.shape[2], device=q.device)
        q, k, v = (x.transpose(0, 2) for x in (q, k, v))
        self.keys[layer][rows, :, self.used] = k[:, :, 0]
        self.values[layer][rows, :, self.used] = v[:, :, 0]
        width = int(self.used.max()) + 1
        kk, vv = self.keys[layer][:, :, :width], self.values[layer][:, :, :width]
        groups = q.shape[1] // k.shape[1]
        mask = (torch.arange(width, device=q.device)[None] <= self.used[:, None])[:, None, None]
        b, h, _, d = q.shape
        # The heads of a group share their keys: fold the group into the query's length instead of copying keys.
        out = F.scaled_dot_product_attention(q.reshape(b, h // groups, groups, d), kk, vv, attn_mask=mask, scale=scale)
        if self.watch is not None:
            self.watch.shares.append(_share(q, kk, int(self.used[0]), self.watch, scale))
        return out.reshape(b, h, 1, d).transpose(0, 2)

    def grown(self) -> None:
        self.used += 1


def _share(q, k, before: int, watch: Watch, scale: float) -> torch.Tensor:
    """Attention of the row's last token that lands between watch.start and watch.end."""
    groups = q.shape[1] // k.shape[1]
    with torch.no_grad():
        kk = k.repeat_interleave(groups, 1)
        weights = (q[:, :, -1:].float() @ kk.transpose(2, 3).float() * scale).softmax(-1)
        return weights[..., watch.start : watch.end].sum(-1).mean()


def _attention(module, query, key, value, attention_mask, scaling, plan, **_):
    """The cortex's attention: whoever runs a pass hands in the plan by which its tokens attend."""
    out = plan.attend(module.layer_idx, query, key, value, scaling)
    return out.transpose(1, 2), None


AttentionInterface.register(NAME, _attention)
