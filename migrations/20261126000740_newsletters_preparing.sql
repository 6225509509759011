-- True while a sender makes an update's letter: one that finds it true follows one that the program ended under.
alter table updates add column preparing boolean not null default false;
