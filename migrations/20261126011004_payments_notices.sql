-- A Direct Debit that is collected more or less often than before has a notice that says so.
alter table debit_notices drop constraint debit_notices_why_check;
alter table debit_notices add constraint debit_notices_why_check check (why in ('first', 'amount', 'frequency', 'date'));
