"""The encodings of CSP: XML and WBXML. Pure: bytes in, values out, and back."""
