"""What every test shares."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "newsroom", deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
settings.load_profile("newsroom")
