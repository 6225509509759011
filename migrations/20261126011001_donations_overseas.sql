-- One more reason to refuse a donation: the law's limit for overseas electors.
alter table donor_cases drop constraint donor_cases_why_check;
alter table donor_cases add constraint donor_cases_why_check
    check (why in ('not_on_register', 'unidentified', 'not_permissible', 'above_cap', 'above_overseas_cap', 'party_rules', 'went_back'));
