"""Trained tokens a second of the night's replay beside a bare PyTorch loop of the same layers and shapes.

    python -m observatory.bench.speed [--model NAME] [--steps N] [--random-llama] [--device auto] [--json]

The bare loop runs the library's own model over a padded batch of the same rows with low-rank pairs on the same maps,
takes logits at labels, and steps AdamW: no guard, no reference, no record. Where a night rounds its products there is a
second one, all in bfloat16, and the night is held against the faster. The night's step is taken twice, as it is and
with rows watched token by token, every event packed and sent through a pipe as the host receives it. They are timed in
turn, so that a machine that slows down slows all. `--random-llama` uses a random Llama of 1.7 B
parameters in bfloat16 instead of a model (for a GPU), and also checks that two runs give the same hash.
"""

from __future__ import annotations

import argparse
import copy
import hashlib
import json
import multiprocessing
import statistics
import threading
import time
from pathlib import Path

import msgspec
import torch

from .. import models, resources, settings
from ..mind import device, guard, rehearsal, views
from ..mind.attend import Past, joined
from ..mind.cortex import Cortex
from ..mind.delta import Delta
from ..mind.onlooker import Onlooker
from ..mind.passages import passages
from ..mind.replay import Drawn, Recipe, Replay, in_parts
from ..mind.rounded import products
from ..mind.speech import Speech
from ..protocol import events as ev
from ..protocol import wire
from ..protocol.days import Experience, read_day

SEED = 0
BILLION = {
    "hidden_size": 2048, "intermediate_size": 8192, "num_hidden_layers": 24, "num_attention_heads": 32,
    "num_key_value_heads": 32, "vocab_size": 49_152, "tie_word_embeddings": True,
}  # fmt: skip
"""SmolLM2-1.7B's shape."""
WAYS = ("bare", "bare, bfloat16", "replay", "observed")


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--model", default="default")
    asked.add_argument("--models-folder", type=Path, default=None)
    asked.add_argument("--steps", type=int, default=12)
    asked.add_argument("--device", default="auto")
    asked.add_argument("--precision", default="auto")
    asked.add_argument("--random-llama", action="store_true")
    asked.add_argument("--json", action="store_true")
    options = asked.parse_args()
    found = measured(options)
    print(json.dumps(found, indent=1) if options.json else table(found))


def table(found: dict) -> str:
    lines = [f"{found['model']} on {found['device']}, {found['precision']}, {found['threads']} threads",
             "", "| | tokens a second | beside the bare loop |", "| --- | --- | --- |"]  # fmt: skip
    bare = max(rate for way, rate in found.items() if way in WAYS and way.startswith("bare"))
    for way in WAYS:
        if way in found:
            lines.append(f"| {way} | {found[way]:.0f} | {found[way] / bare:.2f} |")
    lines += ["", f"observation costs {100 * (1 - found['observed'] / found['replay']):.1f} % (median of the steps); "
              f"watching rows token by token took {100 * found['watching']:.1f} % of all steps' time"]  # fmt: skip
    return "\n".join(lines)


def measured(options) -> dict:
    place = device.choose(options.device, options.precision)
    cortex, name = _cortex(options, place)
    speech = Speech(cortex)
    batches = _batches(speech, options.steps + 2)
    ways = {
        "bare": Bare(cortex, batches), "replay": Ours(cortex, speech, batches),
        "observed": Ours(cortex, speech, batches, observed=True),
    }  # fmt: skip
    if cortex.rounds:
        ways["bare, bfloat16"] = Bare(cortex, batches, torch.bfloat16)
    rates: dict[str, list[float]] = {way: [] for way in ways}
    for at in range(len(batches)):
        for way, loop in ways.items():
            started = time.perf_counter()
            tokens = loop.step(at)
            _synchronised(place.device)
            if at >= 2:
                rates[way].append(tokens / (time.perf_counter() - started))
    found = {way: statistics.median(each) for way, each in rates.items()}
    found["watching"] = ways["observed"].onlooker.share
    ways["observed"].close()
    found |= {"model": name, "device": place.name, "precision": place.precision, "threads": torch.get_num_threads(),
              "steps": options.steps, "torch": torch.__version__}  # fmt: skip
    if place.device.type == "cuda":
        found["peak_gpu_mb"] = torch.cuda.max_memory_allocated() / 2**20
    if options.random_llama:
        found["same_hash_twice"] = _hash_after(cortex, speech, batches[:3]) == _hash_after(cortex, speech, batches[:3])
    return found


