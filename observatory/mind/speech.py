"""How the mind is addressed and how it answers: chat turns as tokens, greedy and sampled speech.

A chat turn is opening + text + turn + answer. The opening is the same for every turn, so its keys
and values are computed once for each state of the cortex. This file does not know memory; a past
is handed in.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch

from .attend import Beams, Past, Watch, joined
from .cortex import Cortex

MARK = "\u241f"
"""Stands for the text while the model's own chat template is cut into opening and turn."""


@dataclass
class Said:
    """One answer: tokens, the surprise (bits) of each, and the states from which each was expected, and the end."""

    tokens: list[int]
    bits: list[float]
    text: str
    states: list[torch.Tensor] = field(default_factory=list)


class Speech:
    def __init__(self, cortex: Cortex):
        self.cortex = cortex
        tokenizer = cortex.tokenizer
        if tokenizer.chat_template:
            whole = tokenizer.apply_chat_template(
                [{"role": "user", "content": MARK}], tokenize=False, add_generation_prompt=True
            )
            before, after = whole.split(MARK)
        else:
            before, after = "User: ", "\nAssistant: "
        self.opening = tokenizer.encode(before, add_special_tokens=False)
        self.turn = tokenizer.encode(after, add_special_tokens=False)
        self.ends = {t for t in (tokenizer.eos_token_id, tokenizer.bos_token_id) if t is not None}
        eos = tokenizer.eos_token_id
        self.end = eos if eos is not None else 0
        # Plain text of SmolLM2's kind follows <|endoftext|>; a model without it starts after its own end mark.
        document = tokenizer.convert_tokens_to_ids("<|endoftext|>")
        self.document = document if isinstance(document, int) and document >= 0 else self.end
        self.ends.add(self.document)

    def encode(self, text: str) -> list[int]:
        return self.cortex.tokenizer.encode(text, add_special_tokens=False)

    def decode(self, tokens: list[int]) -> str:
        return self.cortex.tokenizer.decode(tokens, skip_special_tokens=True)

    def pieces(self, tokens: list[int]) -> list[str]:
        """The text that each token adds; a character spread over several tokens stands at the last of them."""
        out, pending = [], []
        for token in tokens:
            pending.append(token)
            text = self.cortex.tokenizer.decode(pending)
            if text.endswith("\ufffd") and len(pending) < 5:
                out.append("")
            else:
                out.append(text)
                pending = []
        return out

    @torch.no_grad()
    def opening_past(self) -> Past:
        """Keys and values of the shared opening for the cortex as it is now."""
        _, pack = self.cortex.read_through([self.opening], keep=True)
        return pack.kept(0)

    @torch.no_grad()
    def document_past(self, text: str = "") -> Past:
        """Keys and values of the beginning of a plain document, shared by many rows that go on from it."""
        _, pack = self.cortex.read_through([[self.document, *self.encode(text)]], keep=True)
        return pack.kept(0)

    @torch.no_grad()
    def say(
        self,
        rows: list[list[int]],
        pasts: list[Past | list[tuple[float, Past]]],
        tokens: int,
        *,
        temperature: float = 0.0,
        generator: torch.Generator | None = None,
        stop_after: int | None = None,
        batch: int = 128,
    ):
        """Answer every row behind its past. Yields (index, Said) as batches finish. `stop_after`: a token ending it.

        A past may be several, each with a weight: they are read one at a time and their expectations mixed.
        """
        mixes = [past if isinstance(past, list) else [(1.0, past)] for past in pasts]
        order = sorted(range(len(rows)), key=lambda i: len(rows[i]))
        for part in evenly(order, batch):
            chosen = self._batch(
                [rows[i] for i in part], [mixes[i] for i in part], tokens, temperature, generator, stop_after
            )
            yield from zip(part, chosen, strict=True)

    @torch.no_grad()
    def say_mixed(self, row: list[int], pasts: list[tuple[float, Past]], tokens: int, watches: list[Watch | None]):
        """One answer behind several pasts, read one at a time: at every token their expectations are mixed by weight.

        Yields (token, bits) as they come and returns what was said.
        """
        logs, beams = [], []
        for (_, past), watch in zip(pasts, watches, strict=True):
            normed, pack = self.cortex.read_through([row], pasts=[past], keep=True, watch=watch)
            logs.append(self.cortex.logits(normed[-1:]).log_softmax(-1))
            one = Beams.of([joined(past, pack.kept(0))], tokens + 1)
            one.watch = watch
            beams.append(one)
        weights = torch.tensor([w for w, _ in pasts], device=self.cortex.device).clamp_min(1e-9).log()
        said = Said([], [], "")
        for step in range(tokens):
            mixed = torch.logsumexp(torch.cat(logs) + weights[:, None], 0, keepdim=True)
            chosen, bits = _choose(mixed, 0.0, None)
            token = int(chosen)
            if token in self.ends:
                break
            said.tokens.append(token)
            said.bits.append(float(bits))
            yield token, float(bits)
            if step == tokens - 1:
                break
            embedded = self.cortex.embed(chosen)
            for at, one in enumerate(beams):
                hidden = self.cortex.run(one, embedded, one.used)
                one.grown()
                logs[at] = self.cortex.logits(self.cortex.normed(hidden)).log_softmax(-1)
        said.text = self.decode(said.tokens)
        return said

    def _batch(self, rows, mixes, tokens, temperature, generator, stop_after) -> list[Said]:
        cortex = self.cortex
        shares = [[weight for weight, _ in mix] for mix in mixes]
        pasts = [past for mix in mixes for _, past in mix]
        read = [row for row, mix in zip(rows, mixes, strict=True) for _ in mix]
        normed, pack = cortex.read_through(read, pasts=pasts, keep=True)
        ends = torch.tensor([len(r) for r in read]).cumsum(0) - 1
        final = normed[ends]
        beams = Beams.of([joined(p, pack.kept(i)) for i, p in enumerate(pasts)], tokens + 1)
        alive = list(range(len(rows)))
        out = [Said([], [], "") for _ in rows]
        for step in range(tokens):
            chosen, bits = _choose(_mixed(cortex.logits(final), shares), temperature, generator)
            alone = len(final) == len(alive)
            going = []
            for at, row in enumerate(alive):
                token = int(chosen[at])
                if alone:
                    out[row].states.append(final[at])
                if token in self.ends:
                    continue
                out[row].tokens.append(token)
                out[row].bits.append(float(bits[at]))
                if token != stop_after:
                    going.append(at)
            if not going or step == tokens - 1:
                break
            if len(going) < len(alive):
                staying = set(going)
                beams.keep_rows([row for row, at in enumerate(_owners(shares)) if at in staying])
                chosen = chosen[going]
                alive, shares = [alive[at] for at in going], [shares[at] for at in going]
            hidden = cortex.run(beams, cortex.embed(chosen[_owners(shares)]), beams.used)
            beams.grown()
            final = cortex.normed(hidden)
        for said in out:
            said.text = self.decode(said.tokens)
        return out


