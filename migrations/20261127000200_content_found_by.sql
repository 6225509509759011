-- Words that people search for and that a question and its answer do not say: officers keep them with each question.
alter table content_items drop column search_words, drop column search;
alter table content_items add column search text not null generated always as (plain_text(
    coalesce(words ->> 'question', '') || ' ' || coalesce(words ->> 'found_by', '') || ' ' || coalesce(words ->> 'answer', ''))) stored;
alter table content_items add column search_words tsvector not null generated always as (
    setweight(to_tsvector('english', plain_text(coalesce(words ->> 'question', ''))), 'A') ||
    setweight(to_tsvector('english', plain_text(coalesce(words ->> 'found_by', ''))), 'B') ||
    setweight(to_tsvector('english', plain_text(coalesce(words ->> 'answer', ''))), 'C')) stored;
create index content_items_search_trigrams on content_items using gin (search gin_trgm_ops) where kind = 'question';

create temporary table new_questions on commit drop as
select gen_random_uuid() as id, ('0193a000-0000-7000-8000-00000000000' || in_group)::uuid as parent_id, slug, 20 + position as position,
       jsonb_build_object('question', question, 'answer', answer, 'on_home', false) as words
from (values
    (3, 1, 'how-do-members-vote', 'How do I vote, and is it secret?', $$On this website: see [Votes](/ballots). Nothing ties your name to your paper. [How a vote is kept honest](/ballots/how)$$)
) as questions (in_group, position, slug, question, answer)
where not exists (select from content_items i where i.kind = 'question' and i.slug = questions.slug)
  and exists (select from content_items g where g.id = ('0193a000-0000-7000-8000-00000000000' || in_group)::uuid and g.kind = 'group');

insert into content_items (id, kind, parent_id, slug, position, words, published_at, changed_at)
select id, 'question', parent_id, slug, position, words, '2026-11-27T09:00:00Z', '2026-11-27T09:00:00Z' from new_questions;
insert into content_slugs (kind, slug, item_id) select 'question', slug, id from new_questions on conflict do nothing;
insert into content_revisions (item_id, kind, version, snapshot, author, at)
select i.id, i.kind, i.version, jsonb_build_object('slug', coalesce(i.slug, ''), 'parent', i.parent_id, 'words', i.words), 'system', i.changed_at
from content_items i where i.id in (select id from new_questions);

-- No text changes, so no version is made of it.
update content_items i set words = i.words || jsonb_build_object('found_by', f.found_by)
from (values
    ('can-i-stand-as-a-candidate', 'election run for council councillor parliament MP selected'),
    ('how-do-members-vote', 'ballot voting online postal secret counted poll elect'),
    ('how-is-policy-made', 'manifesto policies programme'),
    ('can-i-be-suspended-or-expelled', 'kicked out thrown out disciplinary barred'),
    ('who-can-join', 'EU citizen foreigner nationality immigrant refugee prison prisoner young teenager'),
    ('can-i-have-a-refund', 'money back'),
    ('the-sign-in-email-has-not-come', 'code not arriving arrived missing link spam'),
    ('a-member-has-died', 'bereavement deceased death funeral'),
    ('do-you-have-a-shop', 'merchandise t-shirt badge mug merch'),
    ('how-much-does-membership-cost', 'annual yearly monthly subscription'),
    ('can-i-change-my-rate', 'upgrade downgrade increase reduce raise'),
    ('how-can-i-pay', 'PayPal Apple Pay Google Pay bank transfer'),
    ('how-do-i-cancel-my-membership', 'renew renewal expire expiry lapse automatic'),
    ('where-do-i-see-what-i-have-paid', 'membership number card'),
    ('how-do-i-get-involved', 'local branch group area meeting near'),
    ('my-question-isnt-here', 'press media interview journalist television jobs vacancy internship Cymraeg translate language contact'),
    ('is-the-website-accessible', 'wheelchair disability disabled blind deaf accessibility'),
    ('what-does-breakthrough-stand-for', 'constitution rules values'),
    ('how-do-i-change-my-password', 'reset locked')
) as f (slug, found_by)
where i.kind = 'question' and i.slug = f.slug and not i.words ? 'found_by';
