"""The two ways of saying no in words: a session's to its view, a command's to its terminal.

It does not know who asked.
"""

from __future__ import annotations


class SessionError(RuntimeError):
    """A call that cannot be carried out now; the message says why and what to do."""


class Refusal(Exception):
    """Why a command ends here, in words for a person, with its exit status."""

    def __init__(self, code: int, text: str):
        super().__init__(text)
        self.code = code
