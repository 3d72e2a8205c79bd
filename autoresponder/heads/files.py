"""Heads on disk: ``NAME.safetensors`` with the weights beside ``NAME.json`` with the settings.

Every head in the folder is read and scores; to add one is to put its two files there, or to promote a version
of it (see ``versions.py``). A folder may have none at all: then the bot chooses at random.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from autoresponder.errors import HeadMismatchError, ModelCorruptError, ModelMissingError
from autoresponder.heads.head_2021 import HEAD_NAMES, GeneratorIdentity, Head, HeadName, HeadSettings
from autoresponder.heads.head_2022 import make_head
from autoresponder.heads.versions import folder_of, read_current

TRAIN_AGAIN = "train the heads again on this generator, or name the folder of heads that belong to it"


def save_head(head: Head, folder: Path, *, half: bool = False) -> None:
    """Write a head's two files into ``folder``, which is made when it is not there.

    ``half``: in float16, in half the bytes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    name = head.settings.name
    dtype = torch.float16 if half else torch.float32
    weights = {key: value.detach().cpu().to(dtype).contiguous() for key, value in head.state_dict().items()}
    save_file(weights, folder / f"{name}.safetensors")
    settings = json.dumps(head.settings.model_dump(mode="json"), indent=2)
    (folder / f"{name}.json").write_text(settings + "\n", encoding="utf-8")


def heads_in(folder: Path) -> list[HeadName]:
    """Names of the heads that a folder has: the usual two first, then whatever else there is."""
    beside = {path.stem for path in folder.glob("*.json") if path.with_suffix(".safetensors").is_file()}
    broken = {path.stem for path in folder.glob("*.json") if path.stem in HEAD_NAMES}
    versioned = {name for name, one in read_current(folder).heads.items() if one.current}
    found = beside | broken | versioned
    return [name for name in HEAD_NAMES if name in found] + sorted(found - set(HEAD_NAMES))


def load_head(
    folder: Path, name: HeadName, generator: GeneratorIdentity, *, n_layer: int, positions: int
) -> Head:
    """Read a head for serving: in float32 on the CPU, dropouts off.

    ``n_layer`` and ``positions`` are the generator's blocks and longest row. Raises
    ModelMissingError, ModelCorruptError, or HeadMismatchError when the head was trained on a
    generator with other weights, or asks for blocks or rows this one has not.
    """
    folder = folder_of(folder, name)
    settings = _read_settings(folder / f"{name}.json")
    _check_owner(settings, name, generator, folder)
    if settings.layers[-1] >= n_layer or settings.max_tokens > positions:
        raise HeadMismatchError(
            f"the {name} head looks at block {settings.layers[-1]} and {settings.max_tokens} tokens, "
            f"the generator has {n_layer} and {positions}",
            TRAIN_AGAIN,
        )
    head = make_head(settings)
    _load_weights(head, folder / f"{name}.safetensors")
    return head.eval().requires_grad_(requires_grad=False)


def _read_settings(path: Path) -> HeadSettings:
    if not path.is_file():
        raise ModelMissingError(
            f"the head's settings {path} are not there",
            "train the heads, or set generator.heads to the folder that holds them",
        )
    try:
        return HeadSettings.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "file"
        raise ModelCorruptError(f"{path}: {key}: {first['msg']}", TRAIN_AGAIN) from None


def _check_owner(settings: HeadSettings, name: HeadName, generator: GeneratorIdentity, folder: Path) -> None:
    if settings.name != name:
        raise HeadMismatchError(f"{folder / name}.json is the {settings.name} head", TRAIN_AGAIN)
    if settings.generator.sha256 != generator.sha256:
        raise HeadMismatchError(
            f"the {name} head in {folder} belongs to the generator {settings.generator.name} "
            f"({settings.generator.sha256[:12]}), not to {generator.name} ({generator.sha256[:12]})",
            TRAIN_AGAIN,
        )


def _load_weights(head: Head, path: Path) -> None:
    if not path.is_file():
        raise ModelMissingError(f"the head's weights {path} are not there", TRAIN_AGAIN)
    try:
        weights = load_file(path)
    except SafetensorError as error:
        raise ModelCorruptError(
            f"{path} is not a whole safetensors file ({error})", "copy it again, or train the heads again"
        ) from None
    try:
        head.load_state_dict(weights)
    except RuntimeError as error:
        first = str(error).splitlines()[-1].strip()
        raise ModelCorruptError(f"{path} does not fit its settings: {first}", TRAIN_AGAIN) from None
    if not all(bool(torch.isfinite(value).all()) for value in weights.values()):
        raise ModelCorruptError(f"{path} holds weights that are not finite numbers", TRAIN_AGAIN)
