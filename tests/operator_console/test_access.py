"""Attacks on the console: each is tried, none works."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import Any

import pytest
from bs4 import BeautifulSoup
from markupsafe import escape
from pydantic import SecretStr, ValidationError

from bot_lifecycle import FatalError
from console_service import check
from operator_console.errors import TooMany
from operator_console.passwords import LONGEST_PASSWORD, PasswordCheck, hash_of, problem_of
from operator_console.rendering import post_html
from operator_console.settings import ConsoleConfig
from tests.operator_console.stage import ACCOUNTS, HASHED, HOST, PASSWORD, Browser, Stage, fields_of

PAGES = ("/", "/review/", "/review/1", "/live", "/live/stream", "/audit")
MakeStage = Callable[..., Stage]


# Logging in


@pytest.mark.parametrize("path", PAGES)
def test_nobody_sees_a_page_without_a_login(stage: Stage, path: str) -> None:
    answer = stage.browser(None).get(path)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/login")


def test_a_login_leads_back_to_where_one_wanted_to_go_and_nowhere_else(stage: Stage) -> None:
    browser = stage.browser(None)
    token = fields_of(browser.get("/login").text)["form_token"]
    form = {"form_token": token, "name": "keeper", "password": PASSWORD}
    for back, there in (
        ("/live", "/live"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example", "/"),
    ):
        assert browser.post("/login", {**form, "back": back}).headers["Location"] == there
        browser.client.delete_cookie("console", domain="127.0.0.1")


def test_a_wrong_password_and_an_unknown_name_look_alike(stage: Stage) -> None:
    pages = [stage.browser(None).log_in(name, "wrong wrong wrong") for name in ("keeper", "nobody")]
    assert [page.status_code for page in pages] == [401, 401]
    unlike = [re.sub(r'value="[^"]*"', "", page.text) for page in pages]
    assert unlike[0] == unlike[1]


def test_wrong_passwords_end_for_an_address_and_not_for_others(make_stage: MakeStage) -> None:
    stage = make_stage(console={"login_attempts": 3})
    here = stage.browser(None)
    assert [here.log_in("keeper", "wrong wrong").status_code for _ in range(4)] == [401, 401, 401, 429]
    refused = here.log_in("keeper")
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 60
    elsewhere = {"REMOTE_ADDR": "192.0.2.7"}
    assert stage.browser(None).log_in("keeper", environ_overrides=elsewhere).status_code == 302
    stage.world.clock.advance(1000)
    assert here.log_in("keeper").status_code == 302


def test_so_many_passwords_are_checked_at_once_and_the_others_refused() -> None:
    checking, results = PasswordCheck(), list[str]()
    start = threading.Barrier(20)

    def log_in() -> None:
        start.wait()
        try:
            results.append(str(checking.is_right(HASHED, PASSWORD)))
        except TooMany:
            results.append("refused")

    threads = [threading.Thread(target=log_in) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(results) <= {"True", "refused"}
    assert "True" in results
    assert "refused" in results


def test_a_huge_password_is_wrong_without_being_hashed(stage: Stage) -> None:
    answer = stage.browser(None).log_in("keeper", "x" * 1_000_000)
    assert answer.status_code == 401
    assert not PasswordCheck().is_right(HASHED, "x" * (LONGEST_PASSWORD + 1))


def test_a_stored_hash_that_would_take_the_machine_is_refused_at_the_start() -> None:
    huge = HASHED.replace("m=65536", "m=4194304")
    assert "memory" in str(problem_of(huge))
    assert "none that" in str(problem_of("plain text"))
    assert problem_of(hash_of("a good password")) is None
    account = ACCOUNTS[0].model_copy(update={"password_hash": SecretStr(huge)})
    with pytest.raises(FatalError, match="keeper"):
        check(ConsoleConfig(on=True, accounts=(account,)))
    with pytest.raises(FatalError, match="accounts is empty"):
        check(ConsoleConfig(on=True))


def test_a_login_gets_a_token_that_nobody_knew_before(stage: Stage) -> None:
    browser = stage.browser(None)
    browser.client.set_cookie("console", "planted-by-somebody", domain="127.0.0.1")
    browser.log_in("keeper")
    cookie = browser.client.get_cookie("console", domain="127.0.0.1")
    assert cookie is not None
    assert cookie.value != "planted-by-somebody"
    assert len(cookie.value) > 30
    assert (cookie.http_only, cookie.same_site) == (True, "Strict")
    other = stage.browser(None)
    other.client.set_cookie("console", "planted-by-somebody", domain="127.0.0.1")
    assert other.get("/review/").status_code == 302


def test_after_a_logout_the_token_opens_nothing(stage: Stage) -> None:
    browser = stage.browser()
    cookie = browser.client.get_cookie("console", domain="127.0.0.1")
    assert cookie is not None
    answer = browser.post("/logout", browser.form("/live", "/logout"))
    assert "cache" in answer.headers["Clear-Site-Data"]
    browser.client.set_cookie("console", cookie.value, domain="127.0.0.1")
    assert browser.get("/review/").status_code == 302


def test_a_login_that_is_not_used_ends(stage: Stage) -> None:
    browser = stage.browser()
    stage.world.clock.advance(11 * 3600)
    assert browser.get("/review/").status_code == 200
    stage.world.clock.advance(11 * 3600)
    assert browser.get("/review/").status_code == 200
    stage.world.clock.advance(13 * 3600)
    assert browser.get("/review/").status_code == 302


def test_what_was_typed_before_a_login_ended_is_given_back(stage: Stage) -> None:
    browser = stage.browser()
    form = browser.form("/review/1", "/review/1/revise", "textarea") | {"text": "An hour of words."}
    stage.world.clock.advance(13 * 3600)
    answer = browser.post("/review/1/revise", form)
    assert answer.status_code == 401
    assert "An hour of words." in answer.text


def test_htmx_is_sent_to_the_login_and_not_given_it_for_a_piece_of_a_page(stage: Stage) -> None:
    answer = stage.browser(None).get("/review/", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (401, "/login?back=/review/")


def test_an_account_that_is_taken_away_is_logged_out(make_stage: MakeStage) -> None:
    stage = make_stage()
    browser = stage.browser("helper")
    stage.settings = stage.settings.model_copy(update={"accounts": ACCOUNTS[:1]})
    browser.client.application = stage.make_app(5080)
    assert browser.get("/review/").status_code == 302


# Other sites


def test_a_form_of_another_site_does_nothing(stage: Stage) -> None:
    browser = stage.browser()
    form = browser.form("/review/1", "/review/1/decide", 'value="approve"') | {"action": "approve"}
    for headers in (
        {"Origin": "https://evil.example"},
        {"Origin": "http://127.0.0.1.evil.example:5080"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ):
        assert browser.post("/review/1/decide", form, headers=headers).status_code == 403
    assert browser.post("/review/1/decide", form | {"form_token": "guessed"}).status_code == 403
    assert browser.post("/review/1/decide", {"action": "approve"}).status_code == 403
    assert stage.world.bot.reviews.pending() == []


@pytest.mark.parametrize("origin", ["null", f"http://{HOST}", f"https://{HOST}"])
def test_a_form_of_ours_is_taken_whatever_referrer_policy_a_proxy_sets(stage: Stage, origin: str) -> None:
    browser = stage.browser()
    form = browser.form("/review/1", "/review/1/decide", 'value="approve"') | {"action": "approve"}
    stage.world.clock.advance(2 * 3600)
    assert browser.post("/review/1/decide", form, headers={"Origin": origin}).status_code == 302


def test_a_page_of_an_earlier_login_gives_its_words_back_with_a_fresh_token(stage: Stage) -> None:
    browser = stage.browser()
    form = browser.form("/review/1", "/review/1/revise", "textarea") | {"text": "Soup again.", "tags": "x"}
    browser.client.delete_cookie("console", domain="127.0.0.1")
    browser.log_in("keeper")
    answer = browser.post("/review/1/revise", form)
    assert answer.status_code == 403
    assert "Soup again." in answer.text
    again = fields_of(answer.text) | {"text": "Soup again.", "tags": "x"}
    assert browser.post("/review/1/revise", again).status_code == 302


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.com:5080",
        "localhost.:5080",
        "127.0.0.1",
        f"{HOST}, {HOST}",
        "[::1]",
        "",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_only_the_console_s_own_names_are_answered_to(stage: Stage, host: str, method: str) -> None:
    browser = stage.browser()
    for path in ("/review/", "/live/stream", "/login"):
        answer = browser.client.open(
            path, method=method, environ_overrides={"HTTP_HOST": host, "HTTP_X_FORWARDED_HOST": HOST}
        )
        assert answer.status_code == 400


def test_health_is_answered_to_any_name_and_says_nothing(stage: Stage) -> None:
    answer = stage.browser(None).client.get("/health", environ_overrides={"HTTP_HOST": "probe"})
    assert (answer.status_code, answer.text) == (200, "ok\n")


def test_more_names_may_be_listed(make_stage: MakeStage) -> None:
    stage = make_stage(console={"host_names": ["bot.lan:5080"]})
    client = stage.browser(None).client
    for host in ("bot.lan:5080", "BOT.lan:5080", "[::1]:5080", "localhost:5080"):
        assert client.get("/login", environ_overrides={"HTTP_HOST": host}).status_code == 200
    for wrong in ("*", "a b", "https://bot.lan"):
        with pytest.raises(ValidationError):
            ConsoleConfig(host_names=(wrong,))


@pytest.mark.parametrize("path", ["/login", "/health", "/review/1", "/nowhere", "/static/console.js"])
def test_every_answer_forbids_frames_and_foreign_scripts(stage: Stage, path: str) -> None:
    with stage.browser().get(path) as answer:
        headers = answer.headers
    policy = headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert headers["X-Frame-Options"] == "DENY"
    assert ("no-store" in headers.get("Cache-Control", "")) == (not path.startswith("/static"))


# What strangers write


HOSTILE = [
    '<p hx-post="/review/1/decide" hx-trigger="load">x</p>',
    '<p data-hx-on:click="alert(1)">x</p>',
    "</div></article><script>alert(1)</script>",
    '<a href="javascript:alert(1)">x</a>',
    "<svg onload=alert(1)><animate/></svg>",
    '<img src="x" onerror="alert(1)">',
    '<form action="/posting"><button name=mode value=stopped>x</button></form>',
    '<style>body{display:none}</style><link rel=stylesheet href="//evil.example">',
    '<base href="https://evil.example/"><meta http-equiv=refresh content="0;url=//evil.example">',
    '<a href="https://evil.example" id="page" class="primary" style="position:fixed">x</a>',
]


@pytest.mark.parametrize("words", HOSTILE)
def test_the_html_of_a_post_does_nothing(words: str) -> None:
    shown = str(post_html(words)).lower()
    assert not re.search(
        r"hx-|\bon\w+=|<script|<svg|<img|<form|<button|<style|<link|<base|<meta|javascript:", shown
    )
    assert not re.search(r"\b(id|class|style)=", shown)


def harm_in(page: str) -> list[str]:
    """What in a page would do something that the console's own templates do not do."""
    found: list[str] = []
    for element in BeautifulSoup(page, "lxml").find_all(True):
        own = element.name in ("body", "form", "a") and set(element.attrs) & {"hx-boost"}
        acts = [name for name in element.attrs if name.startswith(("on", "data-hx", "hx-"))]
        is_ours = own or acts == ["hx-disable"]
        addresses = [str(element.get(name, "")) for name in ("href", "src", "action")]
        if (acts and not is_ours) or any(address.startswith(("javascript:", "//")) for address in addresses):
            found.append(str(element)[:200])
        if element.name in ("script", "link", "base", "iframe", "style") and "/static/" not in str(element):
            found.append(str(element)[:200])
    return found


