"""The settings of the process that writes candidates and scores them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PositiveFloat, PositiveInt
from pydantic_settings import NoDecode

from bot_settings.base import NonNegativeFloat, NonNegativeInt, Probability, Secret, Section
from munging.prompts.format_table import V10, PromptFormat, completed

SAMPLERS: tuple[str, ...] = tuple(
    sorted(
        path.stem
        for path in (Path(__file__).parent / "sampling").glob("*.py")
        if path.stem not in ("__init__", "base", "registry")
    )
)
"""Names of the samplers: of their files, which are not imported."""


def _known_sampler(name: str) -> str:
    if name not in SAMPLERS:
        raise ValueError(f"no sampler is called {name!r}; there are {', '.join(SAMPLERS)}")
    return name


class SamplerConfig(Section):
    """How tokens are drawn."""

    name: Annotated[str, AfterValidator(_known_sampler)] = Field(
        "two_stage_mirostat", description="sampler: a file of autoresponder/sampling/"
    )
    temperature: PositiveFloat | None = Field(
        None,
        description="temperature, of two_stage_mirostat in its first window; default: 0.9, for breakruns 1.0",
    )
    top_p: Annotated[float, Field(gt=0, le=1)] | None = Field(
        None, description="nucleus mass; default: 0.9, for breakruns 0.95"
    )
    mirostat_learning_rate: PositiveFloat = Field(0.05, description="step of the surprisal controller")
    breakruns_step: NonNegativeFloat = Field(0.035, description="temperature added per token of a run")


class CompletionsConfig(Section):
    """A server with the OpenAI completions interface, which writes in place of the own engine."""

    url: str = Field(
        "", pattern=r"^(https?://[^\s]+)?$", description="address of the server, such as http://gpu-host:8000"
    )
    server: Literal["vllm", "llama.cpp", "llama-cpp-python", "transformers"] = Field(
        "vllm", description="what serves there: it says how samplers are called"
    )
    model: str = Field("", description="name of the model there; default: the only one that the server lists")
    token: Secret | None = Field(None, description="sent as a bearer token, for a server that wants one")
    prompts: Literal["ids", "text"] = Field(
        "ids",
        description="how prompts are sent; text is for servers that take no token ids: the model's control "
        "tokens in a user's words are changed there, or the server would read them as such",
    )
    choices_per_request: Annotated[int, Field(ge=1, le=64)] = Field(
        64, description="candidates asked for in one request; 1 for a server that does not know n"
    )
    requests_at_once: Annotated[int, Field(ge=1, le=64)] = Field(4, description="requests at the same time")
    timeout_seconds: PositiveFloat = Field(
        600.0, description="longest wait for the whole answer to a request"
    )


class GeneratorConfig(Section):
    """The process that writes and scores candidates."""

    backend: Literal["engine", "completions"] = Field(
        "engine", description="who writes: this process, or a server with the OpenAI completions interface"
    )
    completions: CompletionsConfig = Field(
        CompletionsConfig(), description="the server of backend completions"
    )
    model: str = Field(
        "",
        description="folder of a checkpoint, or hf://OWNER/NAME on the model hub; the generator needs one. "
        "With backend completions the tokenizer of the server's model, whose weights are not read",
    )
    scorer: str = Field(
        "",
        description="with backend completions: folder of the checkpoint whose activations the heads look at; "
        "empty: there are no scores",
    )
    more_places: tuple[str, ...] = Field(
        (),
        description="where the same model is looked for next, in this order: folders, hf://OWNER/NAME, "
        "or addresses such as s3://bucket/model, which are copied to a cache",
    )
    heads: Path | None = Field(
        None,
        description='folder of the two heads; default: "heads" in the folder of the model, or of the scorer',
    )
    captioner: str = Field(
        "", description="folder of an image-to-text model of transformers'; empty: pictures get no captions"
    )
    painter: str = Field(
        "", description="folder of a text-to-image pipeline of diffusers'; empty: no pictures are made"
    )
    painter_steps: Annotated[int, Field(ge=1, le=1000)] = Field(
        30, description="denoising steps of a picture"
    )
    device: str = Field("auto", description='"auto", "cpu", "cuda" or "cuda:N"')
    dtype: Literal["auto", "float32", "int8", "bfloat16", "float16"] = Field(
        "auto",
        description="number format of the weights; auto: float32 on a CPU, bfloat16 on a GPU; int8: CPU only",
    )
    threads: NonNegativeInt = Field(
        0, description="CPU threads; 0: one per core, which is one too many beside busy processes"
    )
    prompt_cache_mib: NonNegativeInt = Field(
        256, description="memory for what is known of past prompts, in MiB"
    )
    batch_size: Annotated[int, Field(ge=1, le=64)] = Field(13, description="candidates written at once")
    format: Annotated[PromptFormat, NoDecode, BeforeValidator(completed)] = Field(
        V10,
        description="prompt format the model was trained on: a built-in one's name, or a table of what is "
        "different from it",
        examples=["v10"],
    )
    training_years: dict[int, PositiveFloat] = Field(
        dict.fromkeys(range(2012, 2022), 1.0),
        min_length=1,
        description="years of the posts the model was trained on, each with its weight; prompts of the later "
        "formats claim one of them",
    )
    sampler: SamplerConfig = Field(SamplerConfig(), description="how tokens are drawn")
    context_tokens: PositiveInt | None = Field(
        None,
        description="longest row that is read or written, in tokens; default: what the model can read. "
        "Memory grows with it",
    )
    max_new_tokens: PositiveInt = Field(1600, description="longest continuation, in tokens")
    required_continuation_room: PositiveInt = Field(100, description="tokens kept free for writing")
    review_share: Probability = Field(0.15, description="share of original posts that are book reviews")
    fiction_share: Probability = Field(0.15, description="share of original posts that are fiction")
    fiction_titles: bool = Field(
        False, description="give stories a title, for which the model is asked eight times with examples"
    )
    alternative_timestamps: bool = Field(
        False,
        description="also score each text as if written in every month of 2019 to 2021 but October, "
        "for the log",
    )
    worker_name: str | None = Field(
        None, max_length=64, description="name in the status; default: host and process"
    )
