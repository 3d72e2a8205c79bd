"""Without heads, with new ones while jobs run, and with versions: what is scored by which, and what is
said."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
import torch

from autoresponder.checkup import check_up
from autoresponder.errors import ModelCorruptError, ModelError
from autoresponder.heads.files import heads_in, save_head
from autoresponder.heads.head_2021 import Head, HeadName, HeadSettings
from autoresponder.heads.standing import version_line
from autoresponder.heads.versions import (
    HeadVersions,
    change_versions,
    folder_of,
    read_current,
    version_folder,
)
from autoresponder.heads.wishes import OVERTAKEN, HeadWishes
from autoresponder.jobs.engines import WritingSettings
from autoresponder.jobs.model_folder import GeneratorModel, load_generator, load_heads
from autoresponder.jobs.runner import JobRunner
from autoresponder.model.trunk import blocks_of
from autoresponder.service import HeadReloader
from switchboard.errors import SwitchboardRefused, SwitchboardUnreachable
from switchboard.messages import (
    GenerationJob,
    GenerationResult,
    HeadStanding,
    HeadVersion,
    HeadWish,
    RawSelectJob,
    RawSelectResult,
)


def other_head(heads: Mapping[HeadName, Head], layers: tuple[int, ...] | None = None) -> Head:
    old = heads["selector"].settings
    settings = HeadSettings.model_validate(old.model_dump() | {"layers": layers or old.layers})
    return Head(settings).initialise(torch.Generator().manual_seed(77)).eval()


def test_a_bot_without_heads_writes_and_says_what_it_does_without(
    generator: GeneratorModel, settings: WritingSettings, sample: GenerationJob
) -> None:
    runner = JobRunner(generator, {}, settings)
    result, _ = runner.run("a", sample)
    assert isinstance(result, GenerationResult)
    assert len(result.continuations) == 3
    assert all(abs(score - 0.5) < 0.001 for score in result.selection_proba)
    assert set(result.sentiment_logit_diffs) == {0.0}
    assert "ckpt_select" not in result.model_info
    scored, _ = runner.run("b", RawSelectJob(texts=["one", "two"]))
    assert isinstance(scored, RawSelectResult)
    assert scored.sentiment_logit_diffs == [0.0, 0.0]
    lines = runner.missing_heads
    assert [line.partition(":")[0] for line in lines] == ["no selector head", "no sentiment head"]
    assert all("python -m training" in line for line in lines)
    said = check_up(runner, generator)
    assert all(line in said for line in lines)


def test_a_folder_without_heads_loads(bare_folder: Path) -> None:
    assert heads_in(bare_folder / "heads") == []
    assert load_heads(load_generator(str(bare_folder), device="cpu")) == {}


def test_a_job_in_flight_keeps_its_head(
    generator: GeneratorModel,
    heads: Mapping[HeadName, Head],
    settings: WritingSettings,
    sample: GenerationJob,
) -> None:
    runner = JobRunner(generator, heads, settings)
    before = runner.run("x", sample)[0].model_info["ckpt_select"]
    later: dict[str, GenerationJob] = {}

    def more() -> Mapping[str, GenerationJob]:
        if "done" in later:
            return {}
        later["done"] = sample
        runner.take_heads(
            {**heads, "selector": other_head(heads)}
        )  # announced while the first job is written
        return {"second": sample}

    results: dict[str, object] = {}
    runner.run_together({"first": sample}, lambda key, outcome: results.update({key: outcome}), more)
    info = {key: outcome[0].model_info["ckpt_select"] for key, outcome in results.items()}  # type: ignore[index]
    assert info["first"] == before
    assert info["second"] != before


def test_heads_are_taken_up_once_and_a_bad_one_is_left_alone(
    generator: GeneratorModel, heads: Mapping[HeadName, Head], settings: WritingSettings
) -> None:
    runner = JobRunner(generator, heads, settings)
    loads: list[int] = []

    def load() -> Mapping[HeadName, Head]:
        loads.append(1)
        if len(loads) == 2:
            raise ModelCorruptError("a broken head", "train it again")
        return {**heads, "selector": other_head(heads)}

    reloader = HeadReloader(load)
    reloader.take_up(runner)
    assert not loads
    reloader.announced("selector/1")
    reloader.take_up(runner)
    reloader.take_up(runner)
    assert len(loads) == 1
    reloader.announced("selector/2")
    reloader.take_up(runner)  # told in the log; the heads stay
    assert len(loads) == 2


def test_a_head_that_looks_elsewhere_needs_a_restart(
    generator: GeneratorModel, heads: Mapping[HeadName, Head], settings: WritingSettings
) -> None:
    runner = JobRunner(generator, heads, settings)
    with pytest.raises(ModelError, match="start the generator again"):
        runner.take_heads({"selector": other_head(heads, layers=(3,))})


def test_the_version_that_is_named_is_read(
    whole_folder: Path, generator: GeneratorModel, heads: Mapping[HeadName, Head], tmp_path: Path
) -> None:
    folder = tmp_path / "heads"
    for head in heads.values():
        save_head(head, folder)
    assert folder_of(folder, "selector") == folder
    save_head(other_head(heads), version_folder(folder, "selector", "v1"))
    (folder / "current.json").write_text('{"heads": {"selector": {"current": "v1", "before": [""]}}}')
    loaded = load_heads(generator, folder)
    assert loaded.keys() == heads.keys()
    assert not torch.equal(loaded["selector"].logits.weight, heads["selector"].logits.weight)
    assert torch.equal(loaded["sentiment"].logits.weight, heads["sentiment"].logits.weight)
    (folder / "current.json").write_text('{"heads": {"selector": {"current": "../../x"}}}')
    with pytest.raises(ModelCorruptError, match="current"):
        load_heads(generator, folder)


class Wished:
    """A folder with versions a and b, of which a is in use, and what is reported of it."""

    def __init__(self, folder: Path, generator: GeneratorModel, heads: Mapping[HeadName, Head]) -> None:
        self.folder = folder
        for version in ("a", "b"):
            save_head(other_head(heads), version_folder(folder, "selector", version))
        change_versions(folder, "selector", lambda old: old.followed_by("a"))
        self.reported: list[HeadStanding] = []
        self.at_start: list[HeadStanding] = []
        self.away = False
        size = len(blocks_of(generator.network)), generator.positions
        self.wishes = HeadWishes(folder, generator.identity, size, self._report)

    def _report(self, standing: HeadStanding) -> None:
        if self.away:
            raise SwitchboardUnreachable("away")
        (self.at_start if standing.only_if_unknown else self.reported).append(standing)

    def want(self, version: str, instead_of: str) -> HeadVersions:
        """What is in use after the wish has come with a poll."""
        wish = HeadWish(head="selector", version=version, instead_of=instead_of, who="keeper")
        self.wishes.see_to([wish])
        return read_current(self.folder).heads["selector"]


def test_what_the_operator_wants_is_put_in_use_once_and_gone_back_to(
    generator: GeneratorModel, heads: Mapping[HeadName, Head], tmp_path: Path
) -> None:
    wished = Wished(tmp_path, generator, heads)
    wished.away = True
    assert wished.want("b", "a") == HeadVersions(current="b", before=("", "a"))
    wished.away = False  # nobody heard of it: the wish comes again, perhaps after a restart
    assert wished.want("b", "a") == HeadVersions(current="b", before=("", "a"))
    assert [(one.current, one.before, one.problem) for one in wished.reported] == [("b", ["", "a"], "")]
    assert wished.want("a", "b") == HeadVersions(current="a", before=("",))
    assert wished.want("", "a") == HeadVersions(current="")


def test_a_generator_says_once_which_heads_it_has(
    generator: GeneratorModel, heads: Mapping[HeadName, Head], tmp_path: Path
) -> None:
    save_head(heads["sentiment"], tmp_path)
    wished = Wished(tmp_path, generator, heads)
    report = {"rows": {"train": 300}, "losses": [1.0, 0.5], "test": {"all": {"auc": 0.9}}}
    (version_folder(tmp_path, "selector", "a") / "report.json").write_text(json.dumps(report))
    wished.away = True
    wished.wishes.see_to([])
    wished.away = False
    for _ in range(2):
        wished.wishes.see_to([])
    assert [(one.head, one.current) for one in wished.at_start] == [("selector", "a"), ("sentiment", "")]
    told = HeadVersion(version="a", rows=300, metrics={"auc": 0.9}, losses=[1.0, 0.985])
    assert wished.at_start[0].versions == [told]


def test_an_older_switchboard_that_refuses_what_is_said_is_told_it_once(
    generator: GeneratorModel, heads: Mapping[HeadName, Head], tmp_path: Path
) -> None:
    said: list[HeadStanding] = []

    def refuse(standing: HeadStanding) -> None:
        said.append(standing)
        raise SwitchboardRefused(422, "unknown field", "only_if_unknown")

    Wished(tmp_path, generator, heads)
    size = len(blocks_of(generator.network)), generator.positions
    wishes = HeadWishes(tmp_path, generator.identity, size, refuse)
    for _ in range(2):
        wishes.see_to([])
    assert len(said) == 1


@pytest.mark.parametrize(
    "report", ["", "half", "[]", '{"losses": "x"}', '{"test": {"all": 3}}', '{"rows": {"train": -1}}']
)
def test_a_version_whose_report_makes_no_sense_is_only_named(tmp_path: Path, report: str) -> None:
    (tmp_path / "report.json").write_text(report)
    assert version_line(tmp_path) == HeadVersion(version=tmp_path.name)


def test_a_wish_that_does_not_fit_is_reported_and_one_for_another_generator_left(
    generator: GeneratorModel, heads: Mapping[HeadName, Head], tmp_path: Path
) -> None:
    wished = Wished(tmp_path, generator, heads)
    as_it_was = HeadVersions(current="a", before=("",))
    assert wished.want("b", "c") == as_it_was  # c was in use when it was decided
    assert wished.reported.pop().problem == OVERTAKEN
    (version_folder(tmp_path, "selector", "b") / "selector.safetensors").write_bytes(b"half")
    assert wished.want("b", "a") == as_it_was
    assert "not a whole safetensors file" in wished.reported.pop().problem
    assert wished.want("elsewhere", "a") == as_it_was
    assert not wished.reported
