"""What the service is about, as plain immutable values that know no version and no syntax."""
