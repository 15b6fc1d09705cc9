/**
 * The tables of the book, and the views that people read. Instants are milliseconds since 1970, 0 where
 * they are not known; in the views they are text in UTC.
 */

/** A book with another one is set aside and built anew. */
export const bookVersion = 1

export const tables = `
CREATE TABLE book (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Sums over the intervals and the totals of a stream, kept with them.
CREATE TABLE stream (
  id        INTEGER PRIMARY KEY,
  tenant    TEXT NOT NULL,
  service   TEXT NOT NULL,
  producer  TEXT NOT NULL,
  accepted  INTEGER NOT NULL DEFAULT 0,
  delivered INTEGER NOT NULL DEFAULT 0,
  dropped   INTEGER NOT NULL DEFAULT 0,
  pending   INTEGER NOT NULL DEFAULT 0,
  refused   INTEGER NOT NULL DEFAULT 0,
  UNIQUE (tenant, service, producer)
) STRICT;

CREATE TABLE interval (
  stream           INTEGER NOT NULL REFERENCES stream (id),
  first_seq        INTEGER NOT NULL,
  last_seq         INTEGER NOT NULL,
  state            TEXT    NOT NULL,
  mixed_dropped    INTEGER NOT NULL,
  accepted_from_ms INTEGER NOT NULL,
  accepted_to_ms   INTEGER NOT NULL,
  event_from_ms    INTEGER NOT NULL,
  event_to_ms      INTEGER NOT NULL,
  ended_from_ms    INTEGER NOT NULL,
  ended_to_ms      INTEGER NOT NULL,
  wait_ms_max      INTEGER NOT NULL,
  PRIMARY KEY (stream, first_seq)
) STRICT, WITHOUT ROWID;
-- What may be compacted, oldest first.
CREATE INDEX interval_ended ON interval (ended_to_ms)
  WHERE state NOT IN ('pending', 'missing', 'settled');

CREATE INDEX interval_missing ON interval (stream) WHERE state = 'missing';

-- What is no interval any more, or never was: kind 'hour' or 'day' of acceptance, 'unknown' for a count
-- of which no more is known than that it came about between the two times.
CREATE TABLE total (
  stream    INTEGER NOT NULL REFERENCES stream (id),
  kind      TEXT    NOT NULL,
  from_ms   INTEGER NOT NULL,
  to_ms     INTEGER NOT NULL,
  accepted  INTEGER NOT NULL DEFAULT 0,
  delivered INTEGER NOT NULL DEFAULT 0,
  dropped   INTEGER NOT NULL DEFAULT 0,
  late      INTEGER NOT NULL DEFAULT 0,
  refused   INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (stream, from_ms, kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX total_age ON total (kind, from_ms);

CREATE TABLE drop_event (
  id         TEXT    PRIMARY KEY,
  stream     INTEGER NOT NULL REFERENCES stream (id),
  producer   TEXT    NOT NULL,
  at_ms      INTEGER NOT NULL,
  first_seq  INTEGER NOT NULL,
  last_seq   INTEGER NOT NULL,
  records    INTEGER NOT NULL,
  bytes      INTEGER NOT NULL,
  reason     TEXT    NOT NULL,
  detail     TEXT    NOT NULL,
  event_from_ms INTEGER NOT NULL,
  event_to_ms   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX drop_event_stream ON drop_event (stream);
`

const text = (column: string): string =>
  `CASE ${column} WHEN 0 THEN NULL ELSE strftime('%Y-%m-%dT%H:%M:%fZ', ${column} / 1000.0, 'unixepoch') END`

const size = '(last_seq - first_seq + 1)'
const deliveredIn = `CASE state WHEN 'delivered' THEN ${size} WHEN 'inferred' THEN ${size} WHEN 'mixed' THEN ${size} - mixed_dropped ELSE 0 END`
const droppedIn = `CASE state WHEN 'dropped' THEN ${size} WHEN 'mixed' THEN mixed_dropped ELSE 0 END`
const hourIn = (column: string): string => `(${column} - ${column} % 3600000)`

export const viewsFor = (lateAfterMs: number): string => `
CREATE VIEW account AS
  SELECT tenant, service, producer, accepted, delivered, dropped, pending, refused,
         accepted - delivered - dropped - pending AS unaccounted
  FROM stream ORDER BY tenant, service, producer;

CREATE VIEW services AS
  SELECT tenant, service, sum(accepted) AS accepted, sum(delivered) AS delivered,
         sum(dropped) AS dropped, sum(pending) AS pending, sum(refused) AS refused,
         sum(accepted - delivered - dropped - pending) AS unaccounted
  FROM stream GROUP BY tenant, service ORDER BY tenant, service;

CREATE VIEW intervals AS
  SELECT tenant, service, producer, first_seq, last_seq, state, ${size} AS records,
         ${text('accepted_from_ms')} AS accepted_from, ${text('accepted_to_ms')} AS accepted_to,
         ${text('event_from_ms')} AS event_from, ${text('event_to_ms')} AS event_to,
         ${text('ended_from_ms')} AS ended_from, ${text('ended_to_ms')} AS ended_to,
         wait_ms_max / 1000.0 AS waited_seconds_max
  FROM interval JOIN stream ON stream.id = interval.stream
  ORDER BY tenant, service, producer, first_seq;

CREATE VIEW held AS SELECT * FROM intervals WHERE state = 'pending';
CREATE VIEW missing AS SELECT * FROM intervals WHERE state = 'missing';
CREATE VIEW late AS SELECT * FROM intervals
  WHERE state IN ('delivered', 'mixed') AND waited_seconds_max >= ${lateAfterMs / 1000};

CREATE VIEW hours AS
  SELECT tenant, service, kind, ${text('from_ms')} AS "from", ${text('max(to_ms)')} AS "to",
         sum(t.accepted) AS accepted, sum(t.delivered) AS delivered, sum(t.dropped) AS dropped,
         sum(t.pending) AS pending, sum(t.late) AS late, sum(t.refused) AS refused
  FROM (
    SELECT stream, kind, from_ms, to_ms, accepted, delivered, dropped, 0 AS pending, late, refused
    FROM total
    UNION ALL
    SELECT stream, CASE accepted_from_ms WHEN 0 THEN 'unknown' ELSE 'hour' END,
           ${hourIn('accepted_from_ms')},
           CASE accepted_from_ms WHEN 0 THEN ended_to_ms ELSE ${hourIn('accepted_from_ms')} + 3599999 END,
           ${size}, ${deliveredIn}, ${droppedIn}, CASE state WHEN 'pending' THEN ${size} ELSE 0 END,
           CASE WHEN wait_ms_max >= ${lateAfterMs} THEN ${deliveredIn} ELSE 0 END, 0
    FROM interval WHERE state <> 'settled'
  ) AS t JOIN stream ON stream.id = t.stream
  GROUP BY tenant, service, kind, from_ms ORDER BY from_ms, tenant, service;

CREATE VIEW drops AS
  SELECT drop_event.id, ${text('at_ms')} AS at, tenant, service, drop_event.producer,
         first_seq, last_seq, records, bytes, reason, detail,
         ${text('event_from_ms')} AS event_from, ${text('event_to_ms')} AS event_to
  FROM drop_event JOIN stream ON stream.id = drop_event.stream ORDER BY drop_event.id;
`
