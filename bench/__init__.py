"""Benchmarks, run by hand: ``python -m bench``. A timing is never a test."""
