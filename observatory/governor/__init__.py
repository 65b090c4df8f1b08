"""System M, the governor: it reads how the mind fares and decides what is done next, by a table of rules.

Plain Python: it sees numbers about the mind and never what is thought. What it decides is told; others do it.
"""
