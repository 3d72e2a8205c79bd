"""What a model is called by: a hash of the weights, or of what they were made from.

Undoing a quantisation or merging an adapter may round differently on another processor. So a folder that was
converted carries ``identity.json``: the hashes of file and adapter and the version of the converter,
which are alike everywhere, and the hash of the weights beside it, which ties the two.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from autoresponder.errors import ModelCorruptError
from autoresponder.model.weights import COPY_AGAIN, content_hash, weight_files

IDENTITY = "identity.json"
Sha256 = Field(pattern="^[0-9a-f]{64}$")


class MadeFrom(BaseModel):
    """The content of ``identity.json``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str = Field(description="name of the file that was converted, for readers")
    source_sha256: str = Sha256
    adapter_sha256: str | None = Field(None, pattern="^[0-9a-f]{64}$", description="of a merged adapter")
    converter: str = Field(min_length=1, max_length=100, description="name and version of the converter")
    weights_sha256: str = Sha256

    @property
    def sha256(self) -> str:
        """The identity: what was converted, with what, by what."""
        parts = [self.source_sha256, self.adapter_sha256 or "", self.converter]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def identity_hash(folder: Path, files: Sequence[Path]) -> str:
    """SHA-256 (hex) that heads of this folder's model name; ``files`` are the weights that are loaded.

    Raises ModelCorruptError where the weights are not those that ``identity.json`` was written for.
    """
    weights = content_hash(list(files))
    path = folder / IDENTITY
    if not path.is_file():
        return weights
    try:
        made = MadeFrom.model_validate_json(path.read_bytes())
    except (ValidationError, OSError):
        raise ModelCorruptError(f"{path} is not what a conversion writes", COPY_AGAIN) from None
    if made.weights_sha256 != weights:
        hint = f"{COPY_AGAIN}, or remove {IDENTITY} if you changed the weights, and train the heads anew"
        raise ModelCorruptError(f"the weights in {folder} are not those that {IDENTITY} names", hint)
    return made.sha256


def write_identity(
    folder: Path, *, source: str, source_sha256: str, adapter_sha256: str | None, converter: str
) -> str:
    """Write ``identity.json`` for the weights in a folder; gives the identity."""
    made = MadeFrom(
        source=source,
        source_sha256=source_sha256,
        adapter_sha256=adapter_sha256,
        converter=converter,
        weights_sha256=content_hash(weight_files(folder)),
    )
    text = json.dumps(made.model_dump(), indent=2) + "\n"
    (folder / IDENTITY).write_text(text, encoding="utf-8")
    return made.sha256
