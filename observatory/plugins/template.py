"""A new plugin that works: its manifest, a contribution of the kind that is wanted, a README and its tests.

Written to be read and altered by its author. It does not know where it is written to.
"""

from __future__ import annotations

from .contract import CONTRACT, Kind
from .manifest import FILE

CLASS = "Contribution"

BODIES: dict[Kind, str] = {
    "drive": '''
    def score(self, episodes):
        """Long episodes first. Each has number, text, surprise, novelty, value, relevance and replayed."""
        longest = max((len(each.text) for each in episodes), default=1)
        return [self.strength * len(each.text) / longest for each in episodes]
''',
    "night-stage": '''
    def after(self, night, episodes):
        """A remark after the replay. `Pause(because=…)` and `Dream(episode=…, prompt=…)` are wished for likewise."""
        if night.stage != "replay" or self.strength == 0:
            return []
        return [Remark(text=f"{len(night.drawn)} of {len(episodes)} episodes were replayed.")]
''',
    "replay": '''
    def begin(self, cortex, day):
        """Strengthen one direction of the first map; a place to start from. `cortex` is a copy: alter it freely."""
        self.left = min(2, day.steps)
        self.name, linear = next(iter(cortex.maps.items()))
        left, strengths, right = torch.svd_lowrank(linear.weight.detach().float(), q=1)
        self.pair = right.T.contiguous(), (left * strengths * 1e-4 * self.strength).contiguous()
        return self.left

    def step(self):
        self.left -= 1
        return Dose(loss=0.0, tokens=0, over=self.left <= 0)

    def proposal(self):
        """What is to be added to each map, as (down, up). The gate decides."""
        return {self.name: self.pair}
''',
    "exam": '''
    def questions(self, episodes):
        """The last word of every episode, asked for by the others."""
        pairs = [(each, each.text.rpartition(" ")) for each in episodes]
        return [Question(prompt=f"Complete: {a}", answer=b, episode=each.number) for each, (a, _, b) in pairs if a]
''',
    "view": '''
    def draw(self, episodes, nights):
        """The surprise of every episode, in their order."""
        points = [(float(each.number), self.strength * each.surprise) for each in episodes]
        return Chart(title="Surprise", across="episode", up="bits", lines={"surprise": points})
''',
    "exporter": '''
    def files(self, episodes, nights):
        """All texts in one file. The house writes it; a plugin only says what is to stand in it."""
        return {"episodes.txt": "\\n".join(each.text for each in episodes).encode()}
''',
    "cortex-exporter": '''
    def config(self, model):
        """What stands beside the weights, as JSON."""
        return {"layers": model["num_hidden_layers"], "width": model["hidden_size"]}

    def tensors(self, model, weights):
        """The same weights in half the room, under names of your own."""
        return {f"mine.{name}": tensor.bfloat16() for name, tensor in weights.items()}
''',
    "day-source": '''
    def day(self):
        """What there is to tell."""
        return [Told(text="A plugin told me this.", sleep_after=True)]
''',
}
IMPORTS = {"night-stage": "Remark", "replay": "Dose", "exam": "Question", "view": "Chart", "day-source": "Told"}

STORE = '''"""A fast store that keeps every pair and reads the nearest; a place to start from.

It does not know what its vectors stand for.
"""

import torch


class Contribution:
    def __init__(self, options, *, width, value_width, seed):
        self.strength, self.value_width = options["strength"], value_width
        self.pairs = {}

    @torch.no_grad()
    def encode(self, episode, keys, values):
        nearest = max((float((keys @ k.T).max()) for k, _ in self.pairs.values()), default=0.0)
        self.pairs[episode] = (keys, values)
        return min(1.0, max(0.0, 1.0 - nearest))

    @torch.no_grad()
    def read(self, cue):
        if not self.pairs:
            return torch.zeros(len(cue), self.value_width)
        keys = torch.cat([k for k, _ in self.pairs.values()])
        values = torch.cat([v for _, v in self.pairs.values()])
        return values[(cue @ keys.T).argmax(1)] * self.strength

    def forget(self, episode, keys, values):
        self.pairs.pop(episode, None)
        return True

    def size(self):
        return sum(k.numel() + v.numel() for k, v in self.pairs.values())
'''

USE: dict[Kind, str] = {
    "fast-store": "`observatory live --fast-store {}`.",
    "drive": "`observatory live --drive {}`.",
    "night-stage": "`observatory live --looks-on {}`.",
    "replay": "`observatory live --night-stage {}`.",
    "exam": "`observatory live --examiner {}`.",
    "view": "choose it in the window under Views (Ctrl+0).",
    "exporter": "`observatory export DIR --form {}`.",
    "cortex-exporter": "`observatory export DIR --form {}`.",
    "day-source": "`observatory live --day plugin:{}`.",
}
MANIFEST = """contract = {contract}
id = "{name}"
name = "{name}"
version = "0.1.0"
about = "What it is for, in a sentence."

[contributes]
{kind} = "{module}:{cls}"

[options.strength]
type = "number"
default = 1.0
least = 0.1
most = 1.0
about = "How much of it."
"""

TESTS = '''"""Does the plugin keep the contract? Add here what it is to do besides."""

from pathlib import Path

from observatory.plugins import conformance, find


def test_it_keeps_the_contract():
    checks = list(conformance.examine(find.at(Path(__file__).parent)))
    assert checks and not [check for check in checks if not check.passed]
'''


def files(name: str, kind: Kind) -> dict[str, str]:
    """Every file of a new plugin, by its name."""
    module = name.replace("-", "_")
    return {
        FILE: MANIFEST.format(contract=CONTRACT, name=name, kind=kind, module=module, cls=CLASS),
        f"{module}.py": _code(kind),
        f"test_{module}.py": TESTS,
        "README.md": f"# {name}\n\nA {kind} for the Sleep Observatory. Try it: `observatory plugins check .`\n\n"
        f"To use it, put this folder into HOME/plugins, and then: {USE[kind].format(name)}\n",
    }


def _code(kind: Kind) -> str:
    if kind == "fast-store":
        return STORE
    library = "\nimport torch\n" if kind == "replay" else ""
    imported = library + f"\nfrom observatory.plugins.contract import {IMPORTS[kind]}\n" if kind in IMPORTS else ""
    said = f'"""A {kind}: say here what it does, and what it does not know."""\n{imported}'
    made = f'class {CLASS}:\n    def __init__(self, options):\n        self.strength = options["strength"]\n'
    return f"{said}\n\n{made}{BODIES[kind]}"
