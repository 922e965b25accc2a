"""The tables of the ledger. Effects and moves of stock are append-only, which the file itself enforces."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS attempts (
    sequence INTEGER PRIMARY KEY, system TEXT NOT NULL, operation TEXT NOT NULL, key TEXT, reference TEXT,
    order_id TEXT, request_id TEXT, traceparent TEXT, received_at REAL NOT NULL, status INTEGER, fault TEXT,
    applied INTEGER NOT NULL, replayed INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS attempts_by_order ON attempts (order_id);
CREATE INDEX IF NOT EXISTS attempts_by_key ON attempts (key);

CREATE TABLE IF NOT EXISTS effects (
    sequence INTEGER PRIMARY KEY, system TEXT NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL, key TEXT,
    reference TEXT, order_id TEXT, amount INTEGER, currency TEXT, lines BLOB, data BLOB, at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS effects_by_order ON effects (order_id);
CREATE INDEX IF NOT EXISTS effects_by_key ON effects (key);
CREATE INDEX IF NOT EXISTS effects_by_subject ON effects (subject);
CREATE TRIGGER IF NOT EXISTS effects_stay BEFORE UPDATE ON effects
    BEGIN SELECT RAISE(ABORT, 'effects are append-only'); END;
CREATE TRIGGER IF NOT EXISTS effects_remain BEFORE DELETE ON effects
    BEGIN SELECT RAISE(ABORT, 'effects are append-only'); END;

CREATE TABLE IF NOT EXISTS answers (
    system TEXT NOT NULL, key TEXT NOT NULL, fingerprint BLOB NOT NULL, status INTEGER NOT NULL, body BLOB NOT NULL,
    at REAL NOT NULL, PRIMARY KEY (system, key)) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS authorisations (
    id TEXT PRIMARY KEY, reference TEXT NOT NULL, order_id TEXT NOT NULL, amount INTEGER NOT NULL,
    currency TEXT NOT NULL, status TEXT NOT NULL, captured INTEGER NOT NULL DEFAULT 0, expires_at REAL,
    CHECK (captured <= amount)) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS refunds (
    id TEXT PRIMARY KEY, capture TEXT NOT NULL, amount INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS refunds_by_capture ON refunds (capture);

CREATE TABLE IF NOT EXISTS refund_failures (
    refund TEXT PRIMARY KEY, code TEXT NOT NULL, at REAL NOT NULL) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS psp_callbacks (
    sequence INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, type TEXT NOT NULL, refund TEXT NOT NULL, body BLOB NOT NULL,
    traceparent TEXT, state TEXT NOT NULL, copies INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
    last_status INTEGER, next_at REAL NOT NULL, delivered_at REAL);
CREATE INDEX IF NOT EXISTS psp_callbacks_due ON psp_callbacks (next_at) WHERE state = 'pending';

CREATE TABLE IF NOT EXISTS sales_orders (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, reference TEXT NOT NULL, order_id TEXT NOT NULL,
    status TEXT NOT NULL, currency TEXT NOT NULL, goods INTEGER NOT NULL, total INTEGER NOT NULL,
    lines INTEGER NOT NULL, body BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS sales_orders_by_reference ON sales_orders (reference);

CREATE TABLE IF NOT EXISTS invoices (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, reference TEXT NOT NULL, sales_order TEXT NOT NULL,
    amount INTEGER NOT NULL, currency TEXT NOT NULL, payment TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS invoices_by_reference ON invoices (reference);
CREATE INDEX IF NOT EXISTS invoices_by_order ON invoices (sales_order);

CREATE TABLE IF NOT EXISTS credit_memos (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, reference TEXT NOT NULL, sales_order TEXT NOT NULL,
    amount INTEGER NOT NULL, currency TEXT NOT NULL, body BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS credit_memos_by_reference ON credit_memos (reference);
CREATE INDEX IF NOT EXISTS credit_memos_by_order ON credit_memos (sales_order);

CREATE TABLE IF NOT EXISTS purchase_orders (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, reference TEXT NOT NULL, po_id TEXT NOT NULL,
    po_number TEXT NOT NULL, supplier_code TEXT NOT NULL, status TEXT NOT NULL, amount INTEGER NOT NULL,
    currency TEXT NOT NULL, body BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS purchase_orders_by_reference ON purchase_orders (reference);
CREATE INDEX IF NOT EXISTS purchase_orders_by_number ON purchase_orders (po_number);

CREATE TABLE IF NOT EXISTS goods_receipts (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, reference TEXT NOT NULL, purchase TEXT NOT NULL,
    po_number TEXT NOT NULL, receipt_number TEXT NOT NULL, body BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS goods_receipts_by_reference ON goods_receipts (reference);
CREATE INDEX IF NOT EXISTS goods_receipts_by_purchase ON goods_receipts (purchase);
CREATE INDEX IF NOT EXISTS goods_receipts_by_number ON goods_receipts (po_number);

CREATE TABLE IF NOT EXISTS supplier_bills (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, reference TEXT NOT NULL, purchase TEXT NOT NULL,
    po_number TEXT NOT NULL, supplier_code TEXT NOT NULL, invoice_number TEXT NOT NULL, amount INTEGER NOT NULL,
    currency TEXT NOT NULL, body BLOB NOT NULL, UNIQUE (supplier_code, invoice_number));
CREATE INDEX IF NOT EXISTS supplier_bills_by_reference ON supplier_bills (reference);
CREATE INDEX IF NOT EXISTS supplier_bills_by_purchase ON supplier_bills (purchase);
CREATE INDEX IF NOT EXISTS supplier_bills_by_number ON supplier_bills (po_number);

CREATE TABLE IF NOT EXISTS articles (sku TEXT PRIMARY KEY, name TEXT NOT NULL, gtin TEXT) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS shelves (
    node TEXT NOT NULL, sku TEXT NOT NULL, on_hand INTEGER NOT NULL,
    allocated INTEGER NOT NULL DEFAULT 0 CHECK (allocated >= 0), told INTEGER NOT NULL DEFAULT 0,
    CHECK (on_hand >= allocated), PRIMARY KEY (node, sku)) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS moves (
    sequence INTEGER PRIMARY KEY, node TEXT NOT NULL, sku TEXT NOT NULL, delta INTEGER NOT NULL, reason TEXT NOT NULL,
    reference TEXT, at REAL NOT NULL);
CREATE TRIGGER IF NOT EXISTS moves_stay BEFORE UPDATE ON moves
    BEGIN SELECT RAISE(ABORT, 'moves are append-only'); END;
CREATE TRIGGER IF NOT EXISTS moves_remain BEFORE DELETE ON moves
    BEGIN SELECT RAISE(ABORT, 'moves are append-only'); END;

CREATE TABLE IF NOT EXISTS tellings (
    sequence INTEGER PRIMARY KEY, id TEXT NOT NULL, number INTEGER NOT NULL, node TEXT NOT NULL, sku TEXT NOT NULL,
    delta INTEGER NOT NULL, reason TEXT NOT NULL, reference TEXT, at REAL NOT NULL);

CREATE TABLE IF NOT EXISTS lies (
    place INTEGER PRIMARY KEY, kind TEXT NOT NULL, node TEXT, sku TEXT, size INTEGER, told INTEGER NOT NULL DEFAULT 0);

CREATE TABLE IF NOT EXISTS shipments (
    id TEXT PRIMARY KEY, reference TEXT NOT NULL, order_id TEXT NOT NULL, status TEXT NOT NULL,
    lines BLOB NOT NULL, released_at REAL NOT NULL, shipped_at REAL, traceparent TEXT, fault TEXT, delay REAL NOT NULL,
    copies INTEGER NOT NULL, node TEXT NOT NULL DEFAULT 'main') WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS shipments_due ON shipments (released_at) WHERE status = 'released';

CREATE TABLE IF NOT EXISTS callbacks (
    sequence INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, shipment TEXT NOT NULL, body BLOB NOT NULL,
    traceparent TEXT, state TEXT NOT NULL, copies INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
    last_status INTEGER, next_at REAL NOT NULL, delivered_at REAL);
CREATE INDEX IF NOT EXISTS callbacks_due ON callbacks (next_at) WHERE state = 'pending';

CREATE TABLE IF NOT EXISTS tasks (
    id TEXT PRIMARY KEY, reference TEXT NOT NULL, order_id TEXT NOT NULL, node TEXT NOT NULL, method TEXT NOT NULL,
    until TEXT NOT NULL, lines BLOB NOT NULL, status TEXT NOT NULL, waits INTEGER NOT NULL, at REAL NOT NULL,
    reason TEXT, picked BLOB NOT NULL DEFAULT '{}', traceparent TEXT, fault TEXT, delay REAL NOT NULL,
    copies INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS tasks_waiting ON tasks (at) WHERE waits;

CREATE TABLE IF NOT EXISTS store_rules (
    place INTEGER PRIMARY KEY, kind TEXT NOT NULL, node TEXT, sku TEXT, reason TEXT, by INTEGER, next INTEGER,
    struck INTEGER NOT NULL DEFAULT 0);

CREATE TABLE IF NOT EXISTS store_callbacks (
    sequence INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, type TEXT NOT NULL, task TEXT NOT NULL, body BLOB NOT NULL,
    traceparent TEXT, state TEXT NOT NULL, copies INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
    last_status INTEGER, next_at REAL NOT NULL, delivered_at REAL);
CREATE INDEX IF NOT EXISTS store_callbacks_due ON store_callbacks (next_at) WHERE state = 'pending';

CREATE TABLE IF NOT EXISTS labels (
    id TEXT PRIMARY KEY, reference TEXT NOT NULL, order_id TEXT NOT NULL, status TEXT NOT NULL, at REAL NOT NULL,
    tracking_number TEXT NOT NULL, cost INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS messages (
    sequence INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, reference TEXT NOT NULL, kind TEXT NOT NULL, order_id TEXT,
    ways BLOB NOT NULL, facts BLOB NOT NULL, at REAL NOT NULL);

CREATE TABLE IF NOT EXISTS stripe_intents (
    sequence INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, key TEXT, created INTEGER NOT NULL, amount INTEGER NOT NULL,
    currency TEXT NOT NULL, status TEXT NOT NULL, payment_method TEXT, metadata BLOB NOT NULL, captured INTEGER NOT NULL
    DEFAULT 0, charge TEXT, charge_status TEXT, error BLOB, next_action TEXT, canceled_at INTEGER);

CREATE TABLE IF NOT EXISTS stripe_refunds (
    sequence INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, created INTEGER NOT NULL, intent TEXT NOT NULL,
    charge TEXT NOT NULL, amount INTEGER NOT NULL, currency TEXT NOT NULL, metadata BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS stripe_refunds_by_intent ON stripe_refunds (intent);

CREATE TABLE IF NOT EXISTS stripe_events (
    sequence INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, type TEXT NOT NULL, object TEXT NOT NULL, body BLOB NOT NULL,
    traceparent TEXT, state TEXT NOT NULL, copies INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
    last_status INTEGER, next_at REAL NOT NULL, delivered_at REAL);
CREATE INDEX IF NOT EXISTS stripe_events_due ON stripe_events (next_at) WHERE state = 'pending';

CREATE TABLE IF NOT EXISTS supplier_messages (
    id TEXT PRIMARY KEY, reference TEXT NOT NULL, po_id TEXT NOT NULL, po_number TEXT NOT NULL,
    revision INTEGER NOT NULL, supplier TEXT NOT NULL, status TEXT NOT NULL, at REAL NOT NULL) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS supplier_reminders (
    id TEXT PRIMARY KEY, reference TEXT NOT NULL, po_id TEXT NOT NULL, awaited TEXT NOT NULL, at REAL NOT NULL)
    WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS supplier_orders (
    po_id TEXT PRIMARY KEY, po_number TEXT NOT NULL, message TEXT NOT NULL, revision INTEGER NOT NULL,
    currency TEXT NOT NULL, lines BLOB NOT NULL, script BLOB NOT NULL, place INTEGER NOT NULL DEFAULT 0,
    edition INTEGER NOT NULL DEFAULT 1, state TEXT NOT NULL, next_at REAL NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
    shipped_at REAL, let_go INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS supplier_orders_by_number ON supplier_orders (po_number);
CREATE INDEX IF NOT EXISTS supplier_orders_due ON supplier_orders (next_at) WHERE state = 'at_work';

CREATE TABLE IF NOT EXISTS supplier_scripts (po_number TEXT PRIMARY KEY, plays BLOB NOT NULL) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS supplier_documents (
    sequence INTEGER PRIMARY KEY, key TEXT NOT NULL, po_id TEXT NOT NULL, po_number TEXT NOT NULL,
    edition INTEGER NOT NULL, kind TEXT NOT NULL, number TEXT NOT NULL, path TEXT NOT NULL, body BLOB NOT NULL,
    state TEXT NOT NULL DEFAULT 'pending', attempts INTEGER NOT NULL DEFAULT 0, last_status INTEGER, answer BLOB,
    at REAL NOT NULL, UNIQUE (po_id, key));

CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""

# A ledger that was begun when the warehouse was one room: everything in it lies at the main node.
ONE_ROOM = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'stock'"
FROM_ONE_ROOM = """
BEGIN;
INSERT INTO articles (sku, name, gtin) SELECT sku, name, gtin FROM stock;
INSERT INTO shelves (node, sku, on_hand, allocated) SELECT 'main', sku, on_hand, allocated FROM stock;
INSERT INTO moves (node, sku, delta, reason, at) SELECT 'main', sku, on_hand, 'opening', unixepoch() FROM stock;
ALTER TABLE shipments ADD COLUMN node TEXT NOT NULL DEFAULT 'main';
DROP TABLE stock;
COMMIT;
"""

# A ledger that was begun when nobody said how long money is held: what it holds is held for ever.
FOR_EVER = "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM pragma_table_info('authorisations') WHERE name = 'expires_at')"
FROM_FOR_EVER = "ALTER TABLE authorisations ADD COLUMN expires_at REAL"

# A ledger that was begun when suppliers forgot what was said before they had come to wait for it.
FORGETFUL = "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM pragma_table_info('supplier_orders') WHERE name = 'let_go')"
FROM_FORGETFUL = "ALTER TABLE supplier_orders ADD COLUMN let_go INTEGER NOT NULL DEFAULT 0"

# How a ledger of an earlier kind is known, and mended.
OLDER = ((ONE_ROOM, FROM_ONE_ROOM), (FOR_EVER, FROM_FOR_EVER), (FORGETFUL, FROM_FORGETFUL))
