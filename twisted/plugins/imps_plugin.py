"""``twistd imps``: this file imports nothing of imps but by name, so that twistd stays quick."""

from twisted.application.service import ServiceMaker

serviceMaker = ServiceMaker("imps", "imps.tap", "Instant messaging and presence server", "imps")
