"""The tests mirror imps/; tests/acceptance runs whole servers over real sockets."""

import warnings

import hypothesis

warnings.filterwarnings("error", module=r"imps(\.|$)")

hypothesis.settings.register_profile(
    "default",
    deadline=None,
    derandomize=True,
    max_examples=25,
    database=None,
    suppress_health_check=list(hypothesis.HealthCheck),
)
hypothesis.settings.register_profile("long", deadline=None, max_examples=2_000, database=None)
hypothesis.settings.load_profile("default")
