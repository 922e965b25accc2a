"""Nothing secret or personal gets into a log line, wherever it hides."""

import logging
from collections.abc import Iterator
from io import BytesIO

import orjson
import pytest
import structlog

from observability import logs
from observability.redaction import HIDDEN, redact, redact_text

JWT = "eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiJjbGllbnRfMSJ9.c2lnbmF0dXJl"


SECRETS = [
    JWT,
    JWT.rpartition(".")[0] + ".",
    "Bearer abcdef0123456789",
    "basic dXNlcjpwYXNzd29yZA==",
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "WHSK_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "4111111111111111",
    "4111 1111 1111 1111",
    "5500-0000-0000-0004",
    "ada.lovelace+orders@mail.example.org",
    "ada@localhost.example",
]


@pytest.mark.parametrize("secret", SECRETS)
def test_a_value_that_looks_secret_is_hidden_within_any_text(secret: str) -> None:
    text = redact_text(f"before {secret} after")

    assert secret not in text
    assert text.startswith("before ")
    assert text.endswith(" after")


@pytest.mark.parametrize("secret", SECRETS)
def test_a_value_that_looks_secret_is_hidden_when_it_stands_alone(secret: str) -> None:
    assert redact_text(secret) == HIDDEN


def test_a_password_in_an_address_is_hidden_and_the_address_stays() -> None:
    text = redact_text("postgresql://omnigate:hunter2@db.example:5432/omnigate")

    assert text == f"postgresql://{HIDDEN}@db.example:5432/omnigate"


@pytest.mark.parametrize(
    "harmless",
    [
        "ord_01JDB7Z2M4X8Q5T3W9Y6N1K0RC",
        "4bf92f3577b34da6a3ce929d0e0e4736",
        "8e03978e-40d5-43e8-bc93-6894a57f9324",
        "1234567890123",
        "2026-11-23T10:12:00.000Z",
        "12.5 ms",
        "gateway/edge/problems.py:12",
    ],
)
def test_ids_times_and_places_stay_readable(harmless: str) -> None:
    assert redact_text(harmless) == harmless


@pytest.mark.parametrize(
    "name", ["authorization", "access_token", "client_secret", "Password", "card_number", "e-mail"]
)
def test_a_name_that_promises_a_secret_hides_any_value(name: str) -> None:
    assert redact(None, "info", {"event": "x", name: 12345, "deep": [{name: "plain"}]}) == {
        "event": "x",
        name: HIDDEN,
        "deep": [{name: HIDDEN}],
    }


def test_numbers_as_long_as_a_card_are_looked_at_too() -> None:
    seen = redact(None, "info", {"number": 4111111111111111, "count": 3, "ratio": 0.5, "at": 1795422363000})

    assert seen == {"number": HIDDEN, "count": 3, "ratio": 0.5, "at": "1795422363000"}


@pytest.fixture
def stream() -> Iterator[BytesIO]:
    out = BytesIO()
    logs.configure(stream=out)
    yield out
    structlog.reset_defaults()


def test_lines_are_json_with_level_and_time(stream: BytesIO) -> None:
    structlog.get_logger().info("stock_read", sku="LAMP-7")

    line = orjson.loads(stream.getvalue())
    assert (line["event"], line["level"], line["sku"]) == ("stock_read", "info", "LAMP-7")
    assert line["timestamp"].endswith("Z")


def test_libraries_take_the_same_way(stream: BytesIO) -> None:
    logging.getLogger("psycopg.pool").warning("cannot reach %s", "postgresql://a:hunter2@db/x")

    line = orjson.loads(stream.getvalue())
    assert (line["logger"], line["level"]) == ("psycopg.pool", "warning")
    assert "hunter2" not in line["event"]


def test_a_failure_is_told_by_kind_and_place_never_by_its_text(stream: BytesIO) -> None:
    try:
        try:
            raise KeyError("canary of the cause")
        except KeyError as error:
            raise ValueError("canary of the error") from error
    except ValueError:
        structlog.get_logger().exception("request_failed")
        logging.getLogger("library").exception("failed")

    lines = [orjson.loads(line) for line in stream.getvalue().splitlines()]
    assert [[each["kind"] for each in line["failure"]] for line in lines] == [
        ["builtins.ValueError", "builtins.KeyError"]
    ] * 2
    assert __file__ in lines[0]["failure"][0]["at"][0]
    assert b"canary" not in stream.getvalue()
