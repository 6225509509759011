-- Who lives in another country has no postcode here.
alter table supporter_sign_ups alter column postcode drop not null;
