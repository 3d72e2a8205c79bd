"""Which addresses may be fetched from, by their spelling and by what names resolve to."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from images.addresses import check_public, redirected, target_of
from images.errors import AddressRefusedError

TUMBLR = "https://64.media.tumblr.com/0123/s640x960/ab.png"

NOT_PUBLIC = [
    "127.0.0.1", "127.8.9.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1",
    "169.254.169.254", "100.64.0.1", "192.0.0.8", "192.0.2.1", "198.18.0.1", "198.51.100.7", "203.0.113.9",
    "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "192.88.99.1",
    "::1", "::", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:a00:1", "::127.0.0.1", "::7f00:1",
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::7f00:1", "2002:7f00:1::", "2002:a9fe:a9fe::1",
    "2001:0:4136:e378:8000:63bf:80ff:fffe", "2001:db8::1", "3fff::1", "fe80::1", "fe80::1%eth0", "fec0::1",
    "fc00::1", "fd12:3456::1", "ff02::1", "2a00:1450:4001:800:0:5efe:7f00:1", "100::1",
]  # fmt: skip


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_what_is_not_on_the_open_internet_is_refused(address: str) -> None:
    with pytest.raises(AddressRefusedError):
        check_public(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "192.0.77.40", "2a04:fa87:fffd::c000:4d28", "64:ff9b::808:808"]
)
def test_what_is_on_the_open_internet_is_not_refused(address: str) -> None:
    check_public(address)


@pytest.mark.parametrize("text", ["", "localhost", "2130706433", "0x7f.1", "127.1", "1.2.3.4.5", "[::1]"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(AddressRefusedError):
        check_public(text)


@given(st.ip_addresses(v=4))
def test_an_address_inside_another_is_judged_as_itself(inner: ipaddress.IPv4Address) -> None:
    def verdict(address: str) -> bool:
        try:
            check_public(address)
        except AddressRefusedError:
            return False
        return True

    alone = verdict(str(inner))
    assert verdict(f"::ffff:{inner}") == alone
    assert verdict(str(ipaddress.IPv6Address(int(ipaddress.IPv6Address("64:ff9b::")) + int(inner)))) == alone


@pytest.mark.parametrize("url", [TUMBLR, "https://media.tumblr.com/tumblr_x_1280.png"])
def test_tumblrs_media_hosts_may_be_fetched_over_https(url: str) -> None:
    target = target_of(url)
    assert (target.scheme, target.port, target.is_trusted) == ("https", 443, False)


@pytest.mark.parametrize(
    "url",
    [
        "http://64.media.tumblr.com/a.png",
        "https://64.media.tumblr.com:8443/a.png",
        "https://64.media.tumblr.com.evil.example/a.png",
        "https://evilmedia.tumblr.com/a.png",
        "https://user@64.media.tumblr.com/a.png",
        "https://64.media.tumblr.com@127.0.0.1/a.png",
        "https://127.0.0.1#@64.media.tumblr.com/a.png",
        "https://127.0.0.1\\@64.media.tumblr.com/a.png",
        "https://６４.media.tumblr.com/a.png",
        "https://64.media.tumblr.com\n.evil.example/a.png",
        "https://64.media。tumblr.com/a.png",
        "https://tumblr.com/a.png",
        "https:///a.png",
        "https://[::1/a.png",
        "https://64.media.tumblr.com:99999/a.png",
        "//64.media.tumblr.com/a.png",
        "file:///etc/passwd",
        "ftp://64.media.tumblr.com/a.png",
        "data:image/png;base64,AAAA",
        "gopher://64.media.tumblr.com/",
        "javascript:alert(1)",
        "",
        "https://64.media.tumblr.com/" + "a" * 3000,
    ],
)
def test_everything_else_is_refused(url: str) -> None:
    with pytest.raises(AddressRefusedError):
        target_of(url)


@pytest.mark.parametrize(
    ("rule", "url", "is_allowed"),
    [
        ("images.example", "https://images.example/a", True),
        ("images.example", "https://x.images.example/a", False),
        ("*.example.com", "https://a.b.example.com/a", True),
        ("*.example.com", "https://example.com/a", False),
        ("images.example", "http://images.example/a", False),
        ("*", "https://anything.example/a", True),
        ("*", "http://anything.example/a", False),
        ("127.0.0.1:6001", "http://127.0.0.1:6001/a", True),
        ("127.0.0.1:6001", "http://127.0.0.1:6002/a", False),
        ("127.0.0.1:6001", "https://127.0.0.1/a", False),
        ("[::1]:6001", "http://[::1]:6001/a", True),
        ("LocalHost:6001", "http://localhost:6001/a", True),
    ],
)
def test_hosts_that_the_operator_names(rule: str, url: str, is_allowed: bool) -> None:
    try:
        target = target_of(url, [rule])
    except AddressRefusedError:
        assert not is_allowed
    else:
        assert is_allowed
        assert target.is_trusted == (":" in rule)


@pytest.mark.parametrize(
    "location",
    [
        "http://64.media.tumblr.com/b.png",
        "http://169.254.169.254/latest/meta-data/",
        "//169.254.169.254/",
        "file:///etc/passwd",
        "https://64.media.tumblr.com:22/",
        "https://127.0.0.1/",
        "/b\r\nHost: evil",
    ],
)
def test_a_redirect_is_judged_like_a_new_address(location: str) -> None:
    with pytest.raises(AddressRefusedError):
        redirected(target_of(TUMBLR), location)


def test_a_redirect_may_be_relative() -> None:
    assert redirected(target_of(TUMBLR), "../b.png?x=1").path == "/0123/b.png?x=1"
