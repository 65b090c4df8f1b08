"""Gradient steps whose products are taken of factors rounded to bfloat16; sums, states and what is learnt are float32.

A CPU with arithmetic for it takes such products in a fifth of the time, and products are most of a step. Maps that
read the same states are multiplied together, and the delta with them; what only goes from one product into the next
stays rounded on its way. Withheld cues are tried, the day's directions found and scales weighed so too. Everything that
is said and examined stays as it is: a mind that is rounded altogether learns less. It changes no weight.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial

import torch

from .cortex import Cortex, kin
from .delta import Delta

ROWS = 64
"""Rows come in multiples of so many: for every shape the library makes a kernel and keeps it (1.6 GB after a night)."""
NORMED_BEFORE = ("LlamaDecoderLayer", "MistralDecoderLayer", "Qwen2DecoderLayer", "Qwen3DecoderLayer")


def products(cortex: Cortex) -> Exact:
    """`with products:` around a step: rounded or, on a cortex that is not to be, as they are."""
    return Rounded(cortex) if cortex.rounds else Exact(cortex)


class Exact:
    """`with exact:` the cortex multiplies as it always does."""

    def __init__(self, cortex: Cortex):
        self.cortex = cortex

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_) -> None:
        pass

    def beside(self, delta: Delta, maps: dict[str, torch.nn.Linear]):
        """The delta beside the weights."""
        return self.cortex.beside(delta.hooks(maps))

    def gram(self, x: torch.Tensor) -> torch.Tensor:
        """xᵀ·x of these rows, in float32."""
        x = x.float()
        return x.T @ x

    def factor(self, x: torch.Tensor) -> torch.Tensor:
        """As these products take it: for a matrix that many of them have in common."""
        return x

    def forth(self, linear: torch.nn.Linear, x: torch.Tensor) -> torch.Tensor:
        """What this map makes of these rows, as it comes: perhaps rounded, perhaps with rows of nought below them."""
        return linear(x)

    def back(self, linear: torch.nn.Linear, grad: torch.Tensor) -> torch.Tensor:
        """What a gradient of the rows that `forth` gave is before the map."""
        return grad @ linear.weight


class Rounded(Exact):
    """`with rounded:` the cortex multiplies so, by copies of its weights as they are now: make one for each night."""

    def __init__(self, cortex: Cortex):
        super().__init__(cortex)
        named = cortex.matrices(0, len(cortex.layers)) | {"lm_head": cortex.model.lm_head}
        together: dict[str, list[str]] = {}
        for name in named:
            together.setdefault(kin(name), []).append(name)
        self._kins = [Kin({name: named[name] for name in names}) for names in together.values()]
        self._alone = {each.modules[0]: each for each in self._kins if len(each.modules) == 1}
        self._norms = [norm for layer in cortex.layers for norm in _before_products(layer)]
        self._last: tuple[torch.Tensor, Kin, tuple[torch.Tensor, ...]] | None = None
        self._entered = False

    def __enter__(self) -> None:
        self._entered = True
        for each in self._kins:
            for place, module in enumerate(each.modules):
                module.forward = partial(self._multiply, each, place, module.bias)
        for norm in self._norms:
            norm.forward = partial(_Normed.apply, norm.weight, norm.variance_epsilon)

    def __exit__(self, *_) -> None:
        self._entered, self._last = False, None
        for each in self._kins:
            for module in each.modules:
                del module.forward
        for norm in self._norms:
            del norm.forward

    def _multiply(self, each: Kin, place: int, bias: torch.Tensor | None, x: torch.Tensor) -> torch.Tensor:
        if self._last is None or self._last[0] is not x or self._last[1] is not each:
            self._last = x, each, each.of(x)
        out = self._last[2][place]
        return out if bias is None else out + bias

    @contextmanager
    def beside(self, delta: Delta, maps: dict[str, torch.nn.Linear]):
        """The delta beside the weights: within `with rounded:` it is multiplied with them."""
        if not self._entered or not delta.down:
            with super().beside(delta, maps):
                yield
            return
        met = [each for each in self._kins if each.meet(delta)]
        try:
            yield
        finally:
            for each in met:
                each.part()

    def gram(self, x: torch.Tensor) -> torch.Tensor:
        """Of rounded rows, but added up as it should be: what a direction hardly holds must not drown."""
        library = torch.backends.mkldnn.matmul
        usual, library.fp32_precision = library.fp32_precision, "bf16"
        try:
            return super().gram(x)
        finally:
            library.fp32_precision = usual

    def factor(self, x: torch.Tensor) -> torch.Tensor:
        return x.bfloat16()

    def forth(self, linear: torch.nn.Linear, x: torch.Tensor) -> torch.Tensor:
        if not self._entered or linear.bias is not None:
            return super().forth(linear, x)
        return _padded(x) @ self._alone[linear].both.t()

    def back(self, linear: torch.nn.Linear, grad: torch.Tensor) -> torch.Tensor:
        if grad.dtype is not torch.bfloat16:
            return super().back(linear, grad)
        return grad @ self._alone[linear].both


class Kin:
    """Maps that read the same states: their weights one below the other, and room for a delta beside and below them.

    `both` holds [weights, up; down, –], so that one product forward and one back are weights and delta in one sum.
    """

    def __init__(self, maps: dict[str, torch.nn.Linear]):
        self.names, self.modules = list(maps), list(maps.values())
        self.outs = [module.out_features for module in self.modules]
        self.wide, self.deep = sum(self.outs), self.modules[0].in_features
        self.stays = self.names[0].endswith("gate_proj")
        """What these maps give is only made smaller and goes into the next product."""
        self.both = torch.cat([module.weight.detach() for module in self.modules]).bfloat16()
        self.ranks: list[int] = []
        self._pairs: tuple[torch.Tensor, ...] = ()
        self._scale = 1.0
        self._guard: tuple[torch.Tensor, torch.Tensor] | None = None

    def meet(self, delta: Delta) -> bool:
        """Take in what the delta adds to these maps as it is now."""
        down = delta.together(self.names, self._behind)
        if down is None:
            return False
        ups = [delta.up.get(name) for name in self.names]
        self.ranks = [0 if up is None else up.shape[1] for up in ups]
        self._pairs, self._scale = (down, *(up for up in ups if up is not None)), delta.scale
        room = sum(self.ranks)
        if self.both.shape[1] != self.deep + room:
            weights = self.both[: self.wide, : self.deep]
            self.both = weights.new_zeros(self.wide + room, self.deep + room)
            self.both[: self.wide, : self.deep] = weights
        with torch.no_grad():
            self.both[self.wide :, : self.deep] = down
            self.both[: self.wide, self.deep :] = 0
            for up, rows, columns in zip(ups, self._rows(), self._columns(), strict=True):
                if up is not None:
                    self.both[rows, self.deep + columns.start : self.deep + columns.stop] = up * delta.scale
        return True

    def part(self) -> None:
        self._pairs, self.ranks = (), []

    def _behind(self, down: torch.Tensor, guard: torch.Tensor) -> torch.Tensor:
        if self._guard is None or self._guard[0] is not guard:
            self._guard = guard, guard.bfloat16()
        return _Behind.apply(down, self._guard[1])

    def of(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return _Products.apply(x, self, self.both, *self._pairs)

    def _rows(self) -> list[slice]:
        return _stretches(self.outs)

    def _columns(self) -> list[slice]:
        return _stretches(self.ranks)


class _Products(torch.autograd.Function):
    """x·(W + s·up·down)ᵀ of every map, of which x and the pairs are learnt through."""

    @staticmethod
    def forward(ctx, x: torch.Tensor, each: Kin, both: torch.Tensor, *pairs: torch.Tensor):
        wide, deep, room = each.wide, each.deep, sum(each.ranks)
        flat = x.detach().flatten(0, -2)
        inner = _padded(flat, room)
        if room:
            torch.mm(inner[:, :deep], both[wide : wide + room, :deep].t(), out=inner[:, deep:])
        product = inner @ both[:wide, : deep + room].t()
        ctx.each, ctx.scale, ctx.ranks, ctx.shape, ctx.dtype = each, each._scale, each.ranks, x.shape, x.dtype
        dtype = torch.bfloat16 if each.stays else torch.float32
        ctx.save_for_backward(both, inner if room else None)
        return tuple(
            product[: len(flat), place].to(dtype).view(*x.shape[:-1], -1)
            for place in _stretches(each.outs)
        )

    @staticmethod
    def backward(ctx, *grads: torch.Tensor):
        both, inner = ctx.saved_tensors
        wide, deep, room = ctx.each.wide, ctx.each.deep, sum(ctx.ranks)
        rows, stretches = ctx.shape[:-1].numel(), _stretches(ctx.each.outs)
        grad = both.new_zeros(-(-rows // ROWS) * ROWS, wide + room)
        for place, part in zip(stretches, grads, strict=True):
            grad[:rows, place] = part.flatten(0, -2)
        if room:
            torch.mm(grad[:, :wide], both[:wide, deep:], out=grad[:, wide:])
        before = None
        if ctx.needs_input_grad[0]:
            before = (grad @ both[: wide + room, :deep])[:rows].to(ctx.dtype).view(ctx.shape)
        if not room:
            return before, None, None
        down = (grad[:, wide:].t() @ inner[:, :deep]).float()
        ups = [
            (grad[:, place].t() @ inner[:, deep + c.start : deep + c.stop]).float() * ctx.scale
            for place, c in zip(stretches, _stretches(ctx.ranks), strict=True)
            if c.stop > c.start
        ]
        return before, None, None, down, *ups


class _Behind(torch.autograd.Function):
    """A delta's `down` behind a guard, which is not learnt."""

    @staticmethod
    def forward(ctx, down: torch.Tensor, guard: torch.Tensor) -> torch.Tensor:
        ctx.guard = guard
        return (down.bfloat16() @ guard).float()

    @staticmethod
    def backward(ctx, grad: torch.Tensor):
        return (grad.bfloat16() @ ctx.guard.t()).float(), None


