"""
Who answers: everything that speaks to a system behind Omnigate, and the pretend systems it can be tried against.

Vendors' words and libraries live here and nowhere else.
"""

__all__: list[str] = []
