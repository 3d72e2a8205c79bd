"""Where a model's files are, and whether they are all there: before anything is loaded.

Only safetensors are read. A pickled checkpoint can run any code when it is opened, so it is refused
even where it is all there is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from huggingface_hub import snapshot_download
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError
from safetensors import SafetensorError, safe_open

from autoresponder.errors import ModelCorruptError, ModelError, ModelMissingError
from autoresponder.model.places import default_cache, fetch_folder, first_of, is_address

WEIGHTS = "model.safetensors"
WEIGHTS_INDEX = "model.safetensors.index.json"
PICKLED = ("pytorch_model.bin", "pytorch_model.bin.index.json")
HUB = "hf://"
MODEL_PLACES = f"a folder with a checkpoint in Hugging Face form, or to {HUB}OWNER/NAME"
TOKENIZER_FILES = ["*.json", "merges.txt"]
HUB_FILES = [*TOKENIZER_FILES, "*.safetensors", "heads/*"]
COPY_AGAIN = "copy the file again from where the model came from"


def find_model(model: str, more_places: Sequence[str] = (), cache: Path | None = None) -> Path:
    """Give the folder of a model from the first place that has it.

    ``hf://OWNER/NAME`` is downloaded from the model hub; any other address that fsspec knows is copied to
    ``cache``. Raises ModelMissingError, which names every place, when it is not there or cannot be had.
    """
    named = (model, *more_places) if model or not more_places else tuple(more_places)
    return first_of(named, lambda place: _find_in(place, cache or default_cache()))


def _find_in(place: str, cache: Path) -> Path:
    if not place:
        raise ModelMissingError("no model is named", f"set generator.model to {MODEL_PLACES}")
    if place.startswith(HUB):
        return _download(place.removeprefix(HUB), HUB_FILES)
    if is_address(place):
        return fetch_folder(place, cache)
    if not Path(place).is_dir():
        raise ModelMissingError(
            f"there is no model folder {place}",
            f"set generator.model to {MODEL_PLACES}",
        )
    return Path(place)


def find_tokenizer(model: str) -> Path:
    """Give the folder of a model's tokenizer and config.json; from the hub only these are downloaded.

    Raises ModelMissingError when it is not there or cannot be had, ModelError for any other address.
    """
    if model.startswith(HUB):
        return _download(model.removeprefix(HUB), TOKENIZER_FILES)
    if is_address(model):
        hint = f"copy its tokenizer files and config.json to a folder, or name {HUB}OWNER/NAME"
        raise ModelError(f"a tokenizer is not read from {model}", hint)
    return _find_in(model, default_cache())


def _download(name: str, files: list[str]) -> Path:
    try:
        return Path(snapshot_download(name, allow_patterns=files))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        raise ModelMissingError(
            f"{name} could not be had from the model hub ({type(error).__name__})",
            "mind the name and the network, or set generator.model to a folder",
        ) from None


def weight_files(folder: Path) -> list[Path]:
    """List the checkpoint's safetensors files, in order; each is there and whole.

    Raises ModelMissingError, ModelCorruptError, or ModelError for a pickled checkpoint.
    """
    if not (folder / "config.json").is_file():
        raise ModelMissingError(f"{folder} has no config.json", "name a folder with a whole checkpoint")
    files = [folder / WEIGHTS]  # transformers, too, loads this one where there is also an index
    if not files[0].is_file() and (folder / WEIGHTS_INDEX).is_file():
        files = [folder / name for name in _shards(folder / WEIGHTS_INDEX)]
    if not files[0].is_file() and any((folder / name).is_file() for name in PICKLED):
        raise ModelError(
            f"{folder} holds a pickled checkpoint, which could run any code when opened, and no {WEIGHTS}",
            "convert it: load it where you trust it and save_pretrained(…, safe_serialization=True)",
        )
    for path in files:
        check_whole(path)
    return files


def _shards(index: Path) -> list[str]:
    try:
        names = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
        if not names or any(Path(name).name != name for name in names):
            raise ValueError("no plain file names")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelCorruptError(f"{index} is no index of weight files ({error})", COPY_AGAIN) from None
    return sorted(names)


def check_whole(path: Path) -> None:
    """Raise ModelMissingError or ModelCorruptError unless the safetensors file is there and complete."""
    if not path.is_file():
        raise ModelMissingError(f"the weights {path} are not there", COPY_AGAIN)
    try:
        with safe_open(path, framework="pt") as opened:
            opened.keys()
    except SafetensorError as error:
        raise ModelCorruptError(f"{path} is not a whole safetensors file ({error})", COPY_AGAIN) from None


def content_hash(files: list[Path]) -> str:
    """SHA-256 (hex) over the bytes of the weight files: what a head is bound to."""
    digest = hashlib.sha256()
    for path in files:
        with path.open("rb") as opened:
            while block := opened.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()
