"""The pages for operators."""

from __future__ import annotations

from collections.abc import Mapping

from imps.admin.health import Health
from imps.admin.network_presence import NetworkPresence
from imps.http.message import HTTPResponse, Page
from imps.http.pages import said, shown
from imps.metrics import Metrics

# prometheus_client.CONTENT_TYPE_LATEST may name a newer format than the function writes.
PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


def pages(
    health: Health, metrics: Metrics, network_presence: NetworkPresence
) -> Mapping[str, Page]:
    """The pages there are, by their paths."""

    async def show_health() -> HTTPResponse:
        complaint = await health.complaint()
        return said(503, f"{complaint}\n".encode()) if complaint else said(200, b"ok\n")

    async def show_metrics() -> HTTPResponse:
        await health.look_at_store()
        return said(200, metrics.exposition(), PROMETHEUS)

    return {
        "/health": shown(show_health),
        "/metrics": shown(show_metrics),
        "/presence": network_presence.answer,
    }
