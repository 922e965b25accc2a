"""The instrument that compares contract and code: silent when they agree; when not, it names the place."""

import copy
from typing import Annotated, Any, Literal

import pytest
from fastapi import Body, FastAPI, Header, Query
from pydantic import BaseModel, ConfigDict, Field

from tests.contracts.agreement import differences

CONTRACT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Lamps", "version": "1"},
    "paths": {
        "/lamps": {
            "post": {
                "operationId": "add_lamp",
                "parameters": [
                    {"name": "X-Trace", "in": "header", "schema": {"type": "string", "maxLength": 9}},
                    {"name": "shelf", "in": "query", "required": True, "schema": {"type": "integer", "minimum": 1}},
                ],
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Lamp"}}},
                },
                "responses": {
                    "201": {
                        "description": "there",
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Lamp"}}},
                    }
                },
            }
        }
    },
    "components": {
        "schemas": {
            "Lamp": {
                "type": "object",
                "description": "A lamp, and the lamps that hang from it.",
                "required": ["sku", "kind", "quantity"],
                "additionalProperties": False,
                "properties": {
                    "sku": {"type": "string", "minLength": 1, "maxLength": 64, "x-personal": True},
                    "kind": {"const": "lamp"},
                    "quantity": {"type": "integer", "exclusiveMinimum": 0},
                    "examples": {"type": "array", "items": {"$ref": "#/components/schemas/Lamp"}},
                },
            }
        }
    },
}


class LampModel(BaseModel):
    model_config = ConfigDict(extra="forbid")

    sku: Annotated[str, Field(min_length=1, max_length=64)]
    kind: Literal["lamp"]
    quantity: Annotated[int, Field(ge=1)]
    examples: list["LampModel"] = []


def generated() -> dict[str, Any]:
    app = FastAPI(separate_input_output_schemas=False, generate_unique_id_function=lambda route: route.name)

    @app.post("/lamps", status_code=201)
    def add_lamp(
        lamp: Annotated[LampModel, Body()],
        shelf: Annotated[int, Query(ge=1)],
        x_trace: Annotated[str | None, Header(max_length=9)] = None,
    ) -> LampModel:
        return lamp

    return app.openapi()


def test_the_same_promise_in_other_words_is_no_difference() -> None:
    assert differences(CONTRACT, generated(), {"LampModel": "Lamp"}) == []


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        (("components", "schemas", "Lamp", "properties", "sku", "maxLength"), 65, "POST /lamps body application/json"),
        (("components", "schemas", "Lamp", "additionalProperties"), True, "POST /lamps -> 201 application/json"),
        (("components", "schemas", "Lamp", "required"), ["sku", "kind"], "POST /lamps body application/json"),
        (("paths", "/lamps", "post", "operationId"), "put_lamp", "POST /lamps: contract says 'put_lamp'"),
        (("paths", "/lamps", "post", "parameters", 0, "required"), True, "POST /lamps header:x-trace: required"),
        (("paths", "/lamps", "post", "parameters", 1, "name"), "room", "POST /lamps query:room: only in the contract"),
        (
            ("paths", "/lamps", "post", "responses", "409"),
            {"description": "no"},
            "POST /lamps -> 409: only in the contract",
        ),
    ],
    ids=lambda value: str(value[-1]) if isinstance(value, tuple) else None,
)
def test_a_difference_is_named(path: tuple[Any, ...], value: Any, named: str) -> None:
    contract = copy.deepcopy(CONTRACT)
    place: Any = contract
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value

    found = differences(contract, generated(), {"LampModel": "Lamp"})

    assert any(line.startswith(named) for line in found), found
