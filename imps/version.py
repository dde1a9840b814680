"""Which version of the program runs."""

from importlib.metadata import PackageNotFoundError, version


def program_version() -> str:
    """The version of imps, as it was installed."""
    try:
        return version("imps")
    except PackageNotFoundError:
        return "(not installed)"
