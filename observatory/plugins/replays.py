"""The suite's part for those who are handed a cortex: replays and exporters of it, tried on a small stand-in.

The stand-in has the names and the calls of the real copy and nothing of its size. It does not know what a replay
teaches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from .contract import Day, Lesson, Row

WIDTH, INNER, VOCABULARY, LAYERS, RANK, STEPS = 16, 32, 40, 2, 4, 3
MODEL = {
    "num_hidden_layers": LAYERS, "hidden_size": WIDTH, "intermediate_size": INNER, "vocab_size": VOCABULARY,
    "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 4, "rms_norm_eps": 1e-5, "rope_theta": 10_000.0,
    "max_position_embeddings": 64, "tie_word_embeddings": False, "hidden_act": "silu", "model_type": "llama",
}  # fmt: skip


class StandIn:
    """Two layers, each a map up and a map down."""

    def __init__(self):
        import torch

        generator = torch.Generator().manual_seed(3)
        self.embedding = torch.randn(VOCABULARY, WIDTH, generator=generator)
        self.maps = {}
        for layer in range(LAYERS):
            for name, (wide, high) in (("up_proj", (WIDTH, INNER)), ("down_proj", (INNER, WIDTH))):
                linear = torch.nn.Linear(wide, high, bias=False)
                with torch.no_grad():
                    linear.weight.copy_(torch.randn(high, wide, generator=generator) / wide**0.5)
                self.maps[f"layers.{layer}.mlp.{name}"] = linear.requires_grad_(False)

    def logits(self, rows):
        import torch

        out = []
        for row in rows:
            x = self.embedding[list(row)]
            for layer in range(LAYERS):
                inner = torch.nn.functional.silu(self.maps[f"layers.{layer}.mlp.up_proj"](x))
                x = x + self.maps[f"layers.{layer}.mlp.down_proj"](inner)
            out.append(x @ self.embedding.T)
        return out


def day(lessons: int = 3) -> Day:
    made = tuple(
        Lesson(
            episode=n, text=(5, 6 + n, 7), rows=(Row(tokens=(8, 6 + n, 9, 5, 6 + n, 7), answer=3),) * 2
        )
        for n in range(1, lessons + 1)
    )  # fmt: skip
    return Day(seed=1, steps=STEPS, rank=RANK, opening=(1, 2), joint=(3,), lessons=made)


def checks(make: Callable[..., object]) -> Iterator[tuple[str, bool, str]]:
    stand_in = StandIn()
    shapes = {name: tuple(linear.weight.shape) for name, linear in stand_in.maps.items()}
    for what, lived in (("a day", day()), ("an empty day", day(0))):
        with make() as plugin:
            steps = plugin.ask("begin", StandIn(), lived)
            yield f"it begins with {what}", plugin.on, plugin.why_off
            done, over = 0, not steps
            while plugin.on and not over and done < steps:
                dose = plugin.ask("step")
                done, over = done + 1, dose is None or dose.over
            if not lived.lessons:
                yield f"it gets through {what}", plugin.on, plugin.why_off
                continue
            yield "every step answers as agreed", plugin.on and done > 0, plugin.why_off or "it took no step"
            pairs = plugin.ask("proposal", otherwise={})
            yield "it proposes low-rank pairs", bool(pairs), plugin.why_off
            odd = [n for n, (d, u) in pairs.items() if shapes.get(n) != (u.shape[0], d.shape[1])]
            yield "what it proposes fits the maps it names", not odd, f"{', '.join(odd)} do not"


def exported(make: Callable[..., object]) -> Iterator[tuple[str, bool, str]]:
    with make() as plugin:
        found = plugin.ask("config", MODEL)
        yield "config answers as agreed", plugin.on and isinstance(found, dict), plugin.why_off
        names: list[str] = []
        for part in parts():
            given = plugin.ask("tensors", MODEL, part, otherwise={})
            names += given
        yield "tensors answers as agreed", plugin.on and bool(names), plugin.why_off or "it gave no tensor"
        yield "no name comes twice", len(names) == len(set(names)), "two layers have tensors of one name"


def parts() -> Iterator[dict]:
    """The weights of a small Llama, as an exporter gets them: the embedding, layer by layer, the end."""
    import torch

    yield {"model.embed_tokens.weight": torch.ones(VOCABULARY, WIDTH)}
    heads, shared = WIDTH, WIDTH // 2
    for at in range(LAYERS):
        shapes = {
            "self_attn.q_proj": (heads, WIDTH), "self_attn.k_proj": (shared, WIDTH),
            "self_attn.v_proj": (shared, WIDTH), "self_attn.o_proj": (WIDTH, heads), "mlp.gate_proj": (INNER, WIDTH),
            "mlp.up_proj": (INNER, WIDTH), "mlp.down_proj": (WIDTH, INNER), "input_layernorm": (WIDTH,),
            "post_attention_layernorm": (WIDTH,),
        }  # fmt: skip
        yield {f"model.layers.{at}.{name}.weight": torch.full(shape, 0.1) for name, shape in shapes.items()}
    yield {"model.norm.weight": torch.ones(WIDTH), "lm_head.weight": torch.ones(VOCABULARY, WIDTH)}