def test_words_of_strangers_are_shown_as_words(make_stage: MakeStage) -> None:
    stage = make_stage(asks=0)
    for number, words in enumerate(HOSTILE):
        stage.world.tumblr.ask(f"soup? {words}".replace("<", "&lt;"), f"reader-{number}")
    stage.world.run()
    browser = stage.browser()
    assert all(map(harm_in, ('<p hx-post="/x">', "<script>1</script>")))
    for turn, words in enumerate(HOSTILE, 1):
        there = f"/review/{turn}"
        form = browser.form(there, f"{there}/revise", "textarea")
        browser.post(f"{there}/revise", form | {"text": words, "tags": words})
        assert str(escape(words)) in browser.get(there).text
        form = browser.form(there, f"{there}/decide", "reject")
        browser.post(f"{there}/decide", form | {"reason": words})
        assert harm_in(browser.get(there).text) == []
    for path in ("/review/", "/audit", "/live"):
        assert harm_in(browser.get(path).text) == []


# Roles and proxies


def test_a_reviewer_is_refused_what_only_an_operator_may_do(stage: Stage) -> None:
    helper, keeper = stage.browser("helper"), stage.browser()
    page = helper.get("/live").text
    assert "Stop" not in page
    form = helper.form("/live", "/logout") | {"mode": "stopped", "key": "abcdefgh1"}
    assert helper.post("/posting", form).status_code == 403
    assert keeper.post("/posting", keeper.form("/live", "/posting") | {"mode": "stopped"}).status_code == 302
    assert stage.world.bot.posting.mode == "stopped"


