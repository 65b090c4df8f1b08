"""Drift maps: where and how far the slow weights moved.

A frozen picture of the awake cortex is made once; what nights add is placed on it. Numbers come from the weights
themselves, the picture only shows them. Neither torch nor Qt nor the record is known here.
"""
