-- Where each membership stood on which days, kept for good, so that a roll of any past day can be made.
create table membership_states (
    id            bigint generated always as identity primary key,
    membership_id uuid not null references memberships on delete cascade,
    state         text not null check (state in ('pending', 'active', 'grace', 'suspended', 'ended')),
    -- The last day of a grace or suspension.
    until_on      date,
    -- Of an end; null where it was not kept.
    reason        text,
    starts_on     date not null,
    -- The first day of what came after. One that began and was over on the same day holds on no day.
    ends_on       date,
    recorded_at   timestamptz not null,
    check (ends_on is null or ends_on >= starts_on),
    check ((until_on is not null) = (state in ('grace', 'suspended'))),
    check (reason is null or state = 'ended')
);
create unique index membership_states_one_open on membership_states (membership_id) where ends_on is null;
create index membership_states_by_membership on membership_states (membership_id, starts_on);

-- What is known of the past: when they were members, and how things are now.
insert into membership_states (membership_id, state, starts_on, ends_on, recorded_at)
select membership_id, 'active', started_on, ended_on, now() from membership_periods where ended_on is not null
union all
select p.membership_id, 'ended', p.ended_on, p.next_on, now()
from (select *, lead(started_on) over (partition by membership_id order by started_on) as next_on from membership_periods) p
where p.next_on is not null
union all
select m.id, 'active', p.started_on, greatest(p.started_on, (m.state_since at time zone 'Europe/London')::date), now()
from memberships m join membership_periods p on p.membership_id = m.id and p.ended_on is null
where m.state not in ('active', 'ended');
insert into membership_states (membership_id, state, until_on, reason, starts_on, recorded_at)
select m.id, m.state,
       case m.state when 'grace' then m.grace_until when 'suspended' then m.suspended_until end,
       m.end_reason,
       case m.state
           when 'ended' then greatest(m.ended_on, (select max(p.ended_on) from membership_periods p where p.membership_id = m.id))
           when 'active' then p.started_on
           else greatest(p.started_on, (m.state_since at time zone 'Europe/London')::date)
       end,
       now()
from memberships m left join membership_periods p on p.membership_id = m.id and p.ended_on is null;

-- The first day on which a member is not new any more, as the rules were when they joined.
alter table membership_periods add column settled_on date check (settled_on >= started_on);

-- By whom and when it was decided to expel somebody, and until when they can appeal: `membership::Decision`.
alter table memberships add column decision jsonb check (jsonb_typeof(decision) = 'object');
alter table memberships drop constraint memberships_end_reason_check;
alter table memberships add check (end_reason in ('left', 'lapsed', 'expelled', 'died', 'refused', 'officer', 'error'));

-- Where everybody stands, or stood, on a day who was a member until then: for whole rolls, and with `where person_id = ...`
-- for one. `standing` is what `membership::Standing` names, `since` the day from which on that holds, `member_since` when
-- they joined for the time that the day lies in, null if it lies in none. `no_vote` says why they may not vote: by their
-- standing, because they joined less than `waiting_days` before, or because they are younger than `voting_age`; null if
-- they may. The same rules are in `membership/model/standing.rs`, and a test compares both.
create function membership_standing(day date, waiting_days int, voting_age int)
returns table (person_id uuid, membership_id uuid, standing text, since date, member_since date, no_vote text)
language sql stable as $$
    select m.person_id, m.id, stood.standing,
           case stood.standing
               when 'lapsed' then case when h.state = 'grace' then h.until_on + 1 else h.starts_on end
               when 'current' then greatest(h.starts_on, p.settled_on)
               else h.starts_on
           end,
           case when stood.standing in ('pending', 'new', 'current', 'grace', 'suspended') then p.started_on end,
           case when stood.standing not in ('new', 'current', 'grace') then 'standing'
                when day < p.started_on + waiting_days then 'waiting'
                when (m.personal ->> 'born_on')::date > (day - make_interval(years => voting_age))::date then 'age'
           end
    from memberships m
    join membership_states h on h.membership_id = m.id and h.starts_on <= day and (h.ends_on is null or h.ends_on > day)
    left join membership_periods p on p.membership_id = m.id and p.started_on <= day and (p.ended_on is null or p.ended_on > day)
    cross join lateral (select case h.state
        when 'active' then case when day < p.settled_on then 'new' else 'current' end
        when 'grace' then case when day <= h.until_on then 'grace' else 'lapsed' end
        when 'ended' then case h.reason when 'lapsed' then 'lapsed' when 'left' then 'resigned' when 'expelled' then 'expelled'
                              when 'died' then 'deceased' else 'ended' end
        else h.state end as standing) stood
$$;
