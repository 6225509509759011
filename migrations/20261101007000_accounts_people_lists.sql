-- The orders in which officers read lists of people, each with what it breaks ties by.
create index people_by_region_and_name on people ((coalesce(region, '~')), (plain_text(name)), id);
create index people_by_standing on people (standing, region);
