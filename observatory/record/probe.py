"""Open a DuckDB file once and close it, in a process of its own.

After an unclean exit the replay of DuckDB's write-ahead log can take its whole process down; this one may die.
Run as a script with the file's path. It does not know what is in the file.
"""

import sys

import duckdb

if __name__ == "__main__":
    duckdb.connect(sys.argv[1]).close()
