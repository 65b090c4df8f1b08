"""Reviewers' keys, and what a signature on a decision is worth."""

from __future__ import annotations

import os
import stat

import msgspec
import pytest

from observatory.host import approval, keys
from observatory.protocol.events import Decided

PHRASE = "correct horse"


@pytest.fixture
def own(tmp_path):
    return tmp_path / "own"


@pytest.fixture
def home(tmp_path):
    return tmp_path / "mind"


def made(own, home, name: str = "Ida") -> keys.Signer:
    """A new key, trusted by the home and opened."""
    keys.trust(home, keys.new(name, PHRASE, own))
    return keys.opened(name, PHRASE, own)


def signed(signer: keys.Signer, **fields) -> Decided:
    word = Decided(
        night=1, delta="d" * 64, decision="approve", by=signer.name, reason="it learnt", at=1234.5678,
        evidence="e" * 64, policy="f" * 64, key=signer.fingerprint,
    )  # fmt: skip
    word = msgspec.structs.replace(word, **fields)
    return msgspec.structs.replace(word, signature=signer.sign(approval.signed_bytes(word)))


# ---------------------------------------------------------------- keys


def test_a_private_key_is_closed_by_its_pass_phrase_and_for_its_owner_only(own):
    public = keys.new("Ida Larsen", PHRASE, own)
    (private,) = own.glob("*.key")
    assert b"ENCRYPTED PRIVATE KEY" in private.read_bytes() and b"PRIVATE" not in public.read_bytes()
    if os.name != "nt":
        assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert keys.opened("ida  larsen", PHRASE, own).name == "Ida Larsen"
    for wrong in ("another horse", ""):
        with pytest.raises(keys.KeyProblem, match="does not open"):
            keys.opened("Ida Larsen", wrong, own)


def test_a_key_is_never_written_over(own):
    keys.new("Ida", PHRASE, own)
    before = {path: path.read_bytes() for path in own.iterdir()}
    with pytest.raises(keys.KeyProblem, match="already"):
        keys.new("ida", PHRASE, own)
    assert {path: path.read_bytes() for path in own.iterdir()} == before


@pytest.mark.parametrize("name", ["", " ", "../Ida", "a/b", "a\\b", ".", "policy: always", "Policy", "x" * 61, "a\nb"])
def test_what_is_no_name_is_refused_and_nothing_is_made(own, name):
    with pytest.raises(keys.KeyProblem, match="no reviewer's name"):
        keys.new(name, PHRASE, own)
    assert not own.exists()


def test_a_short_pass_phrase_is_refused(own):
    with pytest.raises(keys.KeyProblem, match="8 characters"):
        keys.new("Ida", "short", own)


def test_a_home_trusts_public_keys_and_says_what_is_none(own, home, tmp_path):
    signer = made(own, home)
    (home / "reviewers" / "noise.pem").write_text("nothing")
    (home / "reviewers" / "private.pem").write_bytes(next(own.glob("*.key")).read_bytes())
    found, faults = keys.trusted(home)
    assert [(each.name, print_) for print_, each in found.items()] == [("Ida", signer.fingerprint)]
    assert len(faults) == 2 and all("no public key" in fault for fault in faults)
    assert keys.trusted(tmp_path / "elsewhere") == ({}, [])


def test_one_key_under_two_names_is_nobodys(own, home):
    public = keys.new("Ida", PHRASE, own)
    keys.trust(home, public)
    with pytest.raises(keys.KeyProblem, match="as that of Ida"):
        keys.trust(home, public, "Bo")
    (home / "reviewers" / "Bo.pem").write_bytes(public.read_bytes())
    found, faults = keys.trusted(home)
    assert found == {} and "under another name" in faults[0]


# ---------------------------------------------------------------- signatures


def test_a_signature_fits_what_was_signed(own, home):
    signer = made(own, home)
    assert approval.misfit(signed(signer), keys.trusted(home)[0]) == ""


@pytest.mark.parametrize(
    "change",
    [
        {"reason": "it did not"}, {"delta": "c" * 64}, {"night": 2}, {"evidence": "0" * 64}, {"policy": "0" * 64},
        {"decision": "veto"}, {"by": "Ida "}, {"at": 1234.5679}, {"signature": "00" * 64}, {"signature": "no figures"},
    ],
)  # fmt: skip
def test_whatever_is_changed_afterwards_the_signature_does_not_fit(own, home, change):
    word = msgspec.structs.replace(signed(made(own, home)), **change)
    assert "does not fit" in approval.misfit(word, keys.trusted(home)[0])


def test_a_signature_counts_only_in_its_owners_name_and_only_by_a_trusted_key(own, home):
    ida = made(own, home)
    assert "in the name of Bo" in approval.misfit(signed(ida, by="Bo"), keys.trusted(home)[0])
    assert "does not trust" in approval.misfit(signed(ida), {})
    bare = msgspec.structs.replace(signed(ida), signature="")
    assert "no signature" in approval.misfit(bare, keys.trusted(home)[0])


def test_another_trusted_persons_key_does_not_pass_for_the_first(own, home):
    ida, bo = made(own, home), made(own, home, "Bo")
    swapped = msgspec.structs.replace(signed(ida), key=bo.fingerprint)
    assert "does not fit" in approval.misfit(swapped, keys.trusted(home)[0])


# ---------------------------------------------------------------- on the command line


def test_a_key_is_made_listed_and_trusted_by_commands(command, tmp_path):
    env = {"OBSERVATORY_KEYS": str(tmp_path / "own"), "OBSERVATORY_PASSPHRASE": PHRASE}
    new = command("keys", "new", "Ida", **env)
    assert new.returncode == 0, new.stderr
    assert command("keys", "new", "Ida", **env).returncode == 2
    trusted = command("keys", "trust", new.stdout.strip(), **env)
    assert trusted.returncode == 0 and "Ida may sign" in trusted.stdout
    listed = command("keys", "list", **env)
    assert "Ida" in listed.stdout and "Your own" in listed.stdout
    assert command("keys", "trust", tmp_path / "none.pem", **env).returncode == 2


def test_a_person_signs_here_once_the_home_trusts_their_own_key(tmp_path):
    home, mine = tmp_path / "home", tmp_path / "keys"
    assert not keys.signs_here(home, "Ada", mine)
    public = keys.new("Ada", "seven quiet herons", mine)
    assert not keys.signs_here(home, "Ada", mine)
    keys.trust(home, public)
    assert keys.signs_here(home, "ada", mine)
    assert not keys.signs_here(home, "Grace", mine)
    assert not keys.signs_here(home, "Ada", tmp_path / "another")