def _cortex(options, place) -> tuple[Cortex, str]:
    folder = options.models_folder or models.cache_folder(settings.default_home())
    found, where = models.prepare(options.model, folder)
    if not options.random_llama:
        return Cortex.load(where, place.device, place.dtype, place.rounds), found.name
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

    from ..mind.attend import NAME

    torch.manual_seed(SEED)
    config = LlamaConfig(**BILLION, attn_implementation=NAME)
    with torch.device(place.device):
        model = LlamaForCausalLM(config).to(place.dtype)
    return Cortex(model, AutoTokenizer.from_pretrained(where), place.device, place.dtype), "random Llama, 1.7 B"


def _synchronised(place: torch.device) -> None:
    if place.type == "cuda":
        torch.cuda.synchronize()


@torch.no_grad()
def _batches(speech: Speech, count: int) -> list[list[Drawn]]:
    """Batches as a night draws them: cues of the built-in first day, and old material of usual lengths."""
    recipe = Recipe()
    chance = torch.Generator().manual_seed(SEED)
    lines = read_day(resources.folder() / "days" / "first.jsonl").lines
    texts = [line.text for line in lines if isinstance(line, Experience)]
    pool = [
        view
        for at, text in enumerate(texts, 1)
        for passage in passages(speech, at, text, [6.0] * len(speech.encode(text)))
        for view in views.plain_views(speech, passage)
    ]
    opening, old = speech.opening_past(), []
    for topic, _ in zip(rehearsal.OPENERS * 2, range(24), strict=False):
        cue = speech.encode(topic) + speech.turn
        tokens = [*cue, *speech.encode(texts[len(old) % len(texts)])][: len(cue) + rehearsal.ANSWER]
        row = rehearsal.OldRow("question", tokens, True, list(range(len(cue) - 1, len(tokens) - 1)), topic)
        normed, _ = speech.cortex.read_through([tokens], pasts=[opening])
        row.states = normed[row.labels].clone()
        old.append(row)

    def some(items: list, many: int) -> list:
        return [items[i] for i in torch.randperm(len(items), generator=chance).tolist()[:many]]

    return [
        [Drawn(v, None) for v in some(pool, recipe.episodes)] + [Drawn(None, o) for o in some(old, recipe.old)]
        for _ in range(count)
    ]


class Ours:
    """The night's own step, with or without somebody watching."""

    def __init__(self, cortex: Cortex, speech: Speech, batches: list[list[Drawn]], observed: bool = False):
        recipe = Recipe.fitting(len(cortex.layers), seed=SEED)
        delta = Delta.fresh(cortex.matrices(recipe.first_layer, recipe.last_layer), recipe.rank, SEED)
        as_a_night = products(cortex)
        habits = guard.Watcher(cortex.matrices(recipe.first_layer, recipe.last_layer), as_a_night)
        list(habits.watch(speech, [(d.old.tokens, True) for b in batches[:2] for d in b if d.old]))
        day = guard.Watcher(habits.maps, as_a_night)
        list(day.watch(speech, [(d.view.tokens, d.view.opened) for b in batches[:2] for d in b if d.view]))
        delta.guard = guard.between(habits, day)
        self.replay = Replay(speech, delta, recipe, calm=guard.Calm(habits, delta.guard), rounded=as_a_night)
        self.batches, self.pipe, self.speech = batches, None, speech
        self.onlooker = Onlooker(speech, self.replay, self._open_book)
        self.pasts: dict[int, Past] = {}
        if observed:
            self.pipe, self.other = multiprocessing.Pipe()
            self._open_book(next(d.view for d in batches[0] if d.view))
            self.reader = threading.Thread(target=self._read, daemon=True)
            self.reader.start()

    def step(self, at: int) -> int:
        drawn, watched, seen = self.batches[at], None, None
        started = time.monotonic()
        if self.pipe is not None:
            watched = self.onlooker.picks(drawn)
        done = self.replay.step(at + 1, drawn)
        self.onlooker.passed(time.monotonic() - started)
        if watched is not None:
            seen, watched.watched = self.onlooker.sees(watched), False
        if self.pipe is not None:
            items = [
                ev.ReplayItem(
                    kind="episode" if d.view else "old", episode=d.view.episode if d.view else None, item=0,
                    cue=d.view.cue if d.view else d.old.text, loss=d.loss, worst=d.worst, because="still missed",
                    watched=seen if d is watched else None,
                )
                for d in drawn
            ]  # fmt: skip
            event = ev.ReplayStep(
                night=1, step=at + 1, of=len(self.batches), loss=done.loss, kl=done.kl, rate=done.rate,
                tokens=done.tokens, step_s=1.0, grad_norm=done.grad_norm, items=items,
            )  # fmt: skip
            self.pipe.send_bytes(wire.pack(msgspec.structs.replace(event, at=time.time())))
        return sum(len(d.view.tokens if d.view else d.old.tokens) for d in drawn)

    @torch.no_grad()
    def _open_book(self, view: views.View) -> torch.Tensor:
        """As a night asks its teacher: the keys and values of its episodes are at hand."""
        read = self.speech.cortex.read_through
        if not self.pasts:
            opening = self.speech.opening_past()
            told = {d.view.episode: d.view.passage.text for batch in self.batches for d in batch if d.view}
            for episode, text in told.items():
                _, pack = read([self.speech.encode(text)], pasts=[opening], keep=True)
                self.pasts[episode] = joined(opening, pack.kept(0))
        normed, _ = read([view.tokens], pasts=[self.pasts[view.episode]])
        return normed[view.labels]

    def _read(self) -> None:
        while True:
            try:
                wire.event(self.other.recv_bytes())
            except (EOFError, OSError):
                return

    def close(self) -> None:
        self.pipe.close()


