"""The door for phones that can only text: SMS gateways, and what goes through them."""
