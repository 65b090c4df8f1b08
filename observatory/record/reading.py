"""Everything that can be read from a record: its events in order, the numbers that are free, what stands now.

A Reader has its own cursor and may be used from any thread, one call at a time. It never writes.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

import numpy as np
from msgspec import structs

from ..protocol import commands as c
from ..protocol import events as e
from ..protocol import wire
from . import queries
from .errors import HomeNewer, RecordError

PAGE = 1000
"""Events fetched at once while going through history: a few megabytes of replay steps."""
WIDER = 10
"""Pages that are looked through at once for events of some kinds only."""

RESTORED = (
    "episode", "text", "speaker", "session", "lived_at", "goal", "outcome", "because", "corrects",
    "tokens", "surprise", "source", "novelty", "twin_of", "nights", "born", "held", "pinned", "excluded",
)  # fmt: skip

STORED = """
    WITH taught AS (SELECT episode, list(night ORDER BY night) AS nights FROM learnt GROUP BY episode),
         closed AS (SELECT night, min(seq) AS seq FROM closings WHERE ended IN ('committed', 'vetoed') GROUP BY night)
    SELECT e.episode, e.text, e.speaker, e.session, e.lived_at, e.goal, e.outcome, e.because, e.corrects,
           e.token_ids, e.surprise, e.source, e.novelty, s.twin_of,
           coalesce(t.nights, []) AS nights, (SELECT count(*) FROM closed WHERE closed.seq < e.seq) AS born,
           coalesce(r.held, true) AS held, coalesce(m.pinned, false) AS pinned,
           coalesce(m.excluded, false) AS excluded
    FROM episodes_now e LEFT JOIN taught t USING (episode) LEFT JOIN retained r USING (episode)
         LEFT JOIN last_scores s USING (episode) LEFT JOIN marked m USING (episode)
