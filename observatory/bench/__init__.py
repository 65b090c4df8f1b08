"""What the observatory is measured with: look-alike experience and its questions.

Nothing here knows models, Qt or DuckDB.
"""
