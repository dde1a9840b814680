"""Pages over HTTP, for those who are no clients of the service: operators, and SMS gateways."""
