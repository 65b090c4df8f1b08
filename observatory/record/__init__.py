"""The record: what a home keeps. A journal that is only ever appended to, and a database derived from it.

Nothing here knows Qt, torch or how a mind works; it knows the events of the protocol.
"""
