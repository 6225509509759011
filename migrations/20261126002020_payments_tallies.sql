-- Pence by month, as it is in London, and by what was paid for.
call keep_tally('income', 'ledger', $$date_trunc('month', at at time zone 'Europe/London')::date::text$$, 'purpose_kind', 'amount_pence');
