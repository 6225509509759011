-- Answers brought up to what the site does, where officers have not changed them, and those that were asked for and missing.
create temporary table true_answers on commit drop as
select i.id, i.version + 1 as version, jsonb_set(i.words, '{answer}', to_jsonb(a.answer)) as words
from (values
    ('can-i-change-my-rate', $$Yes. Open [your rate](/membership/rate), choose another one and see what it comes to before anything changes. It starts with the next payment. If prices change, existing members keep the price they joined at.

If money is short for a while, you can also [pay less for a time](/membership/hardship).$$),
    ('how-do-i-change-my-name-or-email', $$On your account: [your name](/account/name), or [your email address](/account/email). We send a link to a new address, and it counts once you have opened it.

Can you no longer read the address that we know? [Write to us](/contact), and we put it right.$$),
    ('what-if-i-cannot-afford-it', $$Choose the low-wage rate. It is for anyone on a low wage, on benefits, studying, disabled, retired or out of work, and we ask for no proof.

If even that is too much at the moment, pay less for a time: choose the amount and for how long when you join, or as a member on [your own page](/membership/hardship). There is no reason to give. You keep all your rights. And [being a supporter](/support) is free.$$),
    ('i-am-a-supporter-how-do-i-become-a-member', $$No. [Sign in](/sign-in) and open [the joining page](/join): what you have told us is filled in already.$$),
    ('can-i-give-anonymously', $$No. By law, we must know who gives, so we ask for your name. If you give more than £500, we need your address too and check that you are on a UK electoral register.$$),
    ('can-i-claim-gift-aid', $$No. Gift Aid is a tax relief for charities, and a political party is not one.$$),
    ('is-the-website-accessible', $$It should: by keyboard, with a screen reader, with large text and without JavaScript. If you are disabled and something is in your way, [tell us](/contact). [Accessibility](/accessibility)$$),
    ('how-can-i-pay', $$By card, or by Direct Debit from your bank account, every month or once a year. Our payment provider Stripe takes the payment and keeps your card or bank details; we never see the full numbers.

Would you rather pay in cash, by cheque or by standing order? [Write to us](/contact) first. Our treasurer can enter such a payment.$$)
) as a (slug, answer)
join content_items i on i.kind = 'question' and i.slug = a.slug and i.version = 1 and i.deleted_at is null;
update content_items i set words = a.words, version = a.version, changed_at = '2026-11-26T18:00:00Z' from true_answers a where i.id = a.id;
insert into content_revisions (item_id, kind, version, snapshot, author, at)
select i.id, i.kind, i.version, jsonb_build_object('slug', i.slug, 'parent', i.parent_id, 'words', i.words), 'system', i.changed_at
from content_items i join true_answers a on a.id = i.id;

update content_items set words = replace(words::text, 'The party lives on its members’ subscriptions and on donations from individuals.', 'Our money comes from members’ subscriptions and from donations by individuals.')::jsonb,
       version = version + 1, changed_at = '2026-11-26T18:00:00Z'
where words::text like '%The party lives on its members’ subscriptions and on donations from individuals.%' and version = 1;
insert into content_revisions (item_id, kind, version, snapshot, author, at)
select i.id, i.kind, i.version, jsonb_build_object('slug', coalesce(i.slug, ''), 'parent', i.parent_id, 'words', i.words), 'system', i.changed_at
from content_items i
where i.words::text like '%Our money comes from members’ subscriptions and from donations by individuals.%'
  and not exists (select from content_revisions r where r.item_id = i.id and r.version = i.version);

create temporary table more_questions on commit drop as
select gen_random_uuid() as id, ('0193a000-0000-7000-8000-00000000000' || in_group)::uuid as parent_id, slug, 10 + position as position,
       jsonb_build_object('question', question, 'answer', answer, 'on_home', false) as words
from (values
    (2, 9, 'can-i-join-from-abroad', 'Can I join in Scotland, Wales, Northern Ireland or abroad?', $$Yes. Your postcode tells us your nation. If you live abroad, choose “In another country” on [the joining page](/join) and give your address there. You can [follow our news](/support) from anywhere too.

Donations are different: above £500 we can take them only from people on a UK electoral register.$$),
    (2, 10, 'can-i-give-somebody-a-membership', 'Can I give somebody a year of membership as a gift?', $$Yes. You [pay once for a year](/gift-membership), and we send them a link, on a day that you choose if you like. Whether they join is for them to decide, by their own answers. Nothing renews by itself.$$),
    (5, 9, 'can-i-pay-by-standing-order', 'Can I pay by standing order, in cash or by cheque?', $$Card and Direct Debit are quickest, as they are collected and entered by themselves. If neither suits you, [write to us](/contact): our treasurer tells you where to pay, and enters it for you by hand.$$),
    (5, 10, 'how-do-i-stop-paying', 'How do I stop paying?', $$Open [your membership page](/membership) and choose “End my membership”. Nothing more is collected, and you stay a member until the end of what you have paid. If you would rather stay, you can [pay less for a time](/membership/hardship).$$),
    (6, 9, 'i-have-two-accounts', 'I have two accounts, or joined twice. What now?', $$[Write to us](/contact) and name both email addresses. We bring the two records together and lose nothing. A second payment for the same membership goes back by itself.$$),
    (6, 10, 'can-i-be-suspended-or-expelled', 'Can a member be suspended or expelled?', $$Yes, under the party’s rules. Whoever it happens to gets an email about it; if they are expelled, it says by when they can appeal. [Your membership page](/membership) always says where you stand and what you may do.$$),
    (6, 11, 'a-member-has-died', 'A member has died. What should I do?', $$We are sorry. Please [write to us](/contact) with their name. We end the membership, collect nothing more, and write to them no more.$$),
    (7, 6, 'do-you-have-a-shop', 'Do you have a shop, with badges or posters?', $$Not on this website. If you need leaflets or posters for a stall, [ask us](/contact).$$),
    (8, 6, 'how-do-i-complain', 'How do I make a complaint?', $$[Write to us](/contact), or by post to the address at the foot of each page. A person reads it and answers. About your personal data you can also complain to the Information Commissioner’s Office; [the privacy page](/privacy) says how.$$)
) as questions (in_group, position, slug, question, answer)
where not exists (select from content_items i where i.kind = 'question' and i.slug = questions.slug);

insert into content_items (id, kind, parent_id, slug, position, words, published_at, changed_at)
select id, 'question', parent_id, slug, position, words, '2026-11-26T18:00:00Z', '2026-11-26T18:00:00Z' from more_questions;
insert into content_slugs (kind, slug, item_id) select 'question', slug, id from more_questions on conflict do nothing;
insert into content_revisions (item_id, kind, version, snapshot, author, at)
select i.id, i.kind, i.version, jsonb_build_object('slug', coalesce(i.slug, ''), 'parent', i.parent_id, 'words', i.words), 'system', i.changed_at
from content_items i where i.id in (select id from more_questions);
