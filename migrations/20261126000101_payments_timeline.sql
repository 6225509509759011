create view payments_timeline as
    select person_id, at, 'payment' as source, kind as what,
           jsonb_build_object('pence', amount_pence, 'purpose', purpose_kind, 'method', method) as detail, null::uuid as actor,
           true as sensitive
    from ledger where person_id is not null;
