"""Invitations."""

from enum import Enum


class InviteType(Enum):
    """What somebody is invited to."""

    GROUP = "GR"
    INSTANT_MESSAGING = "IM"
    PRESENCE = "PR"
    SHARED_CONTENT = "SC"
    GROUP_MEMBERSHIP = "GM"
    EXTEND_CONVERSATION = "EC"
    EXTEND_GROUP = "EG"
    APPLICATION = "AP"
