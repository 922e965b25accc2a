-- Lists of orders by when they were placed: every cell that a list is put together from stands in its order.
-- Made while the version before runs, which goes on accepting orders; a half-made index of an attempt before is removed.
-- `orders_of_partner` is still read by that version and goes in a later one.

drop index concurrently if exists orders_placed;
create index concurrently orders_placed on orders (partner_id, placed_at, order_id);

drop index concurrently if exists orders_placed_by_status;
create index concurrently orders_placed_by_status on orders (partner_id, status, placed_at, order_id);

drop index concurrently if exists orders_placed_by_channel;
create index concurrently orders_placed_by_channel on orders (partner_id, channel_id, status, placed_at, order_id);
