"""What crosses the walls: events, commands, their wire form, and the formats of days and exams.

Nothing here knows Qt, torch or DuckDB.
"""
