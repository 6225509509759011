-- When officers began to enter what they had received: for the first return that is due.
create index ledger_entered on ledger (recorded_at) where entered_by is not null;
