-- Signs of split gifts that nobody has looked at, as the site worked out last: each hour, and with each that is looked at. For pages
-- that only count.
create table split_flags (
    -- In the order of their ids, as in `split_dismissals`.
    lines    uuid[] not null,
    pence    bigint not null check (pence > 0),
    noted_on date not null,
    primary key (lines)
);
