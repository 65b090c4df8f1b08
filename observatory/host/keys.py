"""Reviewers' keys: made, kept behind a pass phrase, handed out, and trusted by a home.

A private key lies in the person's own folder and never in a home; a home holds public keys only, each in a file of its
own named after its owner. Ed25519 throughout. It does not know what is signed, nor whether a policy asks for it.
"""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from ..protocol.durable import write
from .approval import person

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

REVIEWERS = "reviewers"
"""The folder of a home that holds the public keys it trusts."""
NAME = re.compile(r"\w(?:[\w '-]{0,58}\w)?")
"""What is a name and the name of a file on every system at once."""
SHORT = 12
"""Figures of a fingerprint that stand in a file's name: enough to tell two keys of one person apart."""
PASS_PHRASE_LEAST = 8
"""Characters; the file's own work factor does the rest against whoever copies it."""
FILE_LIMIT = 65_536
"""Bytes; a key has some two hundred."""


class KeyProblem(Exception):
    """What is wrong with a key, a name or a pass phrase, in words for a person."""


@dataclass(frozen=True)
class Trusted:
    """A public key and whose it is."""

    name: str
    fingerprint: str
    public: Ed25519PublicKey
    path: Path

    def signed(self, signature: str, what: bytes) -> bool:
        from cryptography.exceptions import InvalidSignature

        try:
            self.public.verify(bytes.fromhex(signature), what)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True)
class Signer:
    """An opened private key, for as long as somebody is deciding."""

    name: str
    fingerprint: str
    private: Ed25519PrivateKey

    def sign(self, what: bytes) -> str:
        return self.private.sign(what).hex()


def folder() -> Path:
    """Where this person's private keys are: OBSERVATORY_KEYS, or beside the settings of other programs."""
    named = os.environ.get("OBSERVATORY_KEYS")
    return Path(named).expanduser() if named else platformdirs.user_config_path("sleep-observatory") / "keys"


def fingerprint(public: Ed25519PublicKey) -> str:
    return hashlib.sha256(public.public_bytes_raw()).hexdigest()


# ---------------------------------------------------------------- one's own


def new(name: str, pass_phrase: str, where: Path | None = None) -> Path:
    """Make a pair. Returns the file of the public key, which is what others are given."""
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    where = where or folder()
    _usable(name)
    if len(pass_phrase) < PASS_PHRASE_LEAST:
        raise KeyProblem(f"a pass phrase needs {PASS_PHRASE_LEAST} characters or more")
    if _own(name, where):
        raise KeyProblem(f"there is a key of {name} in {where} already, and no key is ever written over")
    private = Ed25519PrivateKey.generate()
    stem = f"{name}.{fingerprint(private.public_key())[:SHORT]}"
    closed = private.private_bytes(
        form.Encoding.PEM, form.PrivateFormat.PKCS8, form.BestAvailableEncryption(pass_phrase.encode())
    )
    where.mkdir(parents=True, exist_ok=True, mode=0o700)
    _write_private(where / f"{stem}.key", closed)
    public = where / f"{stem}.pem"
    write(public, _pem(private.public_key()))
    return public


def opened(name: str, pass_phrase: str, where: Path | None = None) -> Signer:
    """The private key of that name, opened. Raises KeyProblem when there is none or the phrase is another."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    where = where or folder()
    found = _own(name, where)
    if not found:
        raise KeyProblem(f"there is no key of {name} in {where}; make one: observatory keys new NAME")
    if len(found) > 1:
        raise KeyProblem(f"there are several keys of {name} in {where}; leave one of them there")
    try:
        private = load_pem_private_key(_bytes(found[0]), pass_phrase.encode())
    except (ValueError, TypeError) as why:
        raise KeyProblem(f"{found[0]} does not open with this pass phrase") from why
    if not isinstance(private, Ed25519PrivateKey):
        raise KeyProblem(f"{found[0]} is no Ed25519 key")
    return Signer(owner(found[0]), fingerprint(private.public_key()), private)


def own(where: Path | None = None) -> list[Path]:
    """The public halves of this person's keys."""
    return sorted((where or folder()).glob("*.pem"))


def signs_here(home: Path, name: str, where: Path | None = None) -> bool:
    """Whether this person has a key of their own that the home trusts."""
    known, _ = trusted(home)
    mine = [each for each in own(where) if person(owner(each)) == person(name) and _own(name, where or folder())]
    return any(fingerprint(_public(each)) in known for each in mine)


def _own(name: str, where: Path) -> list[Path]:
    return [path for path in sorted(where.glob("*.key")) if person(owner(path)) == person(name)]


def _write_private(path: Path, data: bytes) -> None:
    """For its owner's eyes from the first byte on; never over another."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


# ---------------------------------------------------------------- what a home trusts


def trust(home: Path, path: Path, name: str = "") -> Trusted:
    """Let a public key's owner review in this home. The file's name says whose it is, unless a name is given."""
    public = _public(path)
    name, print_ = name or owner(path), fingerprint(public)
    _usable(name)
    known, _ = trusted(home)
    if print_ in known and person(known[print_].name) != person(name):
        raise KeyProblem(f"this key is trusted here already, as that of {known[print_].name}")
    reviewers = Path(home) / REVIEWERS
    reviewers.mkdir(parents=True, exist_ok=True, mode=0o700)
    kept = reviewers / f"{name}.{print_[:SHORT]}.pem"
    write(kept, _pem(public))
    return Trusted(name, print_, public, kept)


def trusted(home: Path) -> tuple[dict[str, Trusted], list[str]]:
    """The keys that a home trusts, by fingerprint, and what could not be read. A key under two names is nobody's."""
    found: dict[str, Trusted] = {}
    faults, twice = [], set()
    for path in sorted((Path(home) / REVIEWERS).glob("*.pem")):
        try:
            public = _public(path)
        except KeyProblem as why:
            faults.append(str(why))
            continue
        each = Trusted(owner(path), fingerprint(public), public, path)
        first = found.setdefault(each.fingerprint, each)
        if person(first.name) != person(each.name):
            faults.append(f"{path} holds the key of {first.name} under another name, so neither counts")
            twice.add(each.fingerprint)
    return {print_: each for print_, each in found.items() if print_ not in twice}, faults


def owner(path: Path) -> str:
    """Whose key a file holds: what stands before the figures in its name."""
    name, _, figures = path.stem.rpartition(".")
    return name if name and len(figures) == SHORT and not set(figures) - set("0123456789abcdef") else path.stem


def _public(path: Path) -> Ed25519PublicKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        public = load_pem_public_key(_bytes(path))
    except (ValueError, UnsupportedAlgorithm) as why:
        raise KeyProblem(f"{path} is no public key in PEM") from why
    if not isinstance(public, Ed25519PublicKey):
        raise KeyProblem(f"{path} is no Ed25519 key")
    return public


def _pem(public: Ed25519PublicKey) -> bytes:
    from cryptography.hazmat.primitives import serialization as form

    return public.public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo)


def _bytes(path: Path) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(FILE_LIMIT)
    except OSError as why:
        raise KeyProblem(f"{path} could not be read: {why.strerror or why}") from why


def _usable(name: str) -> None:
    if not NAME.fullmatch(name) or person(name).startswith("policy"):
        raise KeyProblem(
            f"“{name[:40]}” is no reviewer's name; write letters, figures, spaces, hyphens or apostrophes, at most 60, "
            "and nothing that begins with “policy”"
        )
