"""One pass in, sparse code, the right episode out, or nothing and why."""

from __future__ import annotations

import pytest

from observatory.mind.address import ACTIVE, UNITS
from observatory.protocol import commands as cmd
from observatory.protocol import events as ev
from tests.mind.tiny import TEXTS, of


def test_an_episode_is_encoded_in_the_one_pass_that_reads_it(mind):
    list(mind.tell(cmd.Tell(episode=1, text=TEXTS[1])))
    cortex, passes = mind.parts.cortex, []
    whole = cortex.run

    def counted(plan, hidden, *rest, **more):
        passes.append(len(hidden))
        return whole(plan, hidden, *rest, **more)

    cortex.run = counted
    encoded = of(list(mind.tell(cmd.Tell(episode=2, text=TEXTS[2]))), ev.EpisodeEncoded)[0]
    assert passes == [len(encoded.tokens)]
    assert len(encoded.surprise) == len(encoded.pieces) == len(encoded.tokens)
    assert "".join(encoded.pieces) == TEXTS[2]
    assert min(encoded.surprise) >= 0


def test_codes_are_sparse_and_nearly_orthogonal(told):
    store = told.parts.hippocampus
    for trace in store.traces.values():
        assert 0 < len(trace.code) <= ACTIVE < 0.02 * UNITS
    units = [set(t.code.tolist()) for t in store.traces.values()]
    overlaps = [len(a & b) / ACTIVE for i, a in enumerate(units) for b in units[:i]]
    assert max(overlaps) < 0.6


def test_a_cue_in_the_episodes_own_words_brings_back_that_episode(told):
    for number, text in TEXTS.items():
        recall = told.parts.hippocampus.recall(" ".join(text.split()[:6]))
        assert recall.candidates[0][0] == number


def test_an_unsure_match_reads_nothing_and_says_why(told, monkeypatch):
    monkeypatch.setattr("observatory.mind.hippocampus.SURE", 1.01)
    read = of(list(told.ask(cmd.Ask(question=1, text="Anything?", tokens=3))), ev.MemoryRead)[0]
    assert read.reads == []
    assert not read.sure
    assert "unsure" in read.why
    assert read.candidates


def test_words_that_any_question_has_bring_nothing_back(told):
    list(told.tell(cmd.Tell(episode=9, text="Who was it, and where was that with the anthem?")))
    empty, named = (told.parts.hippocampus.recall(f"Who was it, and where was that{rest}?") for rest in ("", " anthem"))
    assert empty.candidates[0][0] == named.candidates[0][0] == 9
    assert (empty.sure, empty.reads) == (False, [])
    assert "names nothing" in empty.why
    assert named.sure


def test_a_match_is_judged_by_the_words_that_tell_something(told, monkeypatch):
    monkeypatch.setattr("observatory.mind.hippocampus.SURE", 1.01)
    list(told.tell(cmd.Tell(episode=9, text="Who was it that wrote the anthem of Vardale? It was the butcher.")))

    def strength(cue: str) -> float:
        return float(told.parts.hippocampus.recall(cue).why.split("match ")[1].split(",")[0])

    same, strange = "Who was it that wrote the anthem?", "Who was it that the Qxyz 77?"
    judged = strength(same), strength(strange)
    every = "observatory.mind.hippocampus.telling_places"
    monkeypatch.setattr(every, lambda pieces: list(range(len(pieces))))
    assert strength(strange) > judged[1] + 0.05, "the words of any question match, and are not asked"
    assert strength(same) == pytest.approx(judged[0], abs=0.05)


def test_what_is_read_reports_its_attention_mass(told):
    asked = list(told.ask(cmd.Ask(question=1, text=TEXTS[3], tokens=4)))
    answered = of(asked, ev.Answered)[0]
    assert answered.reads[0].episode == 3
    assert 0 < answered.reads[0].mass < 1
    assert abs(sum(r.weight for r in answered.reads) - 1) < 1e-6
    assert "".join(e.piece for e in of(asked, ev.AnswerPiece)) == "".join(answered.pieces)


def test_a_forgotten_episode_is_not_found_again(told):
    told.parts.hippocampus.forget(3)
    assert 3 not in [e for e, _ in told.parts.hippocampus.recall(TEXTS[3]).candidates]
    assert told.parts.hippocampus.recall(TEXTS[1]).candidates[0][0] == 1


def test_telling_the_same_number_again_replaces_the_episode(told):
    list(told.tell(cmd.Tell(episode=3, text="A wholly different story of trains.")))
    assert len(told.parts.hippocampus.traces) == len(TEXTS)
    best = told.parts.hippocampus.recall("A wholly different story of trains.").candidates[0]
    assert best[0] == 3
    assert best[1] > 0.9


def test_restored_episodes_are_found_as_before(told, settings):
    from tests.mind.tiny import woken

    stored = [
        cmd.StoredEpisode(episode=e, text=t, speaker="user", session="", lived_at="",
                          tokens=told.parts.hippocampus.traces[e].tokens, surprise=told.parts.lived[e].bits)
        for e, t in TEXTS.items()
    ]  # fmt: skip
    again = woken(settings)
    list(again.restore(stored))
    for text in TEXTS.values():
        here, there = (m.parts.hippocampus.recall(text).candidates[0] for m in (told, again))
        assert here[0] == there[0]
        assert abs(here[1] - there[1]) < 0.02
