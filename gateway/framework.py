"""FastAPI, as far as we use it: routes and an app that holds the stages; its own answers and spans are switched off."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from fastapi import FastAPI
from opentelemetry.sdk.trace import TracerProvider
from starlette.middleware import Middleware

from gateway import VERSION
from gateway.edge.problems import reraise
from gateway.settings import choose_conventions
from observability import tracing

State = dict[str, Callable[[], None]]  # of the lifespan: what the server may ask of the app
Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[State]]


def record_spans(app: FastAPI, traces: TracerProvider) -> None:
    """Where spans go somewhere; elsewhere ids are enough, and the telemetry stage makes them."""
    if tracing.records(traces):
        choose_conventions()
        tracing.instrument(app, traces)


def framework(stages: list[Middleware], lifespan: Lifespan) -> FastAPI:
    return FastAPI(
        title="Omnigate",
        version=VERSION,
        middleware=stages,
        exception_handlers=reraise,  # the outermost stage renders every error
        lifespan=lifespan,
        openapi_url=None,  # partners read contracts/openapi, not what code happens to say
        redirect_slashes=False,  # a path that no contract knows is not mended
        telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False},  # ours is outside
    )
