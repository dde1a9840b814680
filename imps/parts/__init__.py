"""The parts of a server, and which of them each is given: where they are joined."""

from __future__ import annotations

from functools import cached_property

from attrs import define

from imps.admin.health import Health
from imps.admin.network_presence import NetworkPresence
from imps.parts.handsets import HandsetParts
from imps.parts.phones import PhoneParts
from imps.sap.timers import Timers


@define(eq=False, slots=False)
class Parts(HandsetParts, PhoneParts):
    """The parts of a server, each made when it is first asked for, of those that it needs."""

    @cached_property
    def timers(self) -> Timers:
        """What becomes due as time passes; the elements know how that is done."""
        assert self.local_im and self.presence and self.texts and self.offline_notices
        assert self.clp
        do, buckets = self.working.do, self.store.buckets
        return Timers(self.work, do, buckets, self.reactor, self.metrics)

    @cached_property
    def health(self) -> Health:
        """Whether the server can serve."""
        return Health(self.store.client, self.reactor, self.metrics)

    @cached_property
    def network_presence(self) -> NetworkPresence:
        """What the mobile network tells of users' phones."""
        return NetworkPresence(self.presence, self.settings.admin.key)

    def serve_partners(self) -> None:
        """Render the services here to partners."""
        self.federation.serve(
            self.local_im,
            self.presence,
            self.publishers_abroad,
            self.delivery,
            self.message_limits,
        )
