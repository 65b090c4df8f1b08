-- What fades, what is left of it, and what later kinds of night say of their dreams, probes and weighings. Events of
-- these kinds may be in the home already, told before there was a place for their rows: they are read from `events`.

CREATE TABLE retention (
    seq BIGINT, night BIGINT, episode BIGINT, hippocampal DOUBLE, cortical DOUBLE, held BOOLEAN
);
CREATE TABLE traces (seq BIGINT, night BIGINT, episode BIGINT, cue VARCHAR, answer VARCHAR);
CREATE TABLE probes (
    seq BIGINT, night BIGINT, step BIGINT, episode BIGINT, worst DOUBLE, recalled BOOLEAN, need DOUBLE, gain DOUBLE
);
INSERT INTO probes
    SELECT seq, night, step, one.episode, one.worst, one.recalled, one.need, one.gain FROM (
        SELECT seq, (json ->> '$.night')::BIGINT AS night, (json ->> '$.step')::BIGINT AS step,
               unnest(from_json(json -> '$.episodes', '[{"episode": "BIGINT", "worst": "DOUBLE", "recalled": "BOOLEAN", "need": "DOUBLE", "gain": "DOUBLE"}]')) AS one
        FROM events WHERE kind = 'Probed'
    );

-- The defaults are those of the events' own fields, which older events do not have.
ALTER TABLE dreams ADD COLUMN answer VARCHAR DEFAULT '';
ALTER TABLE dreams ADD COLUMN with_bits DOUBLE DEFAULT 0;
ALTER TABLE dreams ADD COLUMN without_bits DOUBLE DEFAULT 0;
ALTER TABLE dreams ADD COLUMN gain DOUBLE DEFAULT 0;
ALTER TABLE dreams ADD COLUMN drawn VARCHAR DEFAULT '';
UPDATE dreams SET
    answer = coalesce(e.json ->> '$.answer', ''), with_bits = coalesce((e.json ->> '$.with_bits')::DOUBLE, 0),
    without_bits = coalesce((e.json ->> '$.without_bits')::DOUBLE, 0),
    gain = coalesce((e.json ->> '$.gain')::DOUBLE, 0), drawn = coalesce(e.json ->> '$.drawn', '')
    FROM events e WHERE e.seq = dreams.seq;

ALTER TABLE weighings ADD COLUMN text_rise DOUBLE DEFAULT 0;
ALTER TABLE weighings ADD COLUMN search VARCHAR DEFAULT 'scale';
ALTER TABLE weighings ADD COLUMN kept BIGINT DEFAULT 0;
ALTER TABLE weighings ADD COLUMN of BIGINT DEFAULT 0;
ALTER TABLE weighings ADD COLUMN bits DOUBLE DEFAULT 0;
UPDATE weighings SET
    text_rise = coalesce((e.json ->> '$.text_rise')::DOUBLE, 0), search = coalesce(e.json ->> '$.search', 'scale'),
    kept = coalesce((e.json ->> '$.kept')::BIGINT, 0), of = coalesce((e.json ->> '$.of')::BIGINT, 0),
    bits = coalesce((e.json ->> '$.bits')::DOUBLE, 0)
    FROM events e WHERE e.seq = weighings.seq;

-- What stands now: the last word on every episode; one that was never spoken of is held.
CREATE VIEW retained AS
    SELECT episode, arg_max(night, seq) AS night, arg_max(hippocampal, seq) AS hippocampal,
           arg_max(cortical, seq) AS cortical, arg_max(held, seq) AS held
    FROM retention GROUP BY episode;
