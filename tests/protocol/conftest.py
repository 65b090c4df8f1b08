"""How hard hypothesis tries here: as long as a slow, shared machine needs, without flaking on it."""

from hypothesis import HealthCheck, settings

settings.register_profile("observatory", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("observatory")
