"""The CSP door: handsets, over HTTP."""
