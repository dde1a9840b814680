"""``imps chat``: a small chat in the terminal, over CSP."""
