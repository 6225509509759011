-- The party's own first words. Officers change them in the site; this is only where they start.
insert into content_items (id, kind, slug, position, words, published_at, changed_at)
select id::uuid, 'group', null, position, jsonb_build_object('title', title), '2026-11-01T09:00:00Z', '2026-11-01T09:00:00Z'
from (values
    ('0193a000-0000-7000-8000-000000000001', 1, 'Who we are'),
    ('0193a000-0000-7000-8000-000000000002', 2, 'Joining in'),
    ('0193a000-0000-7000-8000-000000000003', 3, 'How we work'),
    ('0193a000-0000-7000-8000-000000000004', 4, 'Anything else')
) as groups (id, position, title);

insert into content_items (id, kind, parent_id, slug, position, words, published_at, changed_at)
select gen_random_uuid(), 'question', ('0193a000-0000-7000-8000-00000000000' || in_group)::uuid, slug, position,
       jsonb_build_object('question', question, 'answer', answer, 'on_home', on_home),
       '2026-11-01T09:00:00Z', '2026-11-01T09:00:00Z'
from (values
    (1, 1, 'who-leads-breakthrough', true, 'Who leads Breakthrough?', $$Alex Mays is our leader. He founded the party in 2021.

Alex used to be a Labour member. He lost faith after years of chaotic Conservative government that Labour never really opposed. He has worked in supermarkets and restaurants, and more recently as a journalist, video producer and social media manager. He lives a mile south of Bury, in Greater Manchester.

[Meet the people of the party](/people)$$),
    (1, 2, 'wont-a-new-left-party-split-the-left-vote', true, 'Won’t a new left party split the left vote?', $$There is not much of a left vote left to split.

British politics has moved sharply to the right. Labour is now a party of the centre-right: tied to wealthy donors, and hostile to the movements of working-class people. Millions of us have nobody to vote for. That is exactly when a new party of the left can grow.$$),
    (1, 3, 'can-anyone-break-through-under-first-past-the-post', false, 'Can anyone break through under First Past the Post?', $$It has been done. In the early twentieth century Labour took the Liberals’ place as the main opposition to the Conservatives, under the same voting system.

What never changes anything is to vote, out of resignation, for a party of the establishment.$$),
    (1, 4, 'do-you-work-with-other-parties-and-groups', false, 'Do you work with other parties and groups?', $$Yes. We are open to working with any party, trade union or campaign that shares our broad aims.

We have agreed a Memorandum of Understanding with Left Unity, the Liverpool Community Independents and the Northern Independence Party (NIP).

[See our allies](/allies)$$),
    (2, 1, 'how-do-i-get-involved', false, 'How do I get involved?', $$There are two ways in:

- [Join as a member](/join) if you want a vote and a say in everything we do.
- [Sign up as a supporter](/support) if you would rather start with news and a hand on the campaign trail. It is free.$$),
    (2, 2, 'what-do-members-get', true, 'What do members get?', $$As a member you:

- vote on party policy, take part in our policy debates, and join our Discord server
- are invited to meetings, the conference and members-only socials
- vote for the leader and for our candidates
- can volunteer in our national and regional teams
- can stand for the party’s elected roles
- can become a candidate for the council or for Parliament

[Join as a member](/join)$$),
    (2, 3, 'what-do-supporters-get', false, 'What do supporters get?', $$Regular news from the party and its campaigns, and an open invitation to join in on the campaign trail.

It costs nothing, and you can become a member later without filling anything in twice. [Sign up as a supporter](/support)$$),
    (3, 1, 'how-is-policy-made', true, 'How is policy made?', $$By members, from the first idea to the last vote:

1. **Members discuss.** We hold regular policy discussions, led by members, on all sorts of topics.
2. **Members who know the field draft.** The nurses, drivers, teachers and engineers among us turn the ideas into a policy.
3. **Every member votes.** The draft goes back to the whole membership. With enough support it becomes party policy.$$),
    (3, 2, 'who-funds-you', true, 'Who funds you?', $$Our members and people like you, and nobody else. Our money comes from membership subscriptions and donations by individuals.

We take nothing from companies or the super-rich. [See how we are funded](/funding)$$),
    (4, 1, 'my-question-isnt-here', false, 'My question isn’t here. Whom do I ask?', $$Ask us. [Write to us with the contact form](/contact), or send an email to the address at the foot of this page. A person reads every message.$$)
) as questions (in_group, position, slug, on_home, question, answer);

insert into content_items (id, kind, slug, position, words, published_at, changed_at)
select gen_random_uuid(), 'page', slug, position, jsonb_build_object('title', title, 'description', description, 'body', body),
       '2026-11-01T09:00:00Z', '2026-11-01T09:00:00Z'
