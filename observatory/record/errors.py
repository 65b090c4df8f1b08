"""What can be wrong with a home, each as one sentence of what happened, what it means and what to do.

These say what was found; who shows it, and how, is not known here.
"""

from __future__ import annotations


class RecordError(RuntimeError):
    """The record could not do what was asked; the message is for a person."""


class HomeBusy(RecordError):
    """Another process has this home open for writing."""


class HomeNewer(RecordError):
    """The home was written by a later version than this one."""


class HomeUnreadable(RecordError):
    """The home is not there, may not be read, or cannot be trusted."""


class HomeNotWritable(HomeUnreadable):
    """The home can be looked at and not written: its rights, or its disk, say so."""


class JournalBroken(HomeUnreadable):
    """The journal's chain breaks before its end, so what follows cannot be trusted."""


class EventRefused(RecordError):
    """An event that cannot be kept; nothing of the batch was."""


class QueryRefused(RecordError):
    """A query that is not in the dictionary, or with a parameter it does not have."""
