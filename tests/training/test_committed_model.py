"""The demo model that is committed: small, whole, and as good as its report says."""

from __future__ import annotations

import json
from pathlib import Path

from autoresponder.heads.scoring import Scorer
from autoresponder.jobs.model_folder import load_generator, load_heads

DEMO_MODEL = Path(__file__).parents[2] / "demo" / "models" / "tiny"
MOST_BYTES = 12_000_000


class TestCommittedModel:
    def test_it_is_small_and_whole(self) -> None:
        assert sum(path.stat().st_size for path in DEMO_MODEL.rglob("*") if path.is_file()) <= MOST_BYTES
        generator = load_generator(str(DEMO_MODEL), device="cpu")
        heads = load_heads(generator)  # refuses heads of another generator
        assert heads["selector"].settings.generator.sha256 == generator.identity.sha256
        assert generator.positions == 512

    def test_its_heads_are_as_good_as_its_report_says(self) -> None:
        report = json.loads((DEMO_MODEL / "report.json").read_text())
        selector = report["selector"]["test"]["all"]
        assert report["sentiment"]["test"]["all"]["correlation"] >= 0.9
        assert selector["average_precision"] > selector["average_precision_base"] + 0.2

    def test_it_tells_glad_from_sad(self) -> None:
        generator = load_generator(str(DEMO_MODEL), device="cpu")
        scorer = Scorer(generator.network, generator.encoder, load_heads(generator))
        texts = [
            " I love the rain, it is wonderful!",
            " The window is open.",
            " I hate everything, and I cry.",
        ]
        glad, even, sad = scorer.score([], texts, "responses").sentiment_logit_differences
        assert glad > 1.5
        assert sad < -1.5
        assert sad < even < glad
