"""A file of nodes, each checked by the contract of `put_node`: what the API would refuse, a file may not bring in."""

from __future__ import annotations

from pathlib import Path

import orjson

from gateway.domain.nodes import Node, breaches_of_node, node_from
from gateway.errors import Misconfigured
from gateway.governance.contracts import Contracts
from gateway.governance.sections import mapping_at, only_keys
from gateway.governance.yaml import Document, read_yaml
from gateway.refusals import Fault, Invalid

MOST = 1_000


def read_nodes(path: Path, contracts: Contracts) -> list[Node]:
    """Raises `Misconfigured` with a line for everything that is wrong in it."""
    document = read_yaml(path)
    only_keys(document, ("nodes",))
    bodies = mapping_at(document, ("nodes",), called="nodes")
    if len(bodies) > MOST:
        raise Misconfigured(f"{document.at('nodes')}: there may be {MOST} nodes, not {len(bodies)}")
    wrong = [f"{_at(document, name, fault)}" for name in bodies for fault in _faults(document, name, contracts)]
    if wrong:
        raise Misconfigured("\n".join(wrong))
    return [node_from(name, body) for name, body in bodies.items()]


def _faults(document: Document, name: str, contracts: Contracts) -> list[Fault]:
    body = document.value["nodes"][name]
    try:
        contracts.check_request(
            contracts.operations["put_node"],
            path_parameters={"node_id": name},
            query=b"",
            headers={},
            content_type="application/json",
            body=orjson.dumps(body),
        )
    except Invalid as error:
        return list(error.faults)
    return [Fault(*breach) for breach in breaches_of_node(body)]


def _at(document: Document, name: str, fault: Fault) -> str:
    """`nodes.yaml:12: node 'dc-north': #/timezone is not one of …`."""
    within = fault.pointer.removeprefix("#").split("/")[1:] if fault.pointer.startswith("#") else []
    place = [int(part) if part.isdigit() else part for part in within]
    return f"{document.at('nodes', name, *place)}: node '{name}': {fault.pointer} {fault.detail}"
