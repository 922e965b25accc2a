"""Suppliers v1: who delivers, what is bought, and what came; the rules are in the domain, the SQL in the store."""

from gateway.resources.suppliers.delivery_routes import deliveries
from gateway.resources.suppliers.invoice_routes import supplier_invoices
from gateway.resources.suppliers.purchase_routes import purchase_orders
from gateway.resources.suppliers.routes import suppliers

__all__ = ["deliveries", "purchase_orders", "supplier_invoices", "suppliers"]
