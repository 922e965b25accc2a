"""Suppliers v1: who delivers, and what is bought of them; the rules are in the domain, the SQL in the store."""

from gateway.resources.suppliers.invoice_routes import supplier_invoices
from gateway.resources.suppliers.purchase_routes import purchase_orders
from gateway.resources.suppliers.routes import suppliers

__all__ = ["purchase_orders", "supplier_invoices", "suppliers"]
