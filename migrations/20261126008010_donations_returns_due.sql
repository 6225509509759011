-- Returns that the treasurer has to file, or to file again, as the site worked out last: each hour, and with each that is
-- filed. Whether a quarter needs one follows from all donations; this is the answer, for pages that only count.
create table returns_due (
    kind      text not null check (kind in ('quarterly', 'weekly')),
    starts_on date not null,
    -- The last day to file it; null for one that has changed since it was filed.
    due_by    date,
    primary key (kind, starts_on)
);
