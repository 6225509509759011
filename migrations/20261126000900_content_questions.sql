-- The search weighs a question above its answer.
alter table content_items add column search_words tsvector not null generated always as (
    setweight(to_tsvector('english', plain_text(coalesce(words ->> 'question', ''))), 'A') ||
    setweight(to_tsvector('english', plain_text(coalesce(words ->> 'answer', ''))), 'C')) stored;
drop index content_items_search;

-- The questions that a party is asked most, beside those that were there. Officers change them in the site.
insert into content_items (id, kind, slug, position, words, published_at, changed_at)
select id::uuid, 'group', null, position, jsonb_build_object('title', title), '2026-11-26T09:00:00Z', '2026-11-26T09:00:00Z'
from (values
    ('0193a000-0000-7000-8000-000000000005', 50, 'Paying for your membership'),
    ('0193a000-0000-7000-8000-000000000006', 51, 'Your membership and your account'),
    ('0193a000-0000-7000-8000-000000000007', 52, 'Donations'),
    ('0193a000-0000-7000-8000-000000000008', 53, 'Your data and this website')
) as groups (id, position, title);
update content_items set position = 100 where id = '0193a000-0000-7000-8000-000000000004';

create temporary table new_questions on commit drop as
select gen_random_uuid() as id, ('0193a000-0000-7000-8000-00000000000' || in_group)::uuid as parent_id, slug, 10 + position as position,
       jsonb_build_object('question', question, 'answer', answer, 'on_home', false) as words
from (values
    (1, 5, 'what-does-breakthrough-stand-for', 'What does Breakthrough stand for?', $$A country run for those who do its work. Wages, homes, care and the climate belong at the centre of politics, and the people who live with the results should make the decisions.

Our members decide what that means in practice. [About us](/about)$$),
    (1, 6, 'where-is-the-party-based', 'Where is the party based?', $$In Bury, Greater Manchester: 151 The Rock, Bury, BL9 0ND. The quickest way to reach us is [the contact form](/contact).$$),
    (2, 4, 'how-do-i-join', 'How do I become a member?', $$Fill in [the joining page](/join). It takes about five minutes. Then you pay by card or Direct Debit on our payment provider’s page, and we email to welcome you.$$),
    (2, 5, 'who-can-join', 'Who can join, and is there an age limit?', $$Anyone who shares our aims and values and is not a member of a party that stands against us in elections. You can join from the age of 14, and be a supporter from 13.$$),
    (2, 6, 'what-is-the-difference-between-a-member-and-a-supporter', 'What is the difference between a member and a supporter?', $$Members pay, vote and can stand for election. Supporters pay nothing and have no vote: they get our news and help on the campaign trail.

You can start as [a supporter](/support) and become [a member](/join) later.$$),
    (2, 7, 'can-i-help-without-joining', 'Can I volunteer without becoming a member?', $$Yes. [Sign up as a supporter](/support) and tick what you would like to do: leafleting, phoning, social media, events, or a skill of your own. It commits you to nothing.$$),
    (2, 8, 'i-am-a-supporter-how-do-i-become-a-member', 'I am a supporter already. Do I have to fill everything in again?', $$No. [Sign in](/sign-in) and open [the joining page](/join): we fill in what we know of you.$$),
    (3, 3, 'who-elects-the-leadership-and-the-candidates', 'Who elects the leadership and the candidates?', $$Members do. Every member has one vote in leadership elections and in the choice of our candidates, whatever they pay.$$),
    (3, 4, 'can-i-stand-as-a-candidate', 'Can I stand as a candidate?', $$Yes, as a member. You can stand for the party’s own roles, for your council or for Parliament, and members choose who does. [Tell us](/contact) if you are thinking about it.$$),
    (5, 1, 'how-much-does-membership-cost', 'How much does membership cost?', $$You choose between three rates: one for low wages or none, a standard rate, and a solidarity rate for which you set your own amount. You pay every month or once a year. Every rate has the same rights.

[See the prices on the joining page](/join)$$),
    (5, 2, 'what-if-i-cannot-afford-it', 'What if I can’t afford it?', $$Choose the low-wage rate. It is for anyone on a low wage, on benefits, studying, retired or out of work, and we ask for no proof. If even that is too much, [sign up as a supporter](/support): it is free.$$),
    (5, 3, 'how-can-i-pay', 'How can I pay: by card, or from my bank account?', $$Either. You can pay by card, or by Direct Debit from your bank account, monthly or yearly. Our payment provider Stripe takes the payment and keeps your card or bank details; we never see the full numbers.$$),
    (5, 4, 'how-does-direct-debit-work', 'How does Direct Debit work?', $$You enter your sort code and account number once, on our payment provider’s page, and your bank then pays each subscription when it is due. The first payment takes up to seven working days.

Your payments are protected by the Direct Debit Guarantee.$$),
    (5, 5, 'what-happens-if-a-payment-fails', 'What happens if a payment fails?', $$We email you. You stay a member while you sort it out; the email and [your membership page](/membership) say until which day. Press “Pay now” there to pay again, with another card or account if you like.$$),
    (5, 6, 'can-i-change-my-rate', 'Can I pay more or less than now?', $$Yes. [Write to us](/contact) and we change your rate, no questions asked. If prices change, existing members keep the price they joined at.$$),
    (5, 7, 'where-do-i-see-what-i-have-paid', 'Where do I see what I have paid?', $$On [your membership page](/membership), with the date, the amount and how you paid.$$),
    (5, 8, 'can-i-have-a-refund', 'Can I have a refund?', $$If you joined twice by mistake, the second payment goes back by itself. For anything else [write to us](/contact), and a person will look at it.$$),
    (6, 1, 'how-do-i-cancel-my-membership', 'How do I cancel my membership, or leave?', $$Open [your membership page](/membership) and choose “End my membership”. You stay a member until the end of what you have paid, and nothing more is collected after that. You can change your mind until the last day.$$),
    (6, 2, 'can-i-join-again-later', 'Can I join again later?', $$Yes, at any time: [fill in the joining page](/join) again.$$),
    (6, 3, 'how-do-i-change-my-address', 'I have moved house. How do I change my address?', $$Members change it on [the page with their details](/membership/details). Your postcode tells us your nation and region.$$),
    (6, 4, 'how-do-i-change-my-name-or-email', 'How do I change my name or my email address?', $$[Write to us](/contact), from the address that we know if you can, and we put it right.$$),
    (6, 5, 'how-do-i-sign-in', 'How do I sign in or log in, with or without a password?', $$[Enter your email address](/sign-in), and we email you a link and a code. Either works for 30 minutes. You need no password, but you can set one on [your account page](/account).$$),
    (6, 6, 'the-sign-in-email-has-not-come', 'The email to sign in has not come. What now?', $$Look in your spam folder, and check that you used the address you joined with. Then [ask for another](/sign-in). If nothing comes, [write to us](/contact).$$),
    (6, 7, 'how-do-i-change-my-password', 'How do I change my password, or what if I forgot it?', $$[Sign in with a link by email](/sign-in), then set a new one on [your account page](/account). Your other devices are signed out.$$),
    (6, 8, 'how-do-i-stop-the-emails', 'How do I stop the emails?', $$Use the unsubscribe link at the end of any news email: one click ends them. You can also choose on [your account page](/account). Members still get messages about their membership itself.$$),
    (7, 1, 'how-do-i-donate', 'How do I donate?', $$On [the donation page](/donate), by card. You get a receipt by email. You need not be a member.$$),
    (7, 2, 'how-much-may-one-person-give', 'How much may one person give?', $$There is a limit for each person and year, so that nobody ever becomes too important to say no to. [The donation page](/donate) says what it is.$$),
    (7, 3, 'can-i-give-anonymously', 'Can I give anonymously?', $$No. The law has us know who gives, so we ask for your name. If you give more than £500, we need your address too and check that you are on a UK electoral register.$$),
    (7, 4, 'will-my-donation-be-published', 'Will my name be published if I give?', $$Not for most donations. Large ones have to be reported to the Electoral Commission, which publishes the giver’s name, never the address. [How we are funded](/funding)$$),
    (7, 5, 'can-i-claim-gift-aid', 'Can I claim Gift Aid on a donation?', $$No. Gift Aid is for charities, and a political party is not one.$$),
    (8, 1, 'what-do-you-do-with-my-data', 'What do you do with my personal data?', $$We use it for what you gave it for, and do not sell it or lend it to anyone. [The privacy page](/privacy) says what we keep, why, and for how long.$$),
    (8, 2, 'can-i-see-or-delete-my-data', 'Can I see what you hold about me, or have it deleted?', $$Yes. [Write to us](/contact) and choose “My data and privacy”. It is free, and we answer within a month.$$),
    (8, 3, 'who-can-see-that-i-am-a-member', 'Who can see that I am a member?', $$Officers of the party, each only as far as their office needs. Organisers see the people of their own region. We tell nobody outside the party without your consent.$$),
    (8, 4, 'do-you-use-cookies', 'Do you use cookies?', $$Only two that the site needs: one to know that you are signed in, and one that carries a line like “Saved” to the next page. There is no tracking.$$),
    (8, 5, 'is-the-website-accessible', 'Does the website work with a screen reader or an old phone?', $$It should: by keyboard, with a screen reader, with large text and without JavaScript. If something is in your way, [tell us](/contact). [Accessibility](/accessibility)$$)
) as questions (in_group, position, slug, question, answer)
-- What officers have written at the same address stays.
where not exists (select from content_items i where i.kind = 'question' and i.slug = questions.slug);

