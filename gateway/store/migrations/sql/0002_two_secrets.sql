-- While a partner's secret is replaced, the one before works until its moment.

alter table partner
    add column older_secret_hash  bytea,
    add column older_secret_until timestamptz,
    add constraint older_secret_ends check ((older_secret_hash is null) = (older_secret_until is null));
