"""The service tree: the functions that a client asks for and a server grants or refuses.

An empty element of the tree stands for all that is below it."""

from __future__ import annotations

from typing import Annotated

from imps.csp.primitives.declaration import Choice, Element, Mark, structure
from imps.model.version import V12, V13


@structure("WVCSPFeat")
class WVCSPFeat:
    fundamental_feat: Annotated[FundamentalFeat | None, Element("FundamentalFeat")] = None
    presence_feat: Annotated[PresenceFeat | None, Element("PresenceFeat")] = None
    im_feat: Annotated[IMFeat | None, Element("IMFeat")] = None
    group_feat: Annotated[GroupFeat | None, Element("GroupFeat")] = None


@structure(
    "FundamentalFeat",
    choices=[Choice("mf", "service_func search_func invite_func verify_id_func", since=V12)],
)
class FundamentalFeat:
    mf: Annotated[bool, Mark("MF", since=V12)] = False
    service_func: Annotated[ServiceFunc | None, Element("ServiceFunc")] = None
    search_func: Annotated[SearchFunc | None, Element("SearchFunc")] = None
    invite_func: Annotated[InviteFunc | None, Element("InviteFunc")] = None
    verify_id_func: Annotated[VerifyIDFunc | None, Element("VerifyIDFunc", since=V12)] = None


@structure("ServiceFunc")
class ServiceFunc:
    getspi: Annotated[bool, Mark("GETSPI")] = False
    getmap: Annotated[bool, Mark("GETMAP", since=V13)] = False
    sgmnt: Annotated[bool, Mark("SGMNT", since=V13)] = False


@structure("SearchFunc")
class SearchFunc:
    srch: Annotated[bool, Mark("SRCH")] = False
    advsr: Annotated[bool, Mark("ADVSR", since=V13)] = False
    stsrc: Annotated[bool, Mark("STSRC")] = False


@structure("InviteFunc")
class InviteFunc:
    invit: Annotated[bool, Mark("INVIT")] = False
    cainv: Annotated[bool, Mark("CAINV")] = False


@structure("VerifyIDFunc", since=V12)
class VerifyIDFunc:
    vrid: Annotated[bool, Mark("VRID")] = False


@structure(
    "PresenceFeat",
    choices=[
        Choice(
            "mp",
            "cont_list_func presence_auth_func presence_deliver_func att_list_func",
            since=V12,
            until=V12,
        ),
        Choice("mp", "cont_list_func presence_auth_func presence_deliver_func", since=V13),
    ],
)
class PresenceFeat:
    mp: Annotated[bool, Mark("MP", since=V12)] = False
    cont_list_func: Annotated[ContListFunc | None, Element("ContListFunc")] = None
    presence_auth_func: Annotated[PresenceAuthFunc | None, Element("PresenceAuthFunc")] = None
    presence_deliver_func: Annotated[PresenceDeliverFunc | None, Element("PresenceDeliverFunc")] = (
        None
    )
    att_list_func: Annotated[AttListFunc | None, Element("AttListFunc", until=V12)] = None


@structure("ContListFunc")
class ContListFunc:
    gcli: Annotated[bool, Mark("GCLI")] = False
    ccli: Annotated[bool, Mark("CCLI")] = False
    dcli: Annotated[bool, Mark("DCLI")] = False
    mcls: Annotated[bool, Mark("MCLS")] = False


@structure("PresenceAuthFunc")
class PresenceAuthFunc:
    getwl: Annotated[bool, Mark("GETWL")] = False
    react: Annotated[bool, Mark("REACT", until=V12)] = False
    caaut: Annotated[bool, Mark("CAAUT", until=V12)] = False
    getaut: Annotated[bool, Mark("GETAUT", since=V12, until=V12)] = False


@structure("PresenceDeliverFunc")
class PresenceDeliverFunc:
    getpr: Annotated[bool, Mark("GETPR")] = False
    updpr: Annotated[bool, Mark("UPDPR")] = False


@structure("AttListFunc", until=V12)
class AttListFunc:
    cali: Annotated[bool, Mark("CALI")] = False
    dali: Annotated[bool, Mark("DALI")] = False
    gals: Annotated[bool, Mark("GALS")] = False


@structure("IMFeat", choices=[Choice("mm", "im_send_func im_receive_func im_auth_func", since=V12)])
class IMFeat:
    mm: Annotated[bool, Mark("MM", since=V12)] = False
    im_send_func: Annotated[IMSendFunc | None, Element("IMSendFunc")] = None
    im_receive_func: Annotated[IMReceiveFunc | None, Element("IMReceiveFunc")] = None
    im_auth_func: Annotated[IMAuthFunc | None, Element("IMAuthFunc")] = None


@structure("IMSendFunc")
class IMSendFunc:
    mdeliv: Annotated[bool, Mark("MDELIV")] = False
    fwmsg: Annotated[bool, Mark("FWMSG")] = False


@structure("IMReceiveFunc")
class IMReceiveFunc:
    setd: Annotated[bool, Mark("SETD")] = False
    getlm: Annotated[bool, Mark("GETLM")] = False
    getm: Annotated[bool, Mark("GETM")] = False
    rejcm: Annotated[bool, Mark("REJCM")] = False
    notif: Annotated[bool, Mark("NOTIF")] = False
    newm: Annotated[bool, Mark("NEWM")] = False
    offnotif: Annotated[bool, Mark("OFFNOTIF", since=V13)] = False


@structure("IMAuthFunc")
class IMAuthFunc:
    glblu: Annotated[bool, Mark("GLBLU")] = False
    blent: Annotated[bool, Mark("BLENT")] = False


@structure(
    "GroupFeat", choices=[Choice("mg", "group_mgmt_func group_use_func group_auth_func", since=V12)]
)
class GroupFeat:
    mg: Annotated[bool, Mark("MG", since=V12)] = False
    group_mgmt_func: Annotated[GroupMgmtFunc | None, Element("GroupMgmtFunc")] = None
    group_use_func: Annotated[GroupUseFunc | None, Element("GroupUseFunc")] = None
    group_auth_func: Annotated[GroupAuthFunc | None, Element("GroupAuthFunc")] = None


@structure("GroupMgmtFunc")
class GroupMgmtFunc:
    creag: Annotated[bool, Mark("CREAG")] = False
    delgr: Annotated[bool, Mark("DELGR")] = False
    getgp: Annotated[bool, Mark("GETGP")] = False
    setgp: Annotated[bool, Mark("SETGP")] = False


@structure("GroupUseFunc")
class GroupUseFunc:
    subgcn: Annotated[bool, Mark("SUBGCN")] = False
    grchn: Annotated[bool, Mark("GRCHN")] = False
    excon: Annotated[bool, Mark("EXCON", since=V13)] = False


@structure("GroupAuthFunc")
class GroupAuthFunc:
    getgm: Annotated[bool, Mark("GETGM")] = False
    addgm: Annotated[bool, Mark("ADDGM")] = False
    rmvgm: Annotated[bool, Mark("RMVGM")] = False
    mbrac: Annotated[bool, Mark("MBRAC")] = False
    rejec: Annotated[bool, Mark("REJEC")] = False
    getju: Annotated[bool, Mark("GETJU", since=V12)] = False