insert into content_items (id, kind, parent_id, slug, position, words, published_at, changed_at)
select id, 'question', parent_id, slug, position, words, '2026-11-26T09:00:00Z', '2026-11-26T09:00:00Z' from new_questions;
insert into content_slugs (kind, slug, item_id) select 'question', slug, id from new_questions on conflict do nothing;
insert into content_revisions (item_id, kind, version, snapshot, author, at)
select i.id, i.kind, i.version, jsonb_build_object('slug', coalesce(i.slug, ''), 'parent', i.parent_id, 'words', i.words), 'system', i.changed_at
from content_items i
where i.id in (select id from new_questions)
   or (i.kind = 'group' and i.id in ('0193a000-0000-7000-8000-000000000005', '0193a000-0000-7000-8000-000000000006',
                                     '0193a000-0000-7000-8000-000000000007', '0193a000-0000-7000-8000-000000000008'));

-- "Whom" is for nobody; the words of a page that officers have changed are theirs.
create temporary table asked on commit drop as
select id, jsonb_set(words, '{question}', '"My question isn’t here. Who do I ask?"') as words
from content_items where kind = 'question' and slug = 'my-question-isnt-here' and version = 1;
update content_items i set words = a.words, version = 2, changed_at = '2026-11-26T09:00:00Z' from asked a where i.id = a.id;
insert into content_revisions (item_id, kind, version, snapshot, author, at)
select i.id, i.kind, i.version, jsonb_build_object('slug', i.slug, 'parent', i.parent_id, 'words', i.words), 'system', i.changed_at
from content_items i join asked a on a.id = i.id;
