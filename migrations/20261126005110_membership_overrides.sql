-- What an officer sets by hand for a time: it ends by itself on its last day, or before, when it is lifted.
create table membership_overrides (
    id              uuid primary key,
    membership_id   uuid not null references memberships on delete cascade,
    kind            text not null check (kind in ('current', 'no_vote')),
    starts_on       date not null,
    -- The last day.
    until_on        date not null check (until_on >= starts_on),
    reason          text not null check (length(reason) between 1 and 2000),
    -- For legal reasons the member does not read why.
    is_confidential boolean not null,
    set_by          uuid not null references people,
    set_at          timestamptz not null,
    -- The first day on which it did not hold any more.
    lifted_on       date,
    lifted_by       uuid references people,
    check ((lifted_on is null) = (lifted_by is null))
);
create index membership_overrides_by_membership on membership_overrides (membership_id, starts_on);
create index membership_overrides_set_by on membership_overrides (set_by);
create index membership_overrides_lifted_by on membership_overrides (lifted_by);

-- As before, with what is set by hand: whoever is overdue or has a first payment on its way may count as current, and
-- somebody may be barred from voting.
create or replace function membership_standing(day date, waiting_days int, voting_age int)
returns table (person_id uuid, membership_id uuid, standing text, since date, member_since date, no_vote text)
language sql stable as $$
    select m.person_id, m.id, stood.standing,
           case stood.standing
               when 'lapsed' then case when h.state = 'grace' then h.until_on + 1 else h.starts_on end
               when 'current' then case when h.state = 'active' then greatest(h.starts_on, p.settled_on)
                                        else greatest(h.starts_on, o.counted_from) end
               else h.starts_on
           end,
           case when stood.standing in ('pending', 'new', 'current', 'grace', 'suspended') then p.started_on end,
           case when stood.standing not in ('new', 'current', 'grace') then 'standing'
                when o.is_barred then 'barred'
                when day < p.started_on + waiting_days then 'waiting'
                when (m.personal ->> 'born_on')::date > (day - make_interval(years => voting_age))::date then 'age'
           end
    from memberships m
    join membership_states h on h.membership_id = m.id and h.starts_on <= day and (h.ends_on is null or h.ends_on > day)
    left join membership_periods p on p.membership_id = m.id and p.started_on <= day and (p.ended_on is null or p.ended_on > day)
    left join (
        select s.membership_id, min(s.starts_on) filter (where s.kind = 'current') as counted_from,
               bool_or(s.kind = 'no_vote') as is_barred
        from membership_overrides s
        where s.starts_on <= day and day <= s.until_on and (s.lifted_on is null or day < s.lifted_on)
        group by 1
    ) o on o.membership_id = m.id
    cross join lateral (select case
        when h.state = 'active' then case when day < p.settled_on then 'new' else 'current' end
        when h.state = 'grace' and day > h.until_on then 'lapsed'
        when h.state in ('grace', 'pending') and o.counted_from is not null then 'current'
        when h.state = 'ended' then case h.reason when 'lapsed' then 'lapsed' when 'left' then 'resigned' when 'expelled' then 'expelled'
                                        when 'died' then 'deceased' else 'ended' end
        else h.state end as standing) stood
$$;
