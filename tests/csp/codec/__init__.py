"""Tests of the encodings of CSP."""
