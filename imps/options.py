"""The command line of ``twistd imps``: the settings that it names win over those of the file."""

from __future__ import annotations

from twisted.python import usage

from imps.config import Settings, SettingsError


class Options(usage.Options):
    """The command line of ``twistd imps``."""

    synopsis = "[options]"
    longdesc = "Serve instant messaging and presence (OMA IMPS, Wireless Village)."
    optParameters = [
        ["config", "c", None, "TOML settings; every option below has a key of its name there"],
        ["data", "d", None, "state directory (default ./imps-data)"],
        ["redis", "r", None, "URL of the store (default: an embedded one)"],
    ]

    settings: Settings

    def __init__(self) -> None:
        super().__init__()
        self["domain"] = []
        self["csp"] = []
        self["cir"] = []
        self["sms"] = ""
        self["ssp"] = []
        self["admin"] = ""

    def opt_domain(self, name: str) -> None:
        """home domain served (default localhost); may be repeated"""
        self["domain"].append(name)

    def opt_csp(self, endpoint: str) -> None:
        """serve CSP over HTTP on this endpoint (default tcp:8080:interface=127.0.0.1); may be
        repeated"""
        self["csp"].append(endpoint)

    def opt_cir(self, endpoint: str) -> None:
        """wake clients over TCP (CIR) on this endpoint (default: none); may be repeated"""
        self["cir"].append(endpoint)

    def opt_sms(self, endpoint: str) -> None:
        """take texts from SMS gateways over HTTP on this endpoint, on the loopback interface unless
        it names another (default: nowhere)"""
        self["sms"] = endpoint

    def opt_ssp(self, endpoint: str) -> None:
        """take what partner servers send (SSP) on this endpoint (default: none); may be
        repeated"""
        self["ssp"].append(endpoint)

    def opt_admin(self, endpoint: str) -> None:
        """serve /health, /metrics and /presence on this endpoint, on the loopback interface unless
        it names another (default: nowhere)"""
        self["admin"] = endpoint

    def postOptions(self) -> None:
        """Read the settings; a bad one ends here, with one line that names it."""
        keys = ("data", "domain", "redis", "csp", "cir", "sms", "ssp", "admin")
        given = {key: self[key] for key in keys if self[key]}
        try:
            self.settings = Settings.read(self["config"], given)
        except SettingsError as error:
            raise usage.UsageError(str(error)) from None
