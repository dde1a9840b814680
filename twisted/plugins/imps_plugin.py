"""``twistd imps``, and ``reuse:`` among the endpoints.

This file imports nothing of imps but by name, so that twistd stays quick.
"""

from twisted.application.service import ServiceMaker
from twisted.internet.interfaces import IStreamServerEndpointStringParser
from twisted.plugin import IPlugin
from twisted.python.reflect import namedAny
from zope.interface import implementer

serviceMaker = ServiceMaker("imps", "imps.tap", "Instant messaging and presence server", "imps")


@implementer(IPlugin, IStreamServerEndpointStringParser)
class ReusedPortParser:
    """Parses ``reuse:PORT[:interface=ADDRESS][:backlog=NUMBER]``."""

    prefix = "reuse"

    def parseStreamServer(self, reactor, *arguments, **options):
        """The endpoint that a description means."""
        return namedAny("imps.reuse.ReusedPort").parse(reactor, *arguments, **options)


reused_port_parser = ReusedPortParser()
