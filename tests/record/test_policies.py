"""What the record keeps of policies and signatures, and how homes from before they existed are brought up."""

from __future__ import annotations

import msgspec

from observatory.protocol import events as e
from observatory.record.store import Store
from tests.record import samples as s
from tests.record.test_opening import looked_at
from tests.record.test_retention import as_schema, without_versions

COLUMNS = 'SELECT evidence, policy, waits, "key", signature FROM decisions ORDER BY seq'
SIGNED = {"evidence": "e" * 64, "policy": "p" * 64, "waits": 1, "key": "k" * 64, "signature": "s" * 128}


def filled(home) -> None:
    """A decision with everything that can stand on it, and one with nothing of it."""
    with Store.open(home, "write") as store:
        store.keep([*s.told(1, 2), *s.whole_night(1, "a" * 64, [1])])
        store.keep([e.PolicyTaken(policy="p" * 64, says='{"said": "“quoted”"}')])
        store.keep([msgspec.structs.replace(s.decided(2, "b" * 64), **SIGNED)])


def test_a_decision_is_kept_with_its_evidence_policy_and_signature(home):
    filled(home)
    with Store.open(home, "read") as store:
        assert store._rows(COLUMNS) == [("", "", 0, "", ""), tuple(SIGNED.values())]
        assert store._rows("SELECT policy, says FROM policies") == [("p" * 64, '{"said": "“quoted”"}')]


def test_an_older_home_has_places_for_them_and_keeps_all_it_had(home):
    filled(home)
    before = without_versions(looked_at(home))
    as_schema(3, home)
    with Store.open(home, "write") as store:
        assert all(found.level == "info" or found.where.startswith("deltas/") for found in store.verify())
    assert without_versions(looked_at(home)) == before


def test_the_database_with_them_is_rebuilt_identical(home):
    filled(home)
    before = looked_at(home)
    (home / "observatory.duckdb").unlink()
    assert looked_at(home) == before


def test_an_event_from_before_there_were_policies_is_read_as_unsigned():
    old = b'{"type":"Decided","seq":4,"at":1.0,"night":1,"delta":"d","decision":"veto","by":"Ada","reason":"no"}'
    assert msgspec.json.decode(old, type=e.Decided) == e.Decided(
        seq=4, at=1.0, night=1, delta="d", decision="veto", by="Ada", reason="no"
    )
