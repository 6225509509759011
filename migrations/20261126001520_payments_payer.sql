-- Who pays, as they typed it: officers find a payment by it where nobody has an account.
alter table checkouts add column name text check (length(name) between 1 and 200);
update checkouts c set name = g.name from gifts g where c.purpose_kind = 'donation' and c.purpose_id = g.id;
alter table checkouts add column payer text not null generated always as
    (plain_text(coalesce(name, '') || ' ' || email::text)) stored;
create index checkouts_by_payer on checkouts using gin (payer gin_trgm_ops);