from (values
    (1, 'home', 'Time to break through', 'We are a left party of working people and the young. Our members make the policy, choose the leaders and pay the bills. Nobody else does.', $$## What you get as a member

- **A vote on every policy**, and a part in the debates that shape it
- **A vote for the leader** and for the people who stand in our name
- **Company**: meetings, the conference, members-only socials and our Discord server
- **Work that counts** in a national or regional team
- **The chance to stand** for a role in the party, for the council or for Parliament

## How we make policy

1. **Members discuss.** Regular, open talks led by members.
2. **Those who know the field draft.** Policy on care comes from people who do the caring.
3. **Every member votes.** With enough support, it is party policy.

[More about how policy is made](/faq/how-is-policy-made)

## Whose money this is

Yours, or nobody’s. The party lives on its members’ subscriptions and on donations from individuals.

We take nothing from companies and nothing from the super-rich, and no person may give more in a year than our cap allows.

[See how we are funded](/funding)$$),
    (2, 'about', 'About us', 'Breakthrough is a left party of working people and the young, founded in 2021 and run by its members.', $$Breakthrough is a left party of working people and the young. Alex Mays founded it in 2021, and leads it. He had been a Labour member, and had seen enough of chaotic Conservative government with no real opposition to it.

## What we want

A country run for those who do its work. We think that wages, homes, care and the climate belong at the centre of politics, and that those who live with the results should make the decisions.

## How we go about it

We are a grassroots party. Members discuss policy, draft it and vote on it. Members choose the leader and the candidates. Subscriptions and individual donations pay for everything, and no company or millionaire can buy a say.

[How policy is made](/faq/how-is-policy-made) · [The people of the party](/people) · [Our allies](/allies) · [How we are funded](/funding)

## Where we are

Our office is at 151 The Rock, Bury, Greater Manchester, BL9 0ND. The quickest way to reach us is [the contact form](/contact).$$),
    (3, 'funding', 'How we are funded', 'Membership subscriptions and donations from individuals. No companies, no super-rich, and a yearly cap on what one person may give.', $$Our money comes from two places: what members pay each month or year, and what individual people give.

We take no money from companies, and none from the super-rich. There is a cap on what one person may give us in a year, so that nobody ever becomes too important to say no to.

## The law, in two lines

- Anything over £500 counts as a donation in law: we may keep it only if the giver is on a UK electoral register, and we check.
- We report large donations to the Electoral Commission, which publishes the giver’s name.

## Where it goes

Printing, rooms, deposits for our candidates, this website. Nobody pays to get closer to a decision: a member on the lowest rate has the same vote as everybody else.

[Join as a member](/join) · [Give once](/donate)$$),
    (4, 'privacy', 'Privacy', 'What we know about you, why, for how long, and what you can ask of us.', $$We ask for little, use it for what we said, and do not sell it or lend it to anyone. This page says exactly what happens. The party named at the foot of this page is responsible for your data (the “controller”).

Being our member or supporter says something about your political opinions. The law protects that specially, and so do we.

## What we use, why, and what allows it

**If you are a member** we keep your name, email, address, date of birth, rate, payments and your part in the party: to run your membership, take your subscription, invite you and let you vote. The law allows this because it is our contract with you (Article 6(1)(b) UK GDPR).

**If you sign up as a supporter** we keep your name, email, postcode and how you would like to help: to send you what you asked for. The law allows this because you consented (Article 6(1)(a)), and you can stop at any time.

**News and campaign emails** go only to those who asked for them, members too (consent, Article 6(1)(a)). Every such email has a link that ends them at once.

**If you give money** we keep your name, address, the amount and the date, and for larger gifts we check the electoral register. The Political Parties, Elections and Referendums Act 2000 makes us do this (legal duty, Article 6(1)(c)).

**If you write to us** we keep your message and our answer: to reply, and to remember what we said (legitimate interests, Article 6(1)(f)).

**To keep the party honest and the site safe** we keep a record of what officers change, and count tries at signing in (legitimate interests, Article 6(1)(f)).

**Political opinions** are special category data. We may use them for members, former members and people in regular contact with us, under safeguards, because we are a not-for-profit body with a political aim (Article 9(2)(d)). We do not tell anybody outside the party without your consent. Where you are not yet in regular contact, we ask for your explicit consent (Article 9(2)(a)).

We make no decisions about you by machine alone, and build no profile of you.

## Who else sees it

- **Officers of the party**, each only what the office needs. Regional organisers see the people of their region.
- **Stripe** takes payments for us and keeps your card or bank details. We never see the full numbers.
- **Our mail provider** delivers our emails.
- **The company that runs our servers** stores the data for us.
- **The Electoral Commission**, for donations that the law makes us report.

The companies work for us under contracts that forbid them any other use. If data leaves the UK, it goes only where UK law counts protection as good enough, or under the contract terms that the law prescribes. There is no advertising, no tracking and no social media code on this site.

## How long we keep it

- Membership records: for two years after a membership ends, then we remove what identifies you.
- Supporters: until you ask us to stop, or after two years in which you opened nothing and answered nothing.
- Donations: six years, as the law requires.
- Complaints: six years. Messages: two years.
- Technical logs: 30 days.
- If you tell us never to write again, we keep a coded form of your email address, so that we do not.

## Cookies

We set a cookie only when you sign in, to know that it is you, and one that carries a line like “Saved” to the next page. Both are needed for the site to work. There are no others.

## What you can ask of us

You can ask to see what we hold, to have it corrected or deleted, to get a copy to take elsewhere, to limit how we use it, and to object. You can withdraw a consent at any time; what we did before stays lawful. If you object to our campaign emails, we stop, with no questions.

[Write to us](/contact) and choose “My data and privacy”. We answer within a month, and it is free. Much of it you can do yourself on [your account page](/account).

## If you are not happy

Complain to us in any way you like: we confirm within 30 days that we have it, and tell you what we did. You can also complain to the Information Commissioner’s Office at any time: [ico.org.uk/make-a-complaint](https://ico.org.uk/make-a-complaint/), telephone 0303 123 1113, or Wycliffe House, Water Lane, Wilmslow, Cheshire, SK9 5AF.

## Young people

You can be a supporter from 13 and a member from 14. We ask for a date of birth only to make sure of that, and use young people’s data for nothing beyond what this page says.

## If this page changes

The date below says when it last did. If something important changes, we tell members and supporters by email first.$$),
    (5, 'accessibility', 'Accessibility', 'How this site works for everybody, what we know is wrong, and how to tell us.', $$Everybody should be able to use this site: by keyboard, with a screen reader, with large text, on an old phone, or without JavaScript.

## What you can expect

- Everything works with a keyboard alone, and you can always see where you are.
- You can enlarge text to 400% and read in one column.
- Every page and every form works without JavaScript.
- Colours have enough contrast, in light and dark, and nothing is told by colour alone.
- Every picture that says something says it in words too, and every chart has its table.
- Nothing moves if your device asks for less motion.
- You can sign in by a link or code in your email: there is no puzzle, and nothing to remember.

## How well it meets the standard

We aim at the Web Content Accessibility Guidelines 2.2, level AA. We test each change with automatic tools, with a keyboard, and at different sizes. We know of no failure today. That is not the same as there being none.

Payments happen on a page of our payment provider, Stripe, and our members’ chat is on Discord. We do not control how accessible those are. If either is in your way, tell us, and we will find another way.

## Tell us

If something is hard to use, or you need a page in another form such as large print or plain text, [write to us](/contact) and choose “This website”. We answer within a week. If you cannot use a form at all, send an email or a letter to the address at the foot of this page; you can join and vote that way too.

## If our answer does not help

The Equality Act 2010 protects you. The [Equality Advisory and Support Service](https://www.equalityadvisoryservice.com/) can advise you if you are not happy with our answer.$$)
) as pages (position, slug, title, description, body);

insert into content_items (id, kind, position, words, published_at, changed_at)
values (gen_random_uuid(), 'person', 1, jsonb_build_object('name', 'Alex Mays', 'role', 'Leader and founder', 'text', $$Alex founded Breakthrough in 2021. A former Labour member, he grew tired of watching years of chaotic Conservative government go without real opposition.

He has worked in supermarkets and restaurants, and more recently as a journalist, video producer and social media manager. He lives a mile south of Bury, in Greater Manchester.$$), '2026-11-01T09:00:00Z', '2026-11-01T09:00:00Z');

insert into content_items (id, kind, position, words, published_at, changed_at)
select gen_random_uuid(), 'ally', position, jsonb_build_object('name', name, 'text', words, 'link', link, 'since', '', 'memorandum', true),
       '2026-11-01T09:00:00Z', '2026-11-01T09:00:00Z'
from (values
    (1, 'Left Unity', 'https://leftunity.org/', 'A party of the left across Britain.'),
    (2, 'Liverpool Community Independents', '', 'Independent socialists who stand for their own communities in Liverpool.'),
    (3, 'Northern Independence Party', '', 'A party that wants the North of England to govern itself. Most people call it NIP.')
) as allies (position, name, link, words);

insert into content_slugs (kind, slug, item_id) select kind, slug, id from content_items where slug is not null;
insert into content_revisions (item_id, kind, version, snapshot, author, at)
select id, kind, version, jsonb_build_object('slug', coalesce(slug, ''), 'parent', parent_id, 'words', words), 'system', changed_at
from content_items;
