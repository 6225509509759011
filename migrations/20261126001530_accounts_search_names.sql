-- A name is found with and without what joins its parts: `obrien`, `obrien-jones` and `obrienjones` find O’Brien-Jones.
create function search_name(text) returns text
    language sql immutable strict parallel safe
    as $$ select case when bare = plain then plain else plain || ' ' || replace(plain, '''', '') || ' ' || bare end
          from (select plain, translate(plain, '''-.', '') as bare from (select public.plain_text($1) as plain) p) b $$;

alter table people drop column search;
alter table people add column search text not null generated always as
    (search_name(name) || ' ' || plain_text(email::text || ' ' || coalesce(postcode, '') || ' ' || replace(coalesce(postcode, ''), ' ', ''))) stored;
create index people_search_trigrams on people using gin (search gin_trgm_ops);
create index people_search_words on people using gin (to_tsvector('simple', search));

alter table checkouts drop column payer;
alter table checkouts add column payer text not null generated always as
    (search_name(coalesce(name, '')) || ' ' || plain_text(email::text)) stored;
create index checkouts_by_payer on checkouts using gin (payer gin_trgm_ops);
