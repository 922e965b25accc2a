"""The environment, read once and made exact. No other file of ours reads or writes it."""

import os
from ipaddress import IPv4Network, IPv6Network, ip_interface
from pathlib import Path
from typing import Annotated

from pydantic import AliasChoices, BeforeValidator, Field, HttpUrl, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from gateway.errors import Misconfigured

ROOT = Path(__file__).resolve().parent.parent

Port = Annotated[int, Field(ge=1, le=65535)]


def _networks(value: object) -> object:
    """`10.0.0.5, 10.1.0.0/24` from the environment; values made by code are networks already."""
    if not isinstance(value, str):
        return value
    return tuple(_network(part.strip()) for part in value.split(",") if part.strip())


def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        interface = ip_interface(text)
    except ValueError:
        raise ValueError(f"'{text}' is no address: write 10.0.0.5 or 10.1.0.0/24, several with commas") from None
    if interface.network.prefixlen == 0:
        raise ValueError(f"'{text}' is everybody: name the proxies")
    if interface.ip != interface.network.network_address:
        raise ValueError(f"'{text}' is one address and many: write {interface.ip} or {interface.network}")
    return interface.network


def _adapter(*ours: str) -> BeforeValidator:
    """One of ours by its name, or somebody's own by where it stands: `package.module:function`."""

    def known(value: object) -> object:
        module, colon, function = str(value).partition(":")
        if value in ours or (colon and function.isidentifier() and all(map(str.isidentifier, module.split(".")))):
            return value
        raise ValueError(f"'{value}' is no adapter: write {', '.join(ours)}, or package.module:function for your own")

    return BeforeValidator(known)


Proxies = Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(_networks)]


class Settings(BaseSettings):
    """Every variable that Omnigate reads; unknown `OMNIGATE_*` names are none of its business."""

    model_config = SettingsConfigDict(env_prefix="OMNIGATE_", frozen=True, extra="ignore")

    home: Path = Path(".omnigate")
    database_url: SecretStr | None = Field(None, validation_alias=AliasChoices("DATABASE_URL", "OMNIGATE_DATABASE_URL"))
    redis_url: SecretStr | None = Field(None, validation_alias=AliasChoices("REDIS_URL", "OMNIGATE_REDIS_URL"))
    edges: Annotated[int, Field(ge=1, le=1024)] = 1
    secret_key: SecretStr | None = None
    public_url: HttpUrl | None = None
    host: str = "127.0.0.1"
    port: Port = 8080
    trusted_proxies: Proxies = ()
    payments_url: HttpUrl = HttpUrl("http://127.0.0.1:8090/psp")
    payments: Annotated[str, _adapter("rest", "stripe")] = "rest"
    payments_key: SecretStr | None = None
    stripe_url: HttpUrl = HttpUrl("https://api.stripe.com")
    stripe_key: SecretStr | None = None
    stripe_return_url: HttpUrl | None = None
    erp: Annotated[str, _adapter("rest", "tryton")] = "rest"
    erp_key: SecretStr | None = None
    erp_url: HttpUrl = HttpUrl("http://127.0.0.1:8090/erp")
    wms: Annotated[str, _adapter("rest", "tryton")] = "rest"
    wms_key: SecretStr | None = None
    wms_url: HttpUrl = HttpUrl("http://127.0.0.1:8090/wms")
    wms_polled: bool = False
    wms_stock_changes: bool = False
    store: Annotated[str, _adapter("rest")] = "rest"
    store_key: SecretStr | None = None
    store_url: HttpUrl | None = None
    carrier: Annotated[str, _adapter("rest")] = "rest"
    carrier_key: SecretStr | None = None
    carrier_url: HttpUrl | None = None
    notifications: Annotated[str, _adapter("rest")] = "rest"
    notifications_key: SecretStr | None = None
    notifications_url: HttpUrl | None = None
    supplier: Annotated[str, _adapter("rest")] = "rest"
    supplier_key: SecretStr | None = None
    supplier_url: HttpUrl | None = None
    tryton_url: HttpUrl = HttpUrl("http://127.0.0.1:8000")
    tryton_database: str | None = None
    tryton_user: str | None = None
    tryton_password: SecretStr | None = None
    tryton_mapping: Path | None = None
    back_end_calls: Annotated[int, Field(ge=1, le=256)] = 8
    back_end_repeats: Annotated[float, Field(ge=0, le=1)] = 0.1
    breaker_failures: Annotated[int, Field(ge=1, le=100)] = 5
    breaker_rest: Annotated[float, Field(ge=0.1, le=60)] = 2.0
    workers: Annotated[int, Field(ge=1, le=1024)] = 1
    policies: Path = ROOT / "policies"
    contracts: Path = ROOT / "contracts" / "openapi"
    database_connections: Annotated[int, Field(ge=2, le=64)] = 8
    log_level: str = "INFO"
    otlp_endpoint: str | None = Field(None, validation_alias="OTEL_EXPORTER_OTLP_ENDPOINT")
    trace_ratio: Annotated[float, Field(ge=0, le=1)] = 1.0
    operator_id: str | None = None
    operator_secret: SecretStr | None = None
    metrics_host: str = "127.0.0.1"
    metrics_port: Port | None = None

    @property
    def public_address(self) -> str:
        """What `Location`, the issuer and problem types begin with; never taken from a Host header."""
        return str(self.public_url).rstrip("/") if self.public_url else f"http://{self.host}:{self.port}"


def read_settings() -> Settings:
    """The settings of this process. Raises `Misconfigured` naming each variable that is wrong."""
    try:
        return Settings()
    except ValidationError as error:
        faults = "; ".join(f"OMNIGATE_{'.'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors())
        raise Misconfigured(f"the environment is wrong: {faults}") from None


def choose_conventions() -> None:
    """The names of HTTP attributes that our traces use and clean; their instrumentation can be told in no other way."""
    os.environ.setdefault("OTEL_SEMCONV_STABILITY_OPT_IN", "http")


def foreign_environment() -> dict[str, str]:
    """What a process with settings of its own inherits: every variable that is none of Omnigate's."""
    ours = ("OMNIGATE_", "DATABASE_URL", "REDIS_URL")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}
