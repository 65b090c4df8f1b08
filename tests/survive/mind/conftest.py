"""Minds on the tiny model of the mind's own tests."""

from tests.mind.conftest import (  # noqa: F401 - fixtures of the mind's tests
    little_old_material,
    mind,
    models_folder,
    settings,
    short_text,
    tiny_folder,
    told,
)
