"""CIR: telling clients that cannot be reached over HTTP to poll (CSP, communication initiation)."""
