"""What a server cannot do is found out and refused by name before it is relied on."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from autoresponder.completions.client import CompletionsClient, Retries
from autoresponder.completions.kinds import SERVERS
from autoresponder.completions.probe import Found, look_at
from autoresponder.errors import ModelError, ServerUnreachableError
from autoresponder.model.encoding import TextEncoder
from autoresponder.settings import SAMPLERS, CompletionsConfig, GeneratorConfig, SamplerConfig
from tests.autoresponder.completions.scripted import ScriptedServer, status

WINDOW = 40


def probe(
    served: ScriptedServer, encoder: TextEncoder, sampler: str = "top_p", **completions: object
) -> Found:
    config = CompletionsConfig.model_validate({"url": served.url} | completions)
    settings = GeneratorConfig(completions=config, sampler=SamplerConfig(name=sampler), batch_size=5)
    return look_at(CompletionsClient(config, retries=Retries(attempts=1)), settings, encoder, WINDOW)


def no_ids(served: ScriptedServer) -> None:
    served.takes_ids = False


def one_text(served: ScriptedServer) -> None:
    served.most_texts = 1


def four_texts(served: ScriptedServer) -> None:
    served.most_texts = 4


def greedy(served: ScriptedServer) -> None:
    served.draws = False


def no_filter(served: ScriptedServer) -> None:
    served.filters = ()


def two_models(served: ScriptedServer) -> None:
    served.models = ["big", "small"]


def no_model(served: ScriptedServer) -> None:
    served.models = []


def no_list(served: ScriptedServer) -> None:
    served.about_model = {"max_model_len": "endless"}


def unserved(served: ScriptedServer) -> None:
    served.script.append(status(404, {}, "no such model"))


@pytest.mark.parametrize(
    ("lacks", "says", "hint"),
    [
        (no_ids, "token ids", "generator.completions.prompts"),
        (one_text, "5 texts", "choices_per_request"),
        (four_texts, "5 texts", "choices_per_request"),
        (greedy, "same text whatever the seed", "sampling"),
        (no_filter, "sampler top_p", "generator.sampler.name"),
        (two_models, "big, small", "generator.completions.model"),
        (no_model, "none", "generator.completions.model"),
        (no_list, "lists no models", "generator.completions.model"),
        (unserved, "no such model", "generator.completions.prompts"),
    ],
)
def test_what_it_cannot_do_is_refused_by_name(
    served: ScriptedServer,
    encoder: TextEncoder,
    lacks: Callable[[ScriptedServer], None],
    says: str,
    hint: str,
) -> None:
    lacks(served)
    with pytest.raises(ModelError) as raised:
        probe(served, encoder)
    assert says in raised.value.message
    assert hint in raised.value.hint


@pytest.mark.parametrize(
    ("server", "sampler"), [(kind, name) for kind, known in SERVERS.items() for name in known.samplers]
)
def test_a_server_that_can_do_it_all_is_taken(
    served: ScriptedServer, encoder: TextEncoder, server: str, sampler: str
) -> None:
    served.about_model = {"max_model_len": 4096}
    found = probe(served, encoder, sampler, server=server)
    assert (found.model, found.longest_row) == ("big", 4096)
    assert {request["model"] for request in served.requests} == {"big"}


@pytest.mark.parametrize(
    ("server", "sampler"),
    [(kind, name) for kind, known in SERVERS.items() for name in SAMPLERS if name not in known.samplers],
)
def test_a_sampler_that_a_kind_of_server_has_not_is_refused_before_anything_is_asked(
    served: ScriptedServer, encoder: TextEncoder, server: str, sampler: str
) -> None:
    with pytest.raises(ModelError, match=f"{server} has no sampler {sampler} - set .* to top_p"):
        probe(served, encoder, sampler, server=server)
    assert not served.requests


def test_a_server_without_ids_and_without_n_can_be_used_if_the_settings_say_so(
    served: ScriptedServer, encoder: TextEncoder
) -> None:
    served.takes_ids, served.most_texts = False, 1
    assert probe(served, encoder, prompts="text", choices_per_request=1).model == "big"
    assert all("n" not in request for request in served.requests)


def test_a_server_whose_model_has_another_tokenizer_is_refused(
    served: ScriptedServer, encoder: TextEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(served, "_count", lambda prompt: 2 * len(prompt))
    with pytest.raises(ModelError, match="folder of the very model"):
        probe(served, encoder, prompts="text")


def test_one_of_several_models_can_be_named(served: ScriptedServer, encoder: TextEncoder) -> None:
    two_models(served)
    assert probe(served, encoder, model="small").model == "small"


def test_a_server_that_cannot_list_its_models_is_told_which_one(
    served: ScriptedServer, encoder: TextEncoder
) -> None:
    no_list(served)
    assert probe(served, encoder, model="big") == Found("big", None)


def test_a_server_that_is_away_is_no_mistake_of_the_settings(
    served: ScriptedServer, encoder: TextEncoder
) -> None:
    served.stop()
    with pytest.raises(ServerUnreachableError):
        probe(served, encoder)


def test_the_settings_name_the_kinds_of_server_there_are() -> None:
    for name in SERVERS:
        assert CompletionsConfig.model_validate({"server": name}).server == name
    field = CompletionsConfig.model_json_schema()["properties"]["server"]
    assert set(field["enum"]) == set(SERVERS)
