-- An address may be in any country: it is one document, whose form `places::Address` says. Null: none was asked for.
alter table gifts add column address jsonb check (jsonb_typeof(address) = 'object');
update gifts set address = case
    when postcode <> '' then jsonb_build_object('lives', 'uk', 'line1', address_line1, 'line2', address_line2, 'town', town,
                                                'postcode', postcode)
    when address_line1 <> '' then jsonb_build_object('lives', 'abroad', 'country', 'United Kingdom',
        'lines', to_jsonb(array_remove(array[address_line1, address_line2, town], '')))
end;
alter table gifts drop column address_line1, drop column address_line2, drop column town, drop column postcode;
