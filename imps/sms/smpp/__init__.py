"""SMPP 3.4: the service as a client (ESME) of an SMSC.

``pdu`` is what is said, ``session`` a connection over which it is said, ``mapping`` what it means
for texts, ``gateway`` all of it together.
"""
