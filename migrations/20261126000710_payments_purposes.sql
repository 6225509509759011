-- Rooms declare what is paid for (`ROOM.purposes`); here a kind is an opaque code.
alter table checkouts drop constraint checkouts_purpose_kind_check;
alter table checkouts add constraint checkouts_purpose_kind_check check (purpose_kind ~ '^[a-z][a-z_]{0,39}$');
alter table subscriptions drop constraint subscriptions_purpose_kind_check;
alter table subscriptions add constraint subscriptions_purpose_kind_check check (purpose_kind ~ '^[a-z][a-z_]{0,39}$');
alter table ledger drop constraint ledger_purpose_kind_check;
alter table ledger add constraint ledger_purpose_kind_check check (purpose_kind ~ '^[a-z][a-z_]{0,39}$');