def evenly(items: list, most: int) -> list[list]:
    """Portions of nearly equal size, none above `most`: a last portion of a few would cost as much as a full one."""
    portions = -(-len(items) // most)
    ends = [len(items) * n // max(1, portions) for n in range(portions + 1)]
    return [items[a:b] for a, b in zip(ends, ends[1:], strict=False)]


def _owners(shares: list[list[float]]) -> list[int]:
    """For every row that is read, the answer it belongs to."""
    return [at for at, weights in enumerate(shares) for _ in weights]


def _mixed(logits: torch.Tensor, shares: list[list[float]]) -> torch.Tensor:
    """What each answer expects next: where it is read behind several pasts, their expectations by weight."""
    if len(logits) == len(shares):
        return logits
    weights = torch.tensor([w for each in shares for w in each], device=logits.device).clamp_min(1e-9).log()
    logs = logits.log_softmax(-1) + weights[:, None]
    return torch.stack([part.logsumexp(0) for part in logs.split([len(each) for each in shares])])


def _choose(logits: torch.Tensor, temperature: float, generator):
    logs = logits.log_softmax(-1)
    if temperature > 0:
        chances = (logits / temperature).softmax(-1).cpu()
        chosen = torch.multinomial(chances, 1, generator=generator)[:, 0].to(logits.device)
    else:
        chosen = logits.argmax(-1)
    bits = -logs.gather(1, chosen[:, None])[:, 0] / 0.6931471805599453
    return chosen, bits
