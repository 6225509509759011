-- The lists of members and supporters are walked by name, all of one standing or those of one region: an index for each,
-- so that a page reads its own rows whoever comes before them in the alphabet.
create index people_by_standing_and_name on people (standing, plain_text(name), id);
create index people_by_standing_region_and_name on people (standing, region, plain_text(name), id);
drop index people_by_standing;
