"""Omnigate: the gateway between a retailer's channels and suppliers and its ERP, warehouses, payments and finance."""

__all__ = ["VERSION"]

VERSION = "0.1.0"