"""
"""Episodes as the mind needs them back: as they went by the last that was said of it, with the accepted nights that
taught each and whether it has faded."""

Standing = Literal["held", "faded", "observed", "forgotten", "unknown"]
"""What became of an episode's number: kept and held, kept and let go of since, read and not stored, forgotten because
somebody asked for it, or never used."""


class Reader:
    def __init__(self, cursor):
        self._cursor = cursor
        self._turn = threading.Lock()
        self._closed = False

    def close(self) -> None:
        with self._turn:
            self._closed = True
            self._cursor.close()

    @contextmanager
    def _reading(self):
        with self._turn:
            if self._closed:
                raise RecordError("This home has been closed. Open it again to read from it.")
            yield self._cursor

    def _rows(self, sql: str, parameters: Sequence = ()) -> list[tuple]:
        with self._reading() as cursor:
            return cursor.execute(sql, parameters).fetchall()

    def _one(self, sql: str, parameters: Sequence = ()):
        return self._rows(sql, parameters)[0][0]

    # ------------------------------------------------------------ events

    def history(
        self, after: int = 0, limit: int | None = None, kinds: Sequence[type] | None = None, upto: int | None = None
    ) -> Iterator[e.Record]:
        """Stored events with a higher number than `after`, in order; of these kinds only, if any are named.

        `upto`: the last number that is wanted.
        """
        wanted = None if kinds is None else [kind.__name__ for kind in kinds]
        last = self.last() if upto is None else min(upto, self.last())
        # By ranges and not by counts: a range is found at once, while the next thousand of a kind is looked for
        # through all that is left.
        wide = PAGE if kinds is None else PAGE * WIDER
        left = last if limit is None else limit
        while after < last and left > 0:
            found = self._rows(
                "SELECT seq, json FROM events WHERE seq > $1 AND seq <= $2 "
                "AND ($3::VARCHAR[] IS NULL OR list_contains($3, kind)) ORDER BY seq LIMIT $4",
                [after, min(last, after + wide), wanted, left],
            )
            for seq, json in found:
                yield event_of(seq, json)
            after, left = after + wide, left - len(found)

    # ------------------------------------------------------------ a long life at a glance

    def last(self) -> int:
        """The number of the newest event."""
        return self._one("SELECT coalesce(max(seq), 0) FROM events")

    def last_opening(self) -> int:
        """The event that opened the newest night; 0 where there was none."""
        return self._one("SELECT coalesce(max(seq), 0) FROM openings")

    def latest(self, kinds: Sequence[type], upto: int) -> list[e.Record]:
        """The last event of each kind up to there, in order."""
        last = self._numbers_of(
            "SELECT max(seq) FROM events WHERE seq <= $1 AND list_contains($2, kind) GROUP BY kind ORDER BY 1",
            [upto, [kind.__name__ for kind in kinds]],
        )
        # One by one: by its number an event is found at once, and only these few are read.
        return [event_of(*self._rows("SELECT seq, json FROM events WHERE seq = $1", [seq])[0]) for seq in last]

    def moments(self) -> np.ndarray:
        """When every event was, in order."""
        with self._reading() as cursor:
            found = cursor.execute("SELECT seq, happened_at FROM events").fetchnumpy()
        order = found["seq"].argsort(kind="stable")  # almost sorted already, which makes this quick
        return found["happened_at"][order]

    def pressures(self) -> list[tuple[int, float]]:
        """What the governor read of sleep pressure, with the number of the event it said it in."""
        return self._rows("SELECT seq, pressure FROM choices ORDER BY seq")

    def query(self, name: str, **params) -> list[dict]:
        """One of the questions in `queries.QUERIES`."""
        with self._reading() as cursor:
            return queries.ask(cursor, name, params)

    # ------------------------------------------------------------ the next free numbers

    def next_episode(self) -> int:
        """What was only observed uses up its number as well."""
        return self._one(
            "SELECT coalesce(max(episode), 0) + 1 FROM (SELECT episode FROM episodes UNION ALL "
            "SELECT episode FROM observed)"
        )

    def next_question(self) -> int:
        """Both the answer and what was remembered for it use up the number."""
        return self._one(
            "SELECT coalesce(max(question), 0) + 1 FROM (SELECT question FROM answers UNION ALL "
            "SELECT question FROM cues)"
        )

    def next_night(self) -> int:
        return self._one("SELECT coalesce(max(night), 0) + 1 FROM openings")

    # ------------------------------------------------------------ what stands now

    def episodes_to_restore(self, portion: int = 500) -> Iterator[list[c.StoredEpisode]]:
        """What the mind needs back after a restart; of what has faded only the history, without text and tokens."""
        for found in self._stored("true", portion):
            yield [each if each.held else structs.replace(each, text="", tokens=[]) for each in found]

    def episodes_to_return(self, to_night: int, portion: int = 500) -> Iterator[list[c.StoredEpisode]]:
        """Faded episodes that the cortex loses when it goes back to what it was after that night."""
        later = f"episode IN (SELECT episode FROM learnt WHERE night > {int(to_night)})"
        before = f"episode IN (SELECT episode FROM learnt WHERE night <= {int(to_night)})"
        for found in self._stored(f"NOT held AND {later} AND NOT {before}", portion):
            yield [structs.replace(each, held=True) for each in found]

    def _stored(self, wanted: str, portion: int) -> Iterator[list[c.StoredEpisode]]:
        after = 0
        while True:
            found = self._rows(
                f"SELECT * FROM ({STORED}) WHERE episode > $1 AND {wanted} ORDER BY episode LIMIT $2", [after, portion]
            )
            if not found:
                return
            yield [c.StoredEpisode(**dict(zip(RESTORED, row, strict=True))) for row in found]
            after = found[-1][0]

    def standing(self, episode: int) -> Standing:
        """What became of that number."""
        return self.standings([episode])[episode]

    def standings(self, episodes: Sequence[int]) -> dict[int, Standing]:
        """What became of each of these numbers."""
        return dict(self._rows(
            "SELECT n, CASE WHEN n IN (SELECT episode FROM forgotten) THEN 'forgotten' "
            "WHEN n IN (SELECT episode FROM retained WHERE NOT held) THEN 'faded' "
            "WHEN n IN (SELECT episode FROM episodes) THEN 'held' "
            "WHEN n IN (SELECT episode FROM observed) THEN 'observed' ELSE 'unknown' END "
            "FROM (SELECT unnest($1::BIGINT[]) AS n)",
            [list(episodes)],
        ))  # fmt: skip

    def marked(self, mark: e.Mark) -> list[int]:
        """Episodes that bear this mark, and are still held where it says that they never fade."""
        held = "AND episode NOT IN (SELECT episode FROM retained WHERE NOT held)" if mark == "pinned" else ""
        return self._numbers(f'SELECT episode FROM marked WHERE "{mark}" {held} ORDER BY 1')

    def goal(self) -> str:
        """What the mind was after last."""
        return self._one("SELECT coalesce(arg_max(goal, seq), '') FROM goals")

    def ended(self) -> list[int]:
        """Nights that came to an end, committed or vetoed, in the order in which they did."""
        return self._numbers(
            "SELECT night FROM closings WHERE ended IN ('committed', 'vetoed') GROUP BY night ORDER BY min(seq)"
        )

    def traces_of_faded(self, limit: int) -> list[c.Trace]:
        """What the cortex answered about episodes that have faded since: two cues each at most, newest nights first.

        Only what accepted nights left behind; of the same cue the latest answer.
        """
        found = self._rows(
            "WITH latest AS (SELECT t.* FROM traces t JOIN retained r USING (episode) WHERE NOT r.held "
            "AND t.night IN (SELECT night FROM accepted) AND t.cue <> '' "
            "AND t.episode NOT IN (SELECT episode FROM marked WHERE excluded) "
            "QUALIFY row_number() OVER (PARTITION BY t.episode, t.cue ORDER BY t.seq DESC) = 1) "
            "SELECT episode, cue, answer FROM latest "
            "QUALIFY row_number() OVER (PARTITION BY episode ORDER BY seq DESC) <= 2 "
            "ORDER BY night DESC, seq LIMIT $1",
            [limit],
        )
        return [c.Trace(episode=episode, cue=cue, answer=answer) for episode, cue, answer in found]

    def accepted(self) -> list[c.AcceptedDelta]:
        """The deltas that the cortex is made of, in order: committed, and not rolled back since."""
        found = self._rows(
            'SELECT a.night, a.delta, a.file, a.cortex_before, a.cortex_after, d."by", d.reason, p.state, p.state_file '
            "FROM accepted a "
            "LEFT JOIN decisions d ON d.delta = a.delta AND d.night = a.night AND d.decision = 'approve' "
            "AND d.seq < a.seq "
            "LEFT JOIN proposals p ON p.delta = a.delta AND p.night = a.night AND p.seq < a.seq "
            "QUALIFY row_number() OVER (PARTITION BY a.seq ORDER BY d.seq DESC, p.seq DESC) = 1 ORDER BY a.seq"
        )
        return [
            c.AcceptedDelta(
                night=night, delta=delta, file=file, cortex_before=before, cortex_after=after, by=by or "",
                reason=reason or "", state=state or "", state_file=state_file or "",
            )
            for night, delta, file, before, after, by, reason, state, state_file in found
        ]  # fmt: skip

    def unfinished_night(self) -> e.NightOpened | None:
        """The last night opened, if nothing closed it."""
        found = self._rows(
            "SELECT e.seq, e.json FROM events e JOIN openings o USING (seq) WHERE o.seq = (SELECT max(seq) FROM "
            "openings) AND NOT EXISTS (SELECT 1 FROM closings c WHERE c.night = o.night AND c.seq > o.seq)"
        )
        return event_of(*found[0]) if found else None

    def unconsolidated(self) -> list[int]:
        """Held episodes that no accepted night has taken in. Of one that faded there is nothing left to teach from, and
        what a person excluded is not replayed."""
        return self._held("episode NOT IN (SELECT episode FROM learnt)")

    def consolidated(self) -> list[int]:
        """Held episodes that an accepted night has taken in, but for those that a person excluded."""
        return self._held("episode IN (SELECT episode FROM learnt)")

    def _held(self, wanted: str) -> list[int]:
        return self._numbers(
            f"SELECT episode FROM episodes_now WHERE {wanted} "
            "AND episode NOT IN (SELECT episode FROM retained WHERE NOT held) "
            "AND episode NOT IN (SELECT episode FROM marked WHERE excluded) ORDER BY 1"
        )

    def _numbers(self, sql: str) -> list[int]:
        return self._numbers_of(sql, ())

    def _numbers_of(self, sql: str, parameters: Sequence) -> list[int]:
        return [number for (number,) in self._rows(sql, parameters)]

    def lived(self, file_hash: str) -> int:
        """The line of that day file that was lived last; living it once more starts again from the first."""
        return self._one("SELECT coalesce(arg_max(line, seq), 0) FROM lines_lived WHERE file_hash = $1", [file_hash])

    def nights(self) -> list[dict]:
        return self.query("nights")

    def night(self, night: int) -> dict:
        """Everything a person may want to see of one night."""
        found = self.query("night", night=night)
        if not found:
            known = ", ".join(str(row["night"]) for row in self.nights()) or "none yet"
            raise RecordError(f"There is no night {night} in this home. Nights: {known}.")
        parts = (
            "selections", "stages", "decisions", "proposals", "exam_scores", "exam_answers", "measurements",
            "weighings", "drift", "dreams", "replay_counts", "probes", "retention",
        )  # fmt: skip
        return {**found[0], **{part: self.query(part, night=night) for part in parts}}


def event_of(seq: int, json: str | bytes) -> e.Record:
    try:
        return wire.event_from_json(json)
    except wire.WireError as why:
        raise HomeNewer(
            f"Event {seq} of this home is of a kind that this version does not know ({why}). "
            "A later version wrote it; install that one."
        ) from why
