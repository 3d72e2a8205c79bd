"""Parts, manifests, token streams; runs that are killed; work that is not done twice."""

from __future__ import annotations

import fcntl
import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from transformers import AutoTokenizer

from tests.training.corpus.killed import kill_this_process
from tests.training.corpus.scraped import QUIET, backup, post, prepare
from training.__main__ import main
from training.corpus.parts import DOCUMENTS, PartWriter, read_parts
from training.corpus.pool import Cluster, Here, Processes
from training.corpus.prepare import Packing, prepare_tokens
from training.corpus.store import Corpus, open_corpus, samples
from training.corpus.tokens import encode, load_encoder, with_ends
from training.errors import TrainingError, UsageError
from training.tokenizer import train_tokenizer

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tokenizer")
    train_tokenizer(["Frank posted: the heron stood in the reeds"] * 3, 300).save_pretrained(folder)
    return folder


def posts(count: int = 30) -> dict[int, dict[str, object]]:
    return {n: post(n, " ".join(f"word{n}x{place}" for place in range(12))) for n in range(1, count + 1)}


def packing(tokenizer: Path, block: int = 64) -> Packing:
    return Packing(tokenizer, block, "own", seed=1)


def ids_of(corpus: Corpus, key: str, split: str = "train") -> list[int]:
    parts = corpus.tokens(key, split)
    assert parts is not None
    return [token for row in read_parts(parts) for token in row["input_ids"]]


def test_a_column_that_is_empty_at_first_keeps_its_type(tmp_path: Path) -> None:
    """T9: the schema is ours, whatever the first rows hold; both orders of the shards give the same table."""
    rows = [dict.fromkeys(DOCUMENTS, None) for _ in range(3)]
    full = [dict.fromkeys(DOCUMENTS, "text") | {"time": 5} for _ in range(3)]
    schemas = set()
    for name, order in (("one", rows + full), ("other", full + rows), ("nothing", [])):
        writer = PartWriter(tmp_path / name, DOCUMENTS, 3)
        for row in order:
            writer.add(row)
        writer.close()
        found = list(read_parts(writer.parts))
        assert found == order
        schemas |= {tuple(row) for row in found}
    assert schemas == {tuple(DOCUMENTS)}


def test_other_tokens_for_another_tokenizer_and_none_for_the_same(tmp_path: Path, tokenizer: Path) -> None:
    """T10: the key is the tokenizer's files; what was done with it in memory changes nothing."""
    corpus, _ = prepare(tmp_path / "out", backup(tmp_path / "frank", posts()))
    first, _ = prepare_tokens(corpus, packing(tokenizer), Here(), QUIET)
    before = ids_of(open_corpus(tmp_path / "out"), first)
    used = AutoTokenizer.from_pretrained(tokenizer)
    used.pad_token = used.eos_token
    used(["a text", "a longer text"], padding=True)
    assert packing(tokenizer).key == first
    changed = tmp_path / "changed"
    used.add_special_tokens({"additional_special_tokens": ["<|extra|>"]})
    used.save_pretrained(changed)
    other = tmp_path / "other"
    train_tokenizer(["word1x1 word2x2 word3x3"] * 5, 290).save_pretrained(other)
    keys = {first}
    for folder in (changed, other):
        corpus = open_corpus(tmp_path / "out")
        key, _ = prepare_tokens(corpus, packing(folder), Here(), QUIET)
        keys.add(key)
    assert len(keys) == 3
    assert ids_of(open_corpus(tmp_path / "out"), key) != before
    kept = open_corpus(tmp_path / "out")
    times = {path: path.stat().st_mtime_ns for path in kept.tokens(first, "train") or ()}
    prepare_tokens(kept, packing(tokenizer), Here(), QUIET)
    assert {path: path.stat().st_mtime_ns for path in times} == times


def test_every_token_is_learned_or_read(tokenizer: Path) -> None:
    """T15: the end after a document is learned, though padding may have the same id; what is given is not."""
    encoder = load_encoder(str(tokenizer))
    encoded = encode(" Frank posted:\n\n Written", " | tags\n a heron", encoder, "own")
    ids, learned = with_ends(encoded, encoder.eot)
    assert ids[0] == ids[-1] == encoder.eot
    assert (
        encoder.decode([token for token, own in zip(ids, learned, strict=True) if own]) == " | tags\n a heron"
    )
    assert learned[-1]
    assert not learned[0]
    ids, learned = with_ends(encode("given", "own", encoder, "all"), encoder.eot)
    assert learned == [False, False, *[True] * (len(ids) - 2)]


def test_samples_tell_what_is_learned(tmp_path: Path) -> None:
    corpus, _ = prepare(tmp_path / "out", backup(tmp_path / "frank", posts(3)))
    shown = samples(corpus, 2, seed=1)
    assert len(shown) == 2
    assert all("[read] Frank posted:\n\n Written 5 AM September 2020[/read][learned] | Frank's tags:" in one
               for one in shown)  # fmt: skip