class Bare:
    """What one would write in an afternoon: a padded batch through the library's model, pairs on the same maps."""

    def __init__(self, cortex: Cortex, batches: list[list[Drawn]], dtype: torch.dtype | None = None):
        recipe = Recipe.fitting(len(cortex.layers))
        self.opening = Speech(cortex).opening
        if dtype is not None:
            cortex = Cortex(copy.deepcopy(cortex.model).to(dtype), cortex.tokenizer, cortex.device, dtype)
        self.cortex, self.batches, self.parts = cortex, batches, recipe.parts
        self.maps = cortex.matrices(recipe.first_layer, recipe.last_layer)
        self.delta = Delta.fresh(self.maps, recipe.rank, SEED)
        self.optimizer = torch.optim.AdamW(self.delta.parameters(), lr=recipe.rate)

    def step(self, at: int) -> int:
        return sum(self._move([d.view or d.old for d in part]) for part in in_parts(self.batches[at], self.parts))

    def _move(self, rows: list[views.View | rehearsal.OldRow]) -> int:
        model, config = self.cortex.model, self.cortex.model.config
        tokens = [[*(self.opening if row.opened else []), *row.tokens] for row in rows]
        width = max(len(row) for row in tokens)
        ids = torch.zeros(len(rows), width, dtype=torch.long)
        mask = torch.zeros(len(rows), width, dtype=torch.long)
        places, wanted = [], []
        for at_row, (row, full) in enumerate(zip(rows, tokens, strict=True)):
            ids[at_row, : len(full)] = torch.tensor(full)
            mask[at_row, : len(full)] = 1
            before = len(full) - len(row.tokens)
            places += [at_row * width + before + p for p in row.labels]
            wanted += [row.tokens[p + 1] for p in row.labels]
        place, own = self.cortex.device, config._attn_implementation
        config._attn_implementation = "sdpa"
        try:
            with self.cortex.beside(self.delta.hooks(self.maps)), self._as_the_model():
                states = model.model(input_ids=ids.to(place), attention_mask=mask.to(place), use_cache=False)[0]
        finally:
            config._attn_implementation = own
        logits = model.lm_head(states.reshape(-1, states.shape[-1])[places]).float()
        loss = torch.nn.functional.cross_entropy(logits, torch.tensor(wanted, device=place))
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        self.loss = float(loss.detach())
        return sum(len(row.tokens) for row in rows)

    def _as_the_model(self):
        """Where the whole copy is in bfloat16, the pairs are multiplied so too."""
        rounded = self.cortex.dtype is torch.bfloat16 and self.cortex.device.type == "cpu"
        return torch.autocast("cpu", torch.bfloat16, enabled=rounded)


def _hash_after(cortex: Cortex, speech: Speech, batches: list[list[Drawn]]) -> str:
    loop = Ours(cortex, speech, batches)
    for at in range(len(batches)):
        loop.step(at)
    digest = hashlib.sha256()
    for parameter in loop.replay.delta.parameters():
        digest.update(parameter.detach().float().cpu().numpy().tobytes())
    return digest.hexdigest()


if __name__ == "__main__":
    main()
