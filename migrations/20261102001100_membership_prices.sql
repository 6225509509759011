-- The prices become settings, which officers change in the site.
insert into settings (key, value, valid_from, source)
select 'rate_' || rate || '_' || billing_interval, amount_pence::text, valid_from, source from membership_rates;
drop table membership_rates;