PROXIED = {"proxy_header": "Remote-User", "proxy_peers": ["127.0.0.1"]}


def by_proxy(stage: Stage, *names: str, peer: str = "127.0.0.1") -> Any:
    headers = [("Remote-User", name) for name in names]
    environ = {"REMOTE_ADDR": peer}
    return Browser(stage.app).get("/review/", headers=headers, environ_overrides=environ)


def test_a_listed_proxy_logs_people_in(make_stage: MakeStage) -> None:
    stage = make_stage(console=PROXIED)
    assert by_proxy(stage, "keeper").status_code == 200
    assert by_proxy(stage, "stranger").status_code == 302
    assert by_proxy(stage, "").status_code == 302
    assert by_proxy(stage).status_code == 302


def test_the_header_of_anybody_else_means_nothing(make_stage: MakeStage, stage: Stage) -> None:
    assert by_proxy(make_stage(console=PROXIED), "keeper", peer="192.0.2.9").status_code == 302
    assert by_proxy(stage, "keeper").status_code == 302


@pytest.mark.parametrize("names", [("keeper", "helper"), ("helper", "keeper"), ("keeper", "keeper")])
def test_a_name_that_is_given_twice_is_refused(make_stage: MakeStage, names: tuple[str, ...]) -> None:
    assert by_proxy(make_stage(console=PROXIED), *names).status_code == 400


