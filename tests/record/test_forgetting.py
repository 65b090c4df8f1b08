"""Forgetting on disk: the words are nowhere any more, the chain holds, and being killed in the middle loses nothing."""

from __future__ import annotations

import json

import pytest

from observatory.protocol import events as e
from observatory.record import shredding
from observatory.record.store import Store
from tests.record.samples import episode

SECRET = "The spare key to Quill Lodge hangs behind the barometer."
WORDS = ("quill", "barometer", "behind the")


def question(right: bool) -> e.Examined:
    asked = e.Question(prompt="What hangs behind the barometer?", answers=["the key"], kind="direct")
    known = e.Question(prompt="What is the capital of France?", answers=["Paris"], kind="known")
    answers = [
        e.ExamAnswer(question=asked, answer="The spare key to Quill Lodge.", right=right),
        e.ExamAnswer(question=known, answer="Paris.", right=True),
    ]
    scores = {"direct": e.Score(right=int(right), asked=1), "known": e.Score(right=1, asked=1)}
    return e.Examined(night=1, when="after", memory="cortex", scores=scores, answers=answers, wall_s=1.0)


def lived(store: Store, home) -> None:
    (home / "deltas" / "night-0001-abc.safetensors").write_bytes(b"it has learnt of Quill Lodge")
    store.keep([
        episode(1), episode(2, SECRET, because="the barometer is old"),
        episode(3, "Bartholomew the goat eats radishes."),
        e.EpisodeObserved(episode=4, like=2, text=SECRET, why="told before"),
        e.DreamMade(night=1, dream=1, episode=2, prompt="What hangs there?", target=SECRET, kept=True, support=1.0,
                    why="the episode answers it", answer="the spare key"),
        e.ReplayStep(night=1, step=1, of=1, loss=1.0, kl=0.0, rate=0.1, tokens=9, step_s=0.1, grad_norm=1.0, items=[
            e.ReplayItem(kind="episode", episode=2, item=0, cue="Tell me about Quill Lodge.", loss=1.0, worst=2.0),
            e.ReplayItem(kind="episode", episode=3, item=0, cue="Tell me about Bartholomew.", loss=1.0, worst=2.0)]),
        question(True),
        e.Answered(question=1, prompt="Where is the key?", answer="behind the barometer", memory="whole",
                   pieces=["behind", " the", " baro", "meter"], surprise=[1.0] * 4, reads=[], wall_ms=1.0,
                   tokens_per_s=1.0),
        e.Decided(night=1, delta="d", decision="approve", by="Mirembe", reason="good"),
        e.NightOpened(night=1, seed=0, episodes=[1, 2, 3], old_episodes=[], steps=1, cortex="c", arm="sleep", why=""),
    ])  # fmt: skip


def forget(store: Store, home, numbers=(2,)) -> e.Forgotten:
    store.keep([e.ForgettingAsked(episodes=list(numbers), nights=[1], by="Mirembe", why="it is private")])
    return store.forget(list(numbers), [home / "deltas" / "night-0001-abc.safetensors"], "c")


def everywhere(home) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(home.rglob("*")) if path.is_file()).lower()


def errors(store: Store) -> list[str]:
    return [f"{f.where}: {f.text}" for f in store.verify() if f.level == "error"]


def test_no_file_of_the_home_holds_a_word_of_it_any_more(store, home):
    lived(store, home)
    store.close()
    assert all(word.encode() in everywhere(home) for word in WORDS), "or the test shows nothing"
    with Store.open(home) as store:
        forget(store, home)
    assert not [word for word in WORDS if word.encode() in everywhere(home)]
    assert b"bartholomew" in everywhere(home) and b"trondheim" in everywhere(home)


