"""Who plays a role is the settings' to say; what they leave open stops the process."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adapters.rest import MANIFESTS, rest_back_ends
from adapters.rest.erp import RestErp
from adapters.rest.payments import RestPayments
from adapters.rest.store import RestStore
from adapters.stripe.payments import StripePayments
from adapters.tryton.erp import TrytonErp
from adapters.tryton.wms import TrytonWms
from gateway.back_ends import back_ends
from gateway.errors import Misconfigured
from gateway.settings import Settings

MAPPING = """
company: 1
warehouse: 5
unit: 1
payment_term: 1
payment_method: 1
carrier: 1
register: 1
delivery: 2
currencies: {EUR: 1}
countries: {DE: 1}
taxes: {'0.19': 1}
channels:
  web-uk: {party: 3, address: 3}
articles: {LAMP-7: 4}
"""
TRYTON = {"erp": "tryton", "tryton_database": "shop", "tryton_user": "omnigate", "tryton_password": "of no value"}


def given(folder: Path, text: str = MAPPING, **more: Any) -> Settings:
    (folder / "tryton.yaml").write_text(text)
    return Settings.model_validate({**TRYTON, "tryton_mapping": folder / "tryton.yaml", **more})


@pytest.mark.parametrize(
    ("given", "expected"),
    [({}, RestPayments), ({"payments": "stripe", "stripe_key": "sk_test_of_no_value"}, StripePayments)],
)
async def test_the_settings_name_who_provides_payments(given: dict[str, str], expected: type) -> None:
    async with back_ends(Settings.model_validate(given)) as connected:
        assert isinstance(connected.payments, expected)


async def test_stripe_without_its_key_is_said_so() -> None:
    with pytest.raises(Misconfigured, match="OMNIGATE_STRIPE_KEY is missing"):
        async with back_ends(Settings.model_validate({"payments": "stripe"})):
            pass


async def test_stores_carriers_and_messages_are_connected_where_they_have_an_address() -> None:
    async with back_ends(Settings.model_validate({"store_url": "http://127.0.0.1:1/store"})) as connected:
        assert isinstance(connected.store, RestStore)
        assert (connected.carrier, connected.notifications) == (None, None)
        assert list(connected.present) == ["payments", "erp", "wms", "store"]
        with pytest.raises(Misconfigured, match="set OMNIGATE_CARRIER_URL"):
            connected.named("carrier")


async def test_an_adapter_of_ones_own_without_its_address_is_said_so() -> None:
    with pytest.raises(Misconfigured, match="say in OMNIGATE_STORE_URL where it leads"):
        async with back_ends(Settings.model_validate({"store": "tests.cli.odd_adapter:contradicting"})):
            pass


@pytest.mark.parametrize("role", ["store", "carrier", "notifications", "supplier"])
async def test_a_manifest_of_an_adapter_of_ones_own_is_held_against_itself(role: str) -> None:
    settings = {f"{role}_url": "http://127.0.0.1:1", role: "tests.cli.odd_adapter:contradicting"}

    with pytest.raises(Misconfigured, match=rf"{role}\.\w+: the manifest does not promise anything"):
        async with back_ends(Settings.model_validate(settings)):
            pass


def test_a_key_is_not_shown() -> None:
    assert "sk_live" not in repr(Settings.model_validate({"stripe_key": "sk_live_0123456789"}))


async def test_tryton_is_the_erp_and_the_warehouse_which_is_asked_what_left(tmp_path: Path) -> None:
    async with back_ends(given(tmp_path, wms="tryton")) as connected:
        assert isinstance(connected.erp, TrytonErp)
        assert isinstance(connected.wms, TrytonWms)
        assert list(connected.changes) == ["wms", "wms_stock"]


async def test_a_warehouse_that_calls_back_is_not_asked() -> None:
    async with back_ends(Settings()) as connected:
        assert isinstance(connected.erp, RestErp)
        assert connected.changes == {}


async def test_the_rest_erp_books_what_is_bought_where_its_manifest_says_so() -> None:
    silent = replace(MANIFESTS, erp={name: MANIFESTS.erp[name] for name in ("book", "cancel", "invoice", "find")})
    urls = {f"{role}_url": f"http://127.0.0.1:1/{role}" for role in ("payments", "erp", "wms")}

    async with back_ends(Settings()) as connected, rest_back_ends(**urls, manifests=silent) as other:
        assert connected.purchasing is connected.erp
        assert (other.purchasing, other.credits) == (None, None)


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        ({"tryton_password": None}, "OMNIGATE_TRYTON_DATABASE, _USER, _PASSWORD and _MAPPING"),
        ({"tryton_mapping": None}, "OMNIGATE_TRYTON_DATABASE, _USER, _PASSWORD and _MAPPING"),
        ({"erp": "rest", "wms": "tryton"}, "OMNIGATE_WMS=tryton needs OMNIGATE_ERP=tryton"),
        ({"tryton_mapping": Path("nowhere.yaml")}, "nowhere.yaml: there is no such file"),
    ],
)
async def test_what_tryton_needs_is_asked_for(tmp_path: Path, *, more: dict[str, Any], complaint: str) -> None:
    with pytest.raises(Misconfigured, match=complaint):
        async with back_ends(given(tmp_path, **more)):
            pass


@pytest.mark.parametrize(
    ("line", "instead", "complaint"),
    [
        ("company: 1", "", r"tryton.yaml:1?\d?: 'company' is missing"),
        ("company: 1", "compny: 1", "tryton.yaml:2: unknown key 'compny'"),
        ("warehouse: 5", "warehouse: five", "tryton.yaml:3: 'warehouse' must be one of Tryton's ids"),
        ("{'0.19': 1}", "{'19': 1}", "tryton.yaml:12: '19' is no rate; write 19 % as '0.19'"),
        ("{EUR: 1}", "{EURO: 1}", "tryton.yaml:10: 'EURO' is no currency of ISO 4217"),
        ("party: 3, ", "", "tryton.yaml:14: 'party' is missing"),
        ("{LAMP-7: 4}", "{LAMP-7: 4, lamp-7: 5}", "tryton.yaml:15: 'lamp-7' stands here twice"),
    ],
)
async def test_a_bad_mapping_is_refused_with_its_line(
    tmp_path: Path, *, line: str, instead: str, complaint: str
) -> None:
    with pytest.raises(Misconfigured, match=complaint):
        async with back_ends(given(tmp_path, MAPPING.replace(line, instead))):
            pass


def test_trytons_password_is_not_shown() -> None:
    assert "of no value" not in repr(Settings.model_validate(TRYTON))
