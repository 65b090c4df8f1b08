"""The slow weights: a pretrained transformer, frozen except for what the gate adds.

Runs packed rows through any stretch of its layers, hashes itself, and carries at most one
unaccepted delta *beside* its weights (never in them). It knows layers, tokens and hashes; it does
not know episodes, nights or who decides.
"""

from __future__ import annotations

import hashlib
import math
from contextlib import contextmanager
from pathlib import Path

import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

from .attend import NAME, Beams, Pack, Past

SAMPLE_BLOCKS = 4
"""Blocks hashed from every tensor on a waking turn; the whole is hashed before and after every night."""

LOGITS_AT_ONCE = 512
"""Tokens whose logits are taken together: 512 × 49,152 × 4 bytes = 100 MB."""


class ModelUnusable(RuntimeError):
    """The model cannot be a cortex here; the message says what to do."""


class Cortex:
    def __init__(self, model, tokenizer, device: torch.device, dtype: torch.dtype, rounds: bool = False):
        """`rounds`: a night's gradient steps may round what they multiply (`rounded.py`)."""
        self.model = model
        self.tokenizer = tokenizer
        self.device = device
        self.dtype = dtype
        self.rounds = rounds
        for parameter in model.parameters():
            parameter.requires_grad_(False)
        model.eval()
        self.layers = model.model.layers
        self.width = model.config.hidden_size
        self.vocabulary = model.config.vocab_size
        self.inverse_frequencies = model.model.rotary_emb.inv_freq
        self._versions: dict[str, int] = {}

    # ------------------------------------------------------------ loading

    @classmethod
    def load(cls, folder: Path, device: torch.device, dtype: torch.dtype, rounds: bool = False) -> Cortex:
        config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        model = AutoModelForCausalLM.from_pretrained(
            folder, dtype=dtype, attn_implementation=NAME, local_files_only=True, trust_remote_code=False,
            use_safetensors=True, config=config,
        )  # fmt: skip
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        inner = getattr(model, "model", None)
        if not all(hasattr(inner, part) for part in ("layers", "embed_tokens", "norm", "rotary_emb")):
            kind = type(model).__name__
            raise ModelUnusable(
                f"{kind} is not built as this observatory needs it (decoder layers with rotary positions). "
                "Choose a Llama-shaped model: SmolLM2, Llama, Qwen or Mistral."
            )
        return cls(model.to(device), tokenizer, device, dtype, rounds)

    # ------------------------------------------------------------ running

    def embed(self, ids: torch.Tensor) -> torch.Tensor:
        return self.model.model.embed_tokens(ids.to(self.device))

    def run(
        self,
        plan: Pack | Beams,
        hidden: torch.Tensor,
        positions: torch.Tensor,
        first: int = 0,
        last: int | None = None,
        taps: dict[int, torch.Tensor] | None = None,
    ) -> torch.Tensor:
        """Layers first…last−1 over packed hidden states [tokens, width]. `taps` collects the inputs of its keys."""
        x = hidden[None]
        last = len(self.layers) if last is None else last
        places = positions.to(self.device)[None]
        rotary = self.model.model.rotary_emb(x, position_ids=places)
        for index in range(first, last):
            if taps is not None and index in taps:
                taps[index] = x[0].detach()
            x = self.layers[index](x, attention_mask=None, position_embeddings=rotary, position_ids=places, plan=plan)
            if isinstance(x, tuple):
                x = x[0]
        return x[0]

    def normed(self, hidden: torch.Tensor) -> torch.Tensor:
        return self.model.model.norm(hidden)

    def logits(self, normed: torch.Tensor) -> torch.Tensor:
        return self.model.lm_head(normed).float()

    def surprise(self, normed: torch.Tensor, tokens: list[int]) -> list[float]:
        """Bits of each token, given the state before it. In portions: a vocabulary wide, logits are large."""
        wanted = torch.tensor(tokens, device=self.device)
        out = []
        for start in range(0, len(tokens), LOGITS_AT_ONCE):
            logs = self.logits(normed[start : start + LOGITS_AT_ONCE]).log_softmax(-1)
            part = wanted[start : start + LOGITS_AT_ONCE]
            out.append(-logs.gather(1, part[:, None])[:, 0] / math.log(2))
        return torch.cat(out).tolist() if out else []

    def read_through(self, rows: list[list[int]], pasts: list[Past | None] | None = None, keep: bool = False,
                     taps: dict[int, torch.Tensor] | None = None, watch=None):  # fmt: skip
        """A whole pass over rows, each behind its past. Returns final normed states and the pack."""
        pack = Pack([len(r) for r in rows], pasts=pasts, keep=keep, watch=watch)
        ids = torch.tensor([t for row in rows for t in row])
        hidden = self.run(pack, self.embed(ids), pack.positions(), taps=taps)
        return self.normed(hidden), pack

    # ------------------------------------------------------------ identity

    @torch.no_grad()
    def hash(self, with_added: dict[str, torch.Tensor] | None = None) -> str:
        """SHA-256 over every weight, by name and in full.

        With `with_added` it is the hash the cortex would have if those matrices were added to the
        maps of that name; nothing is written to find out.
        """
        digest = hashlib.sha256()
        added = {f"model.{name}.weight": matrix for name, matrix in (with_added or {}).items()}
        for name, tensor in self.tensors():
            if name in added:
                tensor = sum_of(tensor, added[name])
            digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}\n".encode())
            digest.update(_bytes(tensor))
        if not added:
            self._versions = {name: tensor._version for name, tensor in self.tensors()}
        return digest.hexdigest()

    @torch.no_grad()
    def samples(self) -> dict[str, str]:
        """A quick witness for every tensor: fixed blocks of it. A write anywhere also moves its version counter."""
        found = {}
        for name, tensor in self.tensors():
            digest, flat = hashlib.blake2b(digest_size=16), tensor.reshape(-1)
            step = max(1, flat.numel() // SAMPLE_BLOCKS)
            for start in range(0, flat.numel(), step):
                digest.update(_bytes(flat[start : start + 256]))
            found[name] = digest.hexdigest()
        return found

    def written_since_hash(self) -> list[str]:
        """The weights that were written in place since `hash` was last taken."""
        return [name for name, tensor in self.tensors() if self._versions.get(name) != tensor._version]

    def tensors(self):
        seen = set()
        for name, tensor in sorted(self.model.state_dict(keep_vars=True).items()):
            if tensor.data_ptr() not in seen:
                seen.add(tensor.data_ptr())
                yield name, tensor

    def matrices(self, first: int, last: int) -> dict[str, torch.nn.Linear]:
        """The linear maps of layers first…last−1, under stable dotted names."""
        found = {}
        for index in range(first, last):
            for name, module in self.layers[index].named_modules():
                if isinstance(module, torch.nn.Linear):
                    found[f"layers.{index}.{name}"] = module
        return found

    @contextmanager
    def beside(self, hooks):
        """Run with something added beside the weights (a delta under trial); the weights stay untouched."""
        handles = [module.register_forward_hook(hook) for module, hook in hooks]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()


def kin(name: str) -> str:
    """Maps that read the same states go by the first of them: q, k and v; gate and up."""
    for sibling, eldest in (("k_proj", "q_proj"), ("v_proj", "q_proj"), ("up_proj", "gate_proj")):
        if name.endswith(sibling):
            return name.removesuffix(sibling) + eldest
    return name


def sum_of(weight: torch.Tensor, added: torch.Tensor) -> torch.Tensor:
    """The weight with something added, rounded once to the weight's own precision."""
    return (weight.detach().float() + added.to(weight.device)).to(weight.dtype)


def _bytes(tensor: torch.Tensor) -> memoryview:
    flat = tensor.detach().contiguous().cpu().reshape(-1)
    return memoryview(flat.view(torch.uint8).numpy())