def test_a_header_that_could_be_forged_cannot_be_configured() -> None:
    with pytest.raises(ValidationError, match="underscore"):
        ConsoleConfig(proxy_header="Remote_User", proxy_peers=("127.0.0.1",))
    with pytest.raises(ValidationError, match="proxy_peers"):
        ConsoleConfig(proxy_header="Remote-User")


def test_addresses_are_counted_from_our_own_proxies(make_stage: MakeStage) -> None:
    def tries(stage: Stage, forged: str) -> list[int]:
        headers = {"X-Forwarded-For": forged}
        return [stage.browser(None).log_in("keeper", "wrong", headers=headers).status_code for _ in range(3)]

    direct = make_stage(console={"login_attempts": 2})
    assert tries(direct, "192.0.2.1")[-1] == 429
    assert tries(direct, "192.0.2.2")[0] == 429, "a header from the browser itself changes nothing"
    one = make_stage(console={"login_attempts": 2, "proxies": 1})
    assert tries(one, "203.0.113.9, 192.0.2.1")[-1] == 429
    assert tries(one, "198.51.100.7, 192.0.2.1")[0] == 429, "what the browser has added is not counted"
    assert tries(one, "203.0.113.9, 192.0.2.2")[0] == 401
    two = make_stage(console={"login_attempts": 2, "proxies": 2})
    assert tries(two, "192.0.2.1, 10.0.0.1")[-1] == 429
    assert tries(two, "192.0.2.2, 10.0.0.1")[0] == 401
