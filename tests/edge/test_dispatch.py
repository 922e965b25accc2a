"""Which functions the edge calls itself, and which it leaves to FastAPI."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from gateway.edge.dispatch import functions_of

router = APIRouter()


def of_the_request() -> str:
    return "made by FastAPI"


@router.get("/plain", operation_id="plain")
async def plain(request: Request) -> Response:
    return Response()


@router.get("/asking", operation_id="asking")
async def asking(request: Request, made: Annotated[str, Depends(of_the_request)]) -> Response:
    return Response(made)


@router.get("/guarded", operation_id="guarded", dependencies=[Depends(of_the_request)])
async def guarded(request: Request) -> Response:
    return Response()


@router.get("/unnamed")
async def unnamed(request: Request) -> Response:
    return Response()


def test_a_function_is_called_directly_when_it_asks_for_the_request_alone() -> None:
    assert functions_of([router]) == {"plain": plain}
