"""The partners' guide explains one availability: an answer as the contract has it, whose terms come to what is said."""

import re

import orjson

from gateway.settings import ROOT
from tests.house import house

PAGE = (ROOT / "docs" / "guides" / "partner.md").read_text("utf-8")
SECTION = PAGE.partition("## Ask what is available")[2].partition("\n## ")[0]


def test_the_answer_that_is_explained_is_one() -> None:
    contracts = house().contracts
    body = re.findall(r"^```json\n(.*?)^```$", SECTION, re.MULTILINE | re.DOTALL)[0].encode()

    headers = {"content-type": "application/json"}
    contracts.check_answer(contracts.operations["query_availability"], 200, headers, body)

    (node,) = orjson.loads(body)["items"][0]["nodes"]
    assert sum(term["quantity"] for term in node["terms"]) == node["available"]


def test_every_term_that_is_not_nothing_has_its_line() -> None:
    told = {
        name: int(number.replace("−", "-")) for name, number in re.findall(r"^\| `(\w+)` \| (−?\d+) \|", SECTION, re.M)
    }
    (node,) = orjson.loads(re.findall(r"^```json\n(.*?)^```$", SECTION, re.M | re.S)[0])["items"][0]["nodes"]

    explained = {term["name"]: term["quantity"] for term in node["terms"] if term["name"] in told}
    rest = [term["quantity"] for term in node["terms"] if term["name"] not in told]
    assert told == {**explained, "available": node["available"]}
    assert not any(rest)