def test_a_reader_sees_the_manifests_parts_only(tmp_path: Path, tokenizer: Path) -> None:
    """T12: fewer parts over more, a part that lies there by chance, a part that is broken."""
    out = tmp_path / "out"
    corpus, _ = prepare(out, backup(tmp_path / "frank", posts()))
    prepare_tokens(corpus, packing(tokenizer), Here(), QUIET)
    shutil.copy(corpus.documents[0], corpus.documents[0].with_name("part-00009.parquet"))
    assert len(list(open_corpus(out).rows())) == 30
    shutil.rmtree(tmp_path / "frank")
    corpus, _ = prepare(out, backup(tmp_path / "frank", posts(7)))
    assert len(list(corpus.rows())) == 7
    assert [path.name for path in out.glob("documents-*")] == [corpus.documents[0].parent.name]
    assert list(out.glob("tokens-*")) == []
    corpus.documents[0].write_bytes(corpus.documents[0].read_bytes()[:-5])
    with pytest.raises(TrainingError, match="not whole; prepare the corpus again"):
        open_corpus(out)
    with pytest.raises(UsageError, match="holds no corpus"):
        open_corpus(tmp_path / "frank")


def command(*arguments: str | Path, cwd: Path) -> list[str]:
    (cwd / "config.json").write_text(json.dumps({"blog": {"blog_name": "frank"}}), encoding="utf-8")
    options = ("--config", cwd / "config.json")
    return [sys.executable, "-m", "training", "prepare", *map(str, (*options, *arguments))]


def test_two_runs_at_once_are_refused_and_a_wrong_option_is_a_line(
    tmp_path: Path, tokenizer: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, out = backup(tmp_path / "frank", posts(5)), tmp_path / "out"
    run = command("--out", out, "--workers", "1", "--tokenizer", tokenizer, folder, cwd=tmp_path)
    _, _, _, *arguments = run
    out.mkdir()
    with (out / ".lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert main(arguments) == 75
    with pytest.raises(SystemExit) as ended:
        main([*arguments, "--nonsense"])
    assert ended.value.code == 2
    assert "unrecognized arguments: --nonsense" in capsys.readouterr().err
    done = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == json.loads((out / "report.json").read_text())


def test_a_killed_run_goes_on(tmp_path: Path) -> None:
    """Killed while reading: what was read stays, and the result is that of a run that was left alone."""
    folder = backup(tmp_path / "frank", posts(1200))
    expected, _ = prepare(tmp_path / "whole", folder)
    out = tmp_path / "out"
    run = command("--out", out, "--workers", "1", folder, cwd=tmp_path)
    process = subprocess.Popen(run, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    while not list(out.glob(".work-*/scanned-000000.parquet")):
        assert process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not (out / "manifest.json").exists()
    first = next(out.glob(".work-*/scanned-000000.parquet"))
    before = first.stat().st_mtime_ns
    seen: list[int] = []

    class Watching(Here):
        def map(self, function, pieces):  # type: ignore[no-untyped-def]
            for result in super().map(function, pieces):
                seen.append(first.stat().st_mtime_ns)
                yield result

    corpus, _ = prepare(out, folder, pool=Watching())
    assert list(corpus.rows()) == list(expected.rows())
    assert set(seen) == {before}
    assert not list(out.glob(".work-*"))


def test_tokens_by_processes_after_the_tokenizer_was_used_here(tmp_path: Path, tokenizer: Path) -> None:
    """T11: long texts, a tokenizer that the parent has used, four workers; it ends, with every row."""
    long = {n: post(n, f"post {n} " + " ".join(f"w{n}x{i}" for i in range(5000))) for n in range(1, 9)}
    corpus, _ = prepare(tmp_path / "out", backup(tmp_path / "frank", long))
    load_encoder(str(tokenizer)).encode_text("used before the workers start")
    key, tokens = prepare_tokens(corpus, packing(tokenizer), Processes(4), QUIET)
    end = load_encoder(str(tokenizer)).eot
    assert ids_of(open_corpus(tmp_path / "out"), key).count(end) == 9
    assert tokens["train"] > 8 * 40_000 / 4


def test_a_killed_worker_ends_the_run(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="a worker process died"):
        list(Processes(2).map(kill_this_process, range(8)))


@pytest.fixture
def cluster() -> Iterator[str]:
    """A Dask scheduler with two worker processes on this machine."""
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, protocol="tcp"
    ) as running:
        yield running.scheduler_address


@pytest.mark.filterwarnings("default")
def test_the_workers_of_a_cluster_make_the_same_corpus(tmp_path: Path, cluster: str) -> None:
    folder = backup(tmp_path / "frank", posts(40))
    here, _ = prepare(tmp_path / "here", folder)
    there, _ = prepare(tmp_path / "there", folder, pool=Cluster(cluster))
    assert list(there.rows()) == list(here.rows())
