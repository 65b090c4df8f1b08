"""The one way a session says no. It does not know who asked."""

from __future__ import annotations


class SessionError(RuntimeError):
    """A call that cannot be carried out now; the message says why and what to do."""
