"""The host's side of a mind: its process, its session with the record, and runs without a window.

Nothing here imports torch or Qt at module level: the mind runs in a process of its own.
"""
