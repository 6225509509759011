-- The filters of the lists of people that officers keep for themselves, and two more orders of the lists.
create table people_filters (
    id         uuid primary key,
    officer_id uuid not null references people on delete cascade,
    list       text not null check (list in ('members', 'supporters')),
    name       text not null check (length(name) between 1 and 60),
    -- Name and value of each field, as the list's address has them.
    fields     jsonb not null,
    created_at timestamptz not null,
    unique (officer_id, list, name)
);
create index memberships_in_order_of_status on memberships (array_position('{grace,pending,suspended,active,ended}'::text[], state), id);
create index memberships_in_order_of_rate on memberships (array_position('{low_wage,standard,solidarity}'::text[], rate), amount_pence, id);
