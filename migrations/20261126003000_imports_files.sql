-- Lists of members from other systems: each file with what became of its lines.
create table imports (
    id          uuid primary key,
    file_name   text not null check (length(file_name) <= 200),
    -- The heads of its columns, and what each is taken for, in their order; null until somebody has said so.
    heads       jsonb not null check (jsonb_typeof(heads) = 'array'),
    columns     jsonb check (jsonb_typeof(columns) = 'array'),
    state       text not null check (state in ('new', 'trying', 'tried', 'running', 'finished')),
    lines       integer not null,
    -- How many lines the present pass has been through, and what it found; see `imports::Counts`.
    done        integer not null default 0,
    counts      jsonb not null default '{}',
    -- Null: by the command.
    officer_id  uuid references people,
    created_at  timestamptz not null,
    finished_at timestamptz,
    -- When its lines were deleted.
    emptied_at  timestamptz,
    check ((state = 'finished') = (finished_at is not null)),
    check (state = 'new' or columns is not null)
);
create index imports_by_created on imports (created_at desc, id);
create index imports_by_officer on imports (officer_id);
create index imports_to_empty on imports (created_at) where emptied_at is null;

-- The lines as they came, for as long as they are needed.
create table import_lines (
    import_id uuid not null references imports on delete cascade,
    -- In order, without gaps; and the line of the file at which it begins.
    number    integer not null,
    line      integer not null,
    cells     jsonb not null,
    -- As it was read, to find an address that comes twice.
    email     citext,
    outcome   text check (outcome in ('added', 'filled', 'unchanged', 'rejected')),
    reason    text,
    primary key (import_id, number),
    check ((outcome = 'rejected') = (reason is not null))
);
create index import_lines_by_email on import_lines (import_id, email, number) where email is not null;
create index import_lines_rejected on import_lines (import_id, number) where outcome = 'rejected';

-- What officers said a column holds, by its head: the next file with that head is read alike.
create table import_columns (
    head   text primary key,
    -- A code of `imports::Field`; null: it is not read.
    field  text,
    set_at timestamptz not null
);

-- Addresses whose owners stopped emails in another system, as hashes: no later list brings a consent for them.
create table import_opt_outs (
    email_hash bytea primary key,
    since      timestamptz not null
);
