-- Who may vote on a day, and had joined by another: the roll of a ballot. The rules are those of `membership_standing`.
create function membership_roll(day date, joined_by date, waiting_days int, voting_age int) returns setof uuid
language sql stable as $$
    select person_id from membership_standing(day, waiting_days, voting_age) where no_vote is null and member_since <= joined_by
$$;
