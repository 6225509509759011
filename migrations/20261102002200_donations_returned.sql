-- A gift that went back instead of being found good; `checked_at` is then when that was.
alter table gifts add column returned boolean not null default false;
