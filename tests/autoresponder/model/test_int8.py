"""The demo model in int8: a text and its scores depend on nothing that shares the batch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from autoresponder.jobs.engines import WritingSettings
from autoresponder.jobs.model_folder import load_generator, load_heads
from autoresponder.jobs.runner import Done, Job, JobRunner
from autoresponder.model.cpu_linear import widen
from switchboard.messages import GenerationJob, GenerationResult
from tests.autoresponder.changed import changed

DEMO_MODEL = Path(__file__).resolve().parents[3] / "demo" / "models" / "tiny"
QUESTIONS = (
    "hello, how are you today?",
    "do you remember what you told me last week about the owl in the garden?",
    "tell me something nice please, it was a long day",
)


@pytest.fixture(scope="module")
def in_int8(settings: WritingSettings) -> JobRunner:
    limits = replace(settings.limits, context=508, window=100, max_new=60)
    generator = load_generator(str(DEMO_MODEL), device="cpu", dtype="int8")
    writing = changed(replace(settings, limits=limits), batch_size=16)
    return JobRunner(generator, load_heads(generator), writing)


@pytest.fixture
def asks(sample: GenerationJob) -> dict[str, Job]:
    options = sample.kwargs.model_copy(update={"best_of": 6})
    return {
        f"ask {place}": sample.model_copy(
            update={"prompt": f"友someone要\n{question}\n域", "kwargs": options}
        )
        for place, question in enumerate(QUESTIONS)
    }


def result_of(outcome: object) -> GenerationResult:
    assert isinstance(outcome, tuple)
    assert isinstance(outcome[0], GenerationResult)
    return outcome[0]


def test_a_text_and_its_scores_do_not_depend_on_the_batch(in_int8: JobRunner, asks: dict[str, Job]) -> None:
    """To the last bit: what the batch's shape does to a sum of floats is rounded off before int8 sees it."""
    alone: dict[str, Done] = {job_id: in_int8.run(job_id, job) for job_id, job in asks.items()}
    together: dict[str, object] = {}
    in_int8.run_together(asks, together.__setitem__)
    for job_id, outcome in alone.items():
        assert result_of(together[job_id]) == result_of(outcome)


def test_attention_before_int8_is_computed_in_float64() -> None:
    network = load_generator(str(DEMO_MODEL), device="cpu").network
    ids = torch.tensor([[5, 6, 7, 8]])
    narrow = network(ids).logits
    widen(network)
    torch.testing.assert_close(network(ids).logits, narrow, atol=1e-3, rtol=1e-3)
