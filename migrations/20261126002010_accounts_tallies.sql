call keep_tally('people', 'people', 'standing', $$coalesce(region, '')$$);
