-- Who joined in which month, and who of them came and left in which: each period of a membership has the day beside it on
-- which that person first joined.
alter table membership_periods add column joined_on date;
update membership_periods p set joined_on = m.joined_on from memberships m where m.id = p.membership_id;
alter table membership_periods alter column joined_on set not null;

create function membership_period_joined() returns trigger language plpgsql as $$
begin
    new.joined_on := (select joined_on from memberships where id = new.membership_id);
    return new;
end $$;
create trigger membership_periods_joined before insert or update of membership_id on membership_periods
    for each row execute function membership_period_joined();
create function membership_joined_moved() returns trigger language plpgsql as $$
begin
    update membership_periods set joined_on = new.joined_on where membership_id = new.id;
    return null;
end $$;
create trigger memberships_joined_moved after update of joined_on on memberships
    for each row when (old.joined_on <> new.joined_on) execute function membership_joined_moved();

-- Those who came and left by month, as before; now with the month of first joining as their part.
drop trigger joined_tallied_in on membership_periods;
drop trigger joined_tallied_out on membership_periods;
drop trigger joined_tallied_over on membership_periods;
drop trigger joined_tallied_none on membership_periods;
drop trigger left_tallied_in on membership_periods;
drop trigger left_tallied_out on membership_periods;
drop trigger left_tallied_over on membership_periods;
drop trigger left_tallied_none on membership_periods;
delete from tallies where what in ('joined', 'left');
call keep_tally('joined', 'membership_periods', $$date_trunc('month', started_on)::date::text$$, $$date_trunc('month', joined_on)::date::text$$);
call keep_tally('left', 'membership_periods', $$date_trunc('month', ended_on)::date::text$$, $$date_trunc('month', joined_on)::date::text$$,
                '1', 'ended_on is not null');
-- How many first joined in each month, and how many ended in each, by the reason.
call keep_tally('cohorts', 'memberships', $$date_trunc('month', joined_on)::date::text$$, $$''$$);
call keep_tally('ended', 'membership_states', $$date_trunc('month', starts_on)::date::text$$, $$coalesce(reason, '')$$,
                '1', $$state = 'ended' and (ends_on is null or ends_on > starts_on)$$);

-- Since when somebody is behind with what they pay; null if they are not.
create function membership_behind_since(m memberships) returns date language sql stable as $$
    select case when m.state = 'grace' then coalesce(
        (select (s.failing_since at time zone 'Europe/London')::date from subscriptions s where s.id = m.subscription),
        m.ends_on + 1, (m.state_since at time zone 'Europe/London')::date) end
$$;
