-- What a member declared who chose to pay more at one time than the law takes without a donor check.
alter table membership_rate_changes add column declaration text;
