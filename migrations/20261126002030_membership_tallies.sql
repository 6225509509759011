call keep_tally('memberships', 'memberships', 'state', $$''$$);
-- By month.
call keep_tally('joined', 'membership_periods', $$date_trunc('month', started_on)::date::text$$, $$''$$);
call keep_tally('left', 'membership_periods', $$date_trunc('month', ended_on)::date::text$$, $$''$$, '1', 'ended_on is not null');
