"""What a person can mend waits for one: a refusal that says nothing against what was ordered."""

from dataclasses import replace

from gateway.ports import Effect
from gateway.workflows.moves import Park, Turn
from gateway.workflows.operations import SAGAS
from gateway.workflows.plan import plan
from tests.workflows.test_plan import MANIFESTS, done, record, situation

BUYING = SAGAS["procure_to_pay.v1"]


def test_what_a_person_can_mend_turns_nothing_back_unless_it_is_not_wanted_any_more() -> None:
    begun = record("begin", effect=Effect("pur_1", "begin", "begun", {"books": "yes"}))
    refused = situation(*done("await_earlier"), begun, record("order_goods", "rejected"))

    parked = plan(BUYING, refused, MANIFESTS)
    cancelled = plan(BUYING, replace(refused, stop_wished=True), MANIFESTS)

    assert isinstance(parked, Park)
    assert (parked.code, parked.step) == ("refused", "order_goods")
    assert isinstance(cancelled, Turn)