class _Normed(torch.autograd.Function):
    """x over its root mean square, weighted and rounded; what is learnt goes through x alone."""

    @staticmethod
    def forward(ctx, weight: torch.Tensor, least: float, x: torch.Tensor) -> torch.Tensor:
        size = torch.linalg.vector_norm(x, dim=-1, keepdim=True)
        inverse = (size.square_() / x.shape[-1]).add_(least).rsqrt_()
        ctx.save_for_backward(weight, x, inverse)
        return (x * inverse).mul_(weight).bfloat16()

    @staticmethod
    def backward(ctx, grad: torch.Tensor):
        weight, x, inverse = ctx.saved_tensors
        grad = grad * weight
        along = torch.linalg.vecdot(grad, x)[..., None] * inverse.pow(3) / x.shape[-1]
        return None, None, grad.mul_(inverse).addcmul_(x, along, value=-1.0)


def _before_products(layer: torch.nn.Module) -> list[torch.nn.Module]:
    """The norms of a layer whose states go into products and nowhere else, where it is known to be so."""
    if type(layer).__name__ not in NORMED_BEFORE:
        return []
    return [layer.input_layernorm, layer.post_attention_layernorm]


def _stretches(lengths: list[int]) -> list[slice]:
    ends = torch.tensor(lengths).cumsum(0).tolist()
    return [slice(end - length, end) for end, length in zip(ends, lengths, strict=True)]


def _padded(flat: torch.Tensor, room: int = 0) -> torch.Tensor:
    """Rounded, with rows of nought up to a usual number of them and room for more columns.

    All of it noughts at first: the library multiplies a few numbers beside what it is given by nought, and nought times
    what lay about in memory can be no number.
    """
    many = -(-len(flat) // ROWS) * ROWS
    out = torch.zeros(many, flat.shape[1] + room, dtype=torch.bfloat16, device=flat.device)
    out[: len(flat), : flat.shape[1]] = flat
    return out
