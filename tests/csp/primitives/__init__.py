"""Tests of the declarations of CSP."""
