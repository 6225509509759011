-- A session that was complete before its money came was paid by Direct Debit: the only sign of it that we see.
alter table checkouts add column by_debit boolean not null default false;
alter table checkouts add column expires_at timestamptz;
