"""The pages for operators."""

from __future__ import annotations

from collections.abc import Mapping

from imps.admin.health import Health
from imps.admin.network_presence import NetworkPresence
from imps.metrics import Metrics
from imps.pages.page import Answer, Page, shown

# prometheus_client.CONTENT_TYPE_LATEST may name a newer format than the function writes.
PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


def pages(
    health: Health, metrics: Metrics, network_presence: NetworkPresence
) -> Mapping[bytes, Answer]:
    """The pages there are, by their paths."""

    async def show_health() -> Page:
        complaint = await health.complaint()
        return Page(503, f"{complaint}\n".encode()) if complaint else Page(200, b"ok\n")

    async def show_metrics() -> Page:
        await health.look_at_store()
        return Page(200, metrics.exposition(), PROMETHEUS)

    return {
        b"/health": shown(show_health),
        b"/metrics": shown(show_metrics),
        b"/presence": network_presence.answer,
    }
