"""The Sleep Observatory: watch a language model with a hippocampus and a cortex learn in its sleep."""

__version__ = "0.1.0"
