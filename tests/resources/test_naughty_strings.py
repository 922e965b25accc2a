"""Strings that break programs are told back exactly as they were sent, or refused; what is not JSON is refused."""

import json
from uuid import uuid4

import pytest

from tests.resources.shop import ADDRESS, Shop

STRINGS = (
    "undefined",
    "null",
    "NULL",
    "None",
    "nil",
    "true",
    "NaN",
    "Infinity",
    "0",
    "-0",
    "1e9",
    "1E+02",
    "0x0",
    "٠١٢",
    "' or 1=1 --",
    "'; drop table orders; --",
    '" or ""="',
    "\\'; --",
    "$$",
    "$1",
    "%s %d %n",
    "{0}",
    "${HOME}",
    "$(id)",
    "`id`",
    "{{7*7}}",
    "<%= 7 %>",
    "#{7}",
    "<script>alert(1)</script>",
    "<svg/onload=x>",
    "javascript:x",
    "&lt;&amp;",
    "]]>",
    "<!--",
    "../../etc/passwd",
    "..\\..\\win.ini",
    "file:///etc/passwd",
    "C:\\CON",
    "%00",
    "%2e%2e%2f",
    "\\0",
    "\\x41",
    "\\u0041",
    "() { :;}; id",
    "=1+1",
    "+1+1",
    "@SUM(1)",
    "-2+3",
    "| id",
    "; id",
    "&& id",
    "a\tb",
    "a\nb",
    "a\r\nb",
    "\x7f",
    "\x1b[31m",
    "\x01\x02\x1f",
    "\x80\x9f",
    "\u00a0",
    "\u200b",
    "\u200e\u202e",
    "\u2028\u2029",
    "\ufeff",
    "\ufffd",
    "\uffff",
    "\ufdd0",
    "é",
    "e\u0301",
    "ﬁ",
    "ß",
    "İ",
    "ı",
    "ς",
    "Å",
    "\u212b",
    "가",
    "\u1100\u1161",
    "田中さん",
    "表ポあA鷗",
    "社會",
    "ثم نفس",
    "ทำ",
    "😀",
    "👩‍👩‍👧",
    "🇬🇧",
    "1️⃣",
    "𝕋𝕙𝕖",
    "𠜎",
    "\U0010ffff",
    "Z̮̞̠͙͔ͅ",
    "a" * 200,
    "😀" * 200,
    " ",
    "   a   ",
    "\u3000",
)

REFUSED = {"blank": "\u0000", "NUL within": "a\u0000b"}

NOT_JSON = (
    b"",
    b" ",
    b"x",
    b"{",
    b"}",
    b"[",
    b"{]",
    b"[}",
    b"{}{}",
    b"{} x",
    b"{,}",
    b"{1:2}",
    b"{a:1}",
    b"{'a':1}",
    b'{"a"}',
    b'{"a":}',
    b'{"a":1,}',
    b'{,"a":1}',
    b'{"a" 1}',
    b'{"a":1 "b":2}',
    b'{"a":1;"b":2}',
    b"[1,]",
    b"[,1]",
    b"[1 2]",
    b'{"a":01}',
    b'{"a":+1}',
    b'{"a":.5}',
    b'{"a":1.}',
    b'{"a":1e}',
    b'{"a":1e+}',
    b'{"a":0x1}',
    b'{"a":1_000}',
    b'{"a":--1}',
    b'{"a":NaN}',
    b'{"a":-Infinity}',
    b'{"a":undefined}',
    b'{"a":True}',
    b'{"a":None}',
    b'{"a":nul}',
    b'{"a":trueish}',
    b'{"a":"x}',
    b'{"a":"\x01"}',
    b'{"a":"\n"}',
    b'{"a":"\t"}',
    b'{"a":"\\x41"}',
    b'{"a":"\\u12"}',
    b'{"a":"\\"}',
    b'{"a":"\\a"}',
    b"{/**/}",
    b"{}//",
    b"#\n{}",
    b"\xef\xbb\xbf{}",
    b"\xff\xfe{\x00}\x00",
    b'{"a":"\xff"}',
    b'{"a":"\xc0\x80"}',
    b"{}\x00",
    b'{"a":"\xed\xa0\x80"}',
    b'{"a":"\\ud800"}',
    b'{"a":"\\udc00\\ud800"}',
    b'{"a":1,"a":1}',
    b'{"a":1,"\\u0061":2}',
    b"{}\x0c",
    b'{"a":"\\u0000"}',
    b'{"\\u0000":1}',
    b'{"a":1e400}',
    b'{"a":9007199254740992}',
    b"\xa0{}",
    b"\xe2\x80\xa8{}",
    b"%7B%7D",
    b"a=1&b=2",
    b"<a/>",
    b"a: 1",
    b"!!python/object:x",
    b")]}',\n{}",
    b"callback({})",
    b"\x1f\x8b\x08\x00",
    b"[" * 40 + b"]" * 40,
)


async def test_a_string_comes_back_as_it_was_sent(shop: Shop) -> None:
    differing: dict[str, object] = {}
    for text in STRINGS:
        address = {**ADDRESS, "name": text, "lines": [text], "city": text[:120]}
        group = {"id": text[:64], "method": "ship_to_home", "address": address}
        number = f"{text[:30]}{uuid4().hex}"
        answer = await shop.send(shop.order(channel_order_id=number, delivery_groups=[group]))
        if answer.status_code != 202:
            differing[text] = answer.text[:200]
            continue
        seen = (await shop.get(f"/v1/orders/{answer.json()['order_id']}")).json()
        listed = (await shop.get("/v1/orders", channel_order_id=number)).json()["orders"]
        if (seen["delivery_groups"], seen["channel_order_id"], len(listed)) != ([group], number, 1):
            differing[text] = seen

    print(f"\n{len(STRINGS)} strings")
    assert differing == {}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
async def test_the_one_character_that_cannot_be_kept_is_refused_wherever_it_stands(shop: Shop, text: str) -> None:
    body = shop.order(channel_order_id=text)

    sent = await shop.send(body)
    asked = await shop.get("/v1/orders", channel_order_id=text)

    assert (sent.status_code, asked.status_code) == (400, 422)


async def test_what_is_not_json_is_always_refused(shop: Shop) -> None:
    headers = {**shop.keyed(), "content-type": "application/json"}

    answers = {body: await shop.gate.http.post("/v1/orders", content=body, headers=headers) for body in NOT_JSON}

    print(f"\n{len(answers)} bodies that are not JSON")
    told = {body: answer.status_code for body, answer in answers.items()}
    assert {body: status for body, status in told.items() if status != 400} == {b"": 422}


async def test_json_is_taken_however_it_is_written(shop: Shop) -> None:
    for how in ({"ensure_ascii": False}, {"indent": 7}, {"separators": (",", ":")}, {"sort_keys": True}):
        written = json.dumps(shop.order(), **how)  # type: ignore[arg-type]
        spaced = f"\r\n\t {written}\n\n".replace('"quantity"', '"\\u0071uantity"')
        headers = {**shop.keyed(), "content-type": "application/json; charset=UTF-8"}

        answer = await shop.gate.http.post("/v1/orders", content=spaced.encode(), headers=headers)

        assert answer.status_code == 202, answer.text