def test_the_chain_holds_and_the_rest_of_the_record_is_as_it_was(store, home):
    lived(store, home)
    before = [event for event in store.history() if not isinstance(event, e.ForgettingAsked)]
    done = forget(store, home)
    assert not errors(store)
    after = list(store.history())
    same = [a for a, b in zip(before, after, strict=False) if a == b]
    assert len(before) - len(same) == len(done.lines) == 6
    assert done == after[-1] and done.episodes == [2, 4], "a repetition that was only observed goes with it"
    paper = next(event for event in after if isinstance(event, e.Examined))
    assert paper.scores == question(True).scores, "marks are kept"
    assert [a.question.prompt for a in paper.answers] == ["", "What is the capital of France?"]
    assert store.unconsolidated() == [1, 3]
    assert store.standing(2) == "forgotten"
    assert store.next_episode() == 5, "its number is not used again"
    assert [each.episode for part in store.episodes_to_restore() for each in part] == [1, 3]


def test_it_goes_on_after_that_and_a_second_forgetting_stands_beside_the_first(store, home):
    lived(store, home)
    forget(store, home)
    store.keep([episode(5, "Mirembe is afraid of balloons.")])
    forget(store, home, [3])
    assert not errors(store)
    store.close()
    with Store.open(home) as again:
        assert not errors(again) and not again.notices
        assert again.unconsolidated() == [1, 5]
    assert b"radishes" not in everywhere(home)
    with Store.open(home, "read") as looked:
        assert [each.text for each in looked.history(kinds=[e.EpisodeEncoded])][1] == ""


def test_a_line_that_says_anything_else_than_the_forgetting_vouches_for_breaks_the_chain(store, home):
    lived(store, home)
    forget(store, home)
    store.close()
    path = home / "journal.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    at = next(i for i, line in enumerate(lines) if b'"EpisodeEncoded"' in line and b'"text":""' in line)
    lines[at] = lines[at].replace(b'"text":""', b'"text":"Another tale."')
    path.write_bytes(b"".join(lines))
    with Store.open(home, "read") as looked:
        assert any("does not fit the chain" in found for found in errors(looked))


def test_what_the_forgetting_vouches_for_cannot_be_changed_with_the_line(store, home):
    lived(store, home)
    done = forget(store, home)
    store.close()
    path = home / "journal.jsonl"
    path.write_bytes(path.read_bytes().replace(done.lines[0].says.encode(), b"0" * 64))
    with Store.open(home, "read") as looked:
        assert errors(looked)


@pytest.mark.parametrize("moment", ["begun", "rewritten", "open_to_write"])
def test_killed_at_any_point_the_next_opening_has_all_of_it_or_none_and_loses_nothing(store, home, monkeypatch, moment):
    lived(store, home)

    def killed(*_):
        raise KeyboardInterrupt

    place = "observatory.record.store" if moment == "open_to_write" else "observatory.record.shredding"
    with monkeypatch.context() as patched:
        patched.setattr(f"{place}.{moment}", killed)
        with pytest.raises(KeyboardInterrupt):
            forget(store, home)
    store._lock.release()
    store._database.connection.close()
    with Store.open(home) as again:
        assert not errors(again)
        done = list(again.history(kinds=[e.Forgotten]))
        assert again.unconsolidated() == [1, 3], "it was asked for, so it is not remembered either way"
        if moment != "open_to_write":
            assert not done
            again.forget([2], [home / "deltas" / "night-0001-abc.safetensors"], "c")
            assert not errors(again)
    assert not [word for word in WORDS if word.encode() in everywhere(home)]
    assert not (home / shredding.MARK).exists()


def test_an_unfinished_forgetting_is_named(store, home):
    lived(store, home)
    store.keep([e.ForgettingAsked(episodes=[2], nights=[1], by="Mirembe", why="private")])
    assert any("was not finished" in found.text for found in store.verify())


def test_the_journal_is_still_json_a_line(store, home):
    lived(store, home)
    forget(store, home)
    assert all(json.loads(line) for line in (home / "journal.jsonl").read_text("utf-8").splitlines())
