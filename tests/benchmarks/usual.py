"""
The baseline `usual`: what a team builds by hand. slowapi counts in Redis, a token's signature is checked at every
request, answers are kept in Redis under the idempotency key by a `BaseHTTPMiddleware`, OpenTelemetry makes a span of
each request (and exports none). Nothing is durable.
"""

import hashlib
import os
from typing import Annotated

import orjson
from fastapi import Depends, FastAPI, HTTPException, Request, Response
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from redis.asyncio import Redis
from slowapi import Limiter, _rate_limit_exceeded_handler
from slowapi.errors import RateLimitExceeded
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint

from tests.benchmarks.bare import Order

REDIS = os.environ["BENCH_REDIS"]
KEY = RSAKey.import_key(orjson.loads(os.environ["BENCH_KEY"]))
CLAIMS = jwt.JWTClaimsRegistry(
    iss={"essential": True, "value": "bench"}, sub={"essential": True}, exp={"essential": True}
)
KEEP = 24 * 60 * 60

redis = Redis.from_url(REDIS)


def caller(request: Request) -> str:
    try:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise HTTPException(401)
        claims = jwt.decode(token, KEY, algorithms=["RS256"]).claims
        CLAIMS.validate(claims)
    except (JoseError, ValueError) as error:
        raise HTTPException(401) from error
    return str(claims["sub"])


class Idempotency(BaseHTTPMiddleware):
    """One answer per key, for a day."""

    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        key = request.headers.get("idempotency-key")
        if request.method != "POST" or key is None:
            return await call_next(request)
        fingerprint = hashlib.sha256(await request.body()).hexdigest()
        name = f"idempotency:{key}"
        if not await redis.set(name, orjson.dumps({"fingerprint": fingerprint}), nx=True, ex=KEEP):
            return await self._again(name, fingerprint)
        answer = await call_next(request)
        body = b"".join([chunk async for chunk in answer.body_iterator])  # type: ignore[attr-defined]
        kept = {"fingerprint": fingerprint, "status": answer.status_code, "body": body.decode()}
        await redis.set(name, orjson.dumps(kept), ex=KEEP)
        return Response(body, answer.status_code, dict(answer.headers))

    async def _again(self, name: str, fingerprint: str) -> Response:
        kept = orjson.loads(await redis.get(name) or b"{}")
        if kept.get("fingerprint") != fingerprint:
            return Response(status_code=422)
        if "status" not in kept:
            return Response(status_code=409)
        return Response(kept["body"], kept["status"], media_type="application/json")


limiter = Limiter(
    key_func=lambda request: request.headers.get("authorization", ""), storage_uri=REDIS, key_style="endpoint"
)
app = FastAPI()
app.state.limiter = limiter
app.add_exception_handler(RateLimitExceeded, _rate_limit_exceeded_handler)  # type: ignore[arg-type]
app.add_middleware(Idempotency)
FastAPIInstrumentor.instrument_app(app, tracer_provider=TracerProvider(), exclude_spans=["receive", "send"])


@app.post("/v1/orders", status_code=202)
@limiter.limit("10000000/minute")
async def place_order(request: Request, order: Order, partner: Annotated[str, Depends(caller)]) -> Order:
    return order


@app.get("/healthz")
async def health() -> dict[str, str]:
    return {"status": "alive"}
