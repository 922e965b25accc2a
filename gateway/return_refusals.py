"""What is refused of goods that shall come back: a part of the tree drawn in `gateway/errors.py`."""

from gateway.refusals import Conflict


class NotReturnable(Conflict):
    """Not all of these pieces may come back."""

    status, code = 409, "not_returnable"
