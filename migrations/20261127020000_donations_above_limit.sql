-- Payments that took their donor over the party's annual limit, whatever they were for: they go back, and do not count.
create table above_limit (
    line     uuid primary key references ledger,
    noted_at timestamptz not null
);
insert into above_limit (line, noted_at) select line, heard_at from gift_payments where over_cap;
alter table gift_payments drop column over_cap;
