-- Whoever took a supplier to its status: who says that it is certified does not let it in, too.

alter table supplier add column if not exists moved_by text;  -- null: nobody has, or a process of the version before
