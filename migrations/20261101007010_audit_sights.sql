-- Which officer opened whose record on which day. The first time each day is a line of the audit log.
create table audit_sights (
    officer      uuid not null,
    subject_kind text not null,
    subject_id   text not null,
    seen_on      date not null,
    primary key (subject_kind, subject_id, officer, seen_on)
);
create index audit_log_by_time on audit_log (at desc, id desc);
