"""The proxies' configurations in the guides keep to what the edge and the contracts say."""

import re
from collections.abc import Iterator
from typing import Any

import yaml

from gateway.edge.limits import MOST_FIELDS, MOST_HEADER_BYTES, PATIENCE
from gateway.server.crowd import MOST_FROM_ONE
from gateway.server.protocol import HEAD_PATIENCE, PROXY_KEEP_ALIVE
from gateway.settings import ROOT

HAPROXY = (ROOT / "docs" / "guides" / "haproxy.cfg").read_text()
NGINX = (ROOT / "docs" / "guides" / "nginx.conf").read_text()


def number(text: str, directive: str) -> int:
    found = re.findall(rf"^ *{directive} +(\d+)", text, re.MULTILINE)
    assert len(found) == 1, directive
    return int(found[0])


def contracts() -> Iterator[Any]:
    for file in sorted((ROOT / "contracts" / "openapi").glob("*.yaml")):
        yield yaml.safe_load(file.read_text())


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from nodes(child)


def test_every_header_of_the_contracts_passes_through_nginx() -> None:
    wanted = {
        node["name"].lower() for contract in contracts() for node in nodes(contract) if node.get("in") == "header"
    }
    passes = {name.lower() for name in re.findall(r"proxy_set_header (\S+) \$http_\w+;", NGINX)}

    assert wanted
    assert wanted <= passes


def test_each_header_passes_under_its_own_name() -> None:
    passes = re.findall(r"proxy_set_header (\S+) \$http_(\w+);", NGINX)

    assert [name for name, variable in passes if name.lower().replace("-", "_") != variable] == []


def test_nginx_takes_the_largest_body_of_the_contracts() -> None:
    limits = [node["body_limit"] for contract in contracts() for node in nodes(contract) if "body_limit" in node]

    assert number(NGINX, "client_max_body_size") * 1024 * 1024 == max(limits)


def test_a_head_is_as_large_as_the_edge_takes_it() -> None:
    assert number(HAPROXY, "tune.http.maxhdr") == MOST_FIELDS - 1  # one more is the proxy's own
    buffer = number(HAPROXY, "tune.bufsize") - number(HAPROXY, "tune.maxrewrite")
    assert MOST_HEADER_BYTES <= buffer <= MOST_HEADER_BYTES + 1024
    count, size = re.findall(r"large_client_header_buffers (\d+) (\d+)k;", NGINX)[0]
    assert int(count) * int(size) * 1024 == MOST_HEADER_BYTES


def test_proxies_wait_longer_than_the_edge_and_part_sooner() -> None:
    assert number(HAPROXY, "timeout server") > PATIENCE + 5
    assert number(NGINX, "proxy_read_timeout") > PATIENCE + 5
    assert number(HAPROXY, "hard-stop-after") > number(HAPROXY, "timeout server")
    assert re.findall(r"keepalive_timeout (\d+)s; *# the edge keeps ours for (\d+) s", NGINX) == [
        ("50", str(PROXY_KEEP_ALIVE))
    ]


def test_a_head_has_as_much_time_and_an_address_as_many_connections_as_at_the_edge() -> None:
    assert number(HAPROXY, "timeout http-request") == number(NGINX, "client_header_timeout") == HEAD_PATIENCE
    assert f"sc_conn_cur(0,addresses) gt {MOST_FROM_ONE} }}" in HAPROXY
    assert number(NGINX, "limit_conn addresses") == MOST_FROM_ONE
