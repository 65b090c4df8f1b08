-- On what evidence, under which policy and with whose signature a decision was taken, and what each policy said.
-- The defaults are those of the events' own fields, which older events do not have.

CREATE TABLE policies (seq BIGINT, happened_at DOUBLE, policy VARCHAR, says VARCHAR);
INSERT INTO policies
    SELECT seq, happened_at, json ->> '$.policy', json ->> '$.says' FROM events WHERE kind = 'PolicyTaken';

ALTER TABLE decisions ADD COLUMN evidence VARCHAR DEFAULT '';
ALTER TABLE decisions ADD COLUMN policy VARCHAR DEFAULT '';
ALTER TABLE decisions ADD COLUMN waits BIGINT DEFAULT 0;
ALTER TABLE decisions ADD COLUMN "key" VARCHAR DEFAULT '';
ALTER TABLE decisions ADD COLUMN signature VARCHAR DEFAULT '';
UPDATE decisions SET
    evidence = coalesce(e.json ->> '$.evidence', ''), policy = coalesce(e.json ->> '$.policy', ''),
    waits = coalesce((e.json ->> '$.waits')::BIGINT, 0), "key" = coalesce(e.json ->> '$.key', ''),
    signature = coalesce(e.json ->> '$.signature', '')
    FROM events e WHERE e.seq = decisions.seq;
