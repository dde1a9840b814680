"""What every protocol in XML needs: one hardened parser, the forms of values, the errors."""
