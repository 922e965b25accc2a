"""What is refused of orders that the retailer places: a part of the tree drawn in `gateway/errors.py`."""

from gateway.refusals import Conflict, Forbidden


class NotApproved(Conflict):
    """People's yes to this is missing."""

    status, code = 409, "not_approved"


class SupplierNotActive(Conflict):
    """This supplier is not active."""

    status, code = 409, "supplier_not_active"


class DutiesNotSeparate(Forbidden):
    """Whoever did one part of a purchase does not do this one."""

    status, code = 403, "duties_not_separate"
