"""The cortex under the names and in the shapes of TransformerLens, for Llama-shaped models.

blocks.3.attn.W_Q is [heads, width, head width], blocks.3.mlp.W_in is [width, inner]; keys and values of grouped heads
stand as _W_K and _W_V, once a group. Nothing is folded or centred: what HookedTransformer computes from these is what
the cortex computes. Load with `HookedTransformer(HookedTransformerConfig.from_dict(config["config"]))` and
`load_state_dict(safetensors.torch.load_file("after.safetensors"), strict=False)`; what is missing then are masks and
rotary tables, which TransformerLens makes itself.
"""

import torch

KINDS = {"silu": "silu", "gelu": "gelu", "gelu_pytorch_tanh": "gelu_pytorch_tanh"}


class Names:
    def __init__(self, options):
        pass

    def config(self, model):
        heads = model["num_attention_heads"]
        width = model.get("head_dim") or model["hidden_size"] // heads
        rope = model.get("rope_parameters") or {}
        return {
            "n_layers": model["num_hidden_layers"], "d_model": model["hidden_size"], "n_heads": heads, "d_head": width,
            "n_key_value_heads": model.get("num_key_value_heads", heads), "d_mlp": model["intermediate_size"],
            "d_vocab": model["vocab_size"], "n_ctx": min(2048, model["max_position_embeddings"]),
            "act_fn": KINDS[model["hidden_act"]], "normalization_type": "RMS", "eps": model["rms_norm_eps"],
            "positional_embedding_type": "rotary", "rotary_dim": width, "rotary_adjacent_pairs": False,
            "rotary_base": int(rope.get("rope_theta", model.get("rope_theta", 10_000))), "gated_mlp": True,
            "final_rms": True, "original_architecture": "LlamaForCausalLM", "model_name": "sleep-observatory",
        }  # fmt: skip

    def tensors(self, model, weights):
        heads = model["num_attention_heads"]
        groups = model.get("num_key_value_heads", heads)
        width = model.get("head_dim") or model["hidden_size"] // heads
        grouped = "" if groups == heads else "_"
        out = {}
        for name, tensor in weights.items():
            tensor = tensor.float()
            if name == "model.embed_tokens.weight":
                out["embed.W_E"] = tensor
            elif name == "lm_head.weight":
                out["unembed.W_U"], out["unembed.b_U"] = tensor.T, torch.zeros(len(tensor))
            elif name == "model.norm.weight":
                out["ln_final.w"] = tensor
            else:
                out |= self._of_a_layer(name, tensor, (heads, groups, width), grouped)
        return out

    @staticmethod
    def _of_a_layer(name, tensor, shape, grouped):
        heads, groups, width = shape
        at, _, part = name.removeprefix("model.layers.").partition(".")
        block, part = f"blocks.{at}", part.removesuffix(".weight")
        high = tensor.shape[0]
        if part in ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"):
            which = part[10].upper()
            many, mark = (heads, "") if which == "Q" else (groups, grouped)
            into = tensor.view(many, width, -1).transpose(1, 2)
            zeros = torch.zeros(many, width)
            return {f"{block}.attn.{mark}W_{which}": into, f"{block}.attn.{mark}b_{which}": zeros}
        if part == "self_attn.o_proj":
            out = tensor.view(high, heads, width).permute(1, 2, 0)
            return {f"{block}.attn.W_O": out, f"{block}.attn.b_O": torch.zeros(high)}
        if part == "mlp.gate_proj":
            return {f"{block}.mlp.W_gate": tensor.T}
        if part == "mlp.up_proj":
            return {f"{block}.mlp.W_in": tensor.T, f"{block}.mlp.b_in": torch.zeros(high)}
        if part == "mlp.down_proj":
            return {f"{block}.mlp.W_out": tensor.T, f"{block}.mlp.b_out": torch.zeros(high)}
        norms = {"input_layernorm": "ln1", "post_attention_layernorm": "ln2"}
        if part in norms:
            return {f"{block}.{norms[part]}.w": tensor}
        raise ValueError(f"{name} is no part of a Llama-shaped model, and has no name in TransformerLens here")
