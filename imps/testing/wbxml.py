"""The WBXML of scripted handsets: a token writer and reader of their own.

It shares nothing with the server's codec, whose errors it is there to show. The tables hold what
the scripts say and may hear; at anything else a handset chokes, as the real ones do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from xml.etree.ElementTree import Element, SubElement, fromstring

from attrs import define, field

from imps.model.version import V11, V12, V13, Version


class Choked(AssertionError):
    """A client got what it cannot digest."""


_TAGS = {
    0x00: """
        05 Acceptance 06 AddList 07 AddNickList 08 SName 09 WV-CSP-Message 0A ClientID 0B Code
        0C ContactList
        0D ContentData 0E ContentEncoding 0F ContentSize 10 ContentType 11 DateTime 12 Description
        13 DetailedResult 14 EntityList 15 Group 16 GroupID 18 InUse 1A MessageCount 1B MessageID
        1D MSISDN 1E Name 1F NickList 20 NickName 21 Poll 22 Presence
        23 PresenceSubList 24 PresenceValue 25 Property 26 Qualifier 27 Recipient
        28 RemoveList 29 RemoveNickList 2A Result
        2C Sender 2D Session 2E SessionDescriptor 2F SessionID 30 SessionType 31 Status
        32 Transaction 33 TransactionContent 34 TransactionDescriptor 35 TransactionID
        36 TransactionMode 37 URL 39 User 3A UserID 3C Validity 3D Value""",
    0x01: """
        05 AllFunctions 06 AllFunctionsRequest 0A CapabilityList 0B CapabilityRequest
        0C ClientCapability-Request 0D ClientCapability-Response 0E DigestBytes 0F DigestSchema
        10 Disconnect 11 Functions 12 GetSPInfo-Request 13 GetSPInfo-Response 1B KeepAlive-Request
        1C KeepAliveTime 1D Login-Request 1E Login-Response 1F Logout-Request 20 Nonce 21 Password
        22 Polling-Request 24 SearchElement 28 SearchLimit 29 KeepAlive-Response 2A SearchPairList
        2B Search-Request 2E Service-Request 2F Service-Response 30 SessionCookie 32 TimeToLive
        33 SearchString 36 ReceiveList 3A AgreedCapabilityList""",
    0x02: """
        05 ADDGM 06 AttListFunc 07 BLENT 08 CAAUT 09 CAINV 0A CALI 0B CCLI 0C ContListFunc 0D CREAG
        0E DALI 0F DCLI 10 DELGR 11 FundamentalFeat 12 FWMSG 13 GALS 14 GCLI 15 GETGM 16 GETGP
        17 GETLM 18 GETM 19 GETPR 1A GETSPI 1B GETWL 1C GLBLU 1D GRCHN 1E GroupAuthFunc 1F GroupFeat
        20 GroupMgmtFunc 21 GroupUseFunc 22 IMAuthFunc 23 IMFeat 24 IMReceiveFunc 25 IMSendFunc
        26 INVIT 27 InviteFunc 28 MBRAC 29 MCLS 2A MDELIV 2B NEWM 2C NOTIF 2D PresenceAuthFunc
        2E PresenceDeliverFunc 2F PresenceFeat 30 REACT 31 REJCM 32 REJEC 33 RMVGM 34 SearchFunc
        35 ServiceFunc 36 SETD 37 SETGP 38 SRCH 39 STSRC 3A SUBGCN 3B UPDPR 3C WVCSPFeat 3D MF 3E MG
        3F MM""",
    0x03: """
        05 AcceptedCharset 05 AcceptedCharSet 06 AcceptedContentLength 07 AcceptedContentType
        08 AcceptedTransferEncoding 09 AnyContent 0B InitialDeliveryMethod 0C MultiTrans
        0D ParserSize 0E ServerPollMin 0F SupportedBearer 10 SupportedCIRMethod 11 TCPAddress
        12 TCPPort 13 UDPPort 1F UserSessionLimit 21 MultiTransPerMessage""",
    0x04: """
        05 CancelAuth-Request 06 ContactListProperties 07 CreateAttributeList-Request
        08 CreateList-Request
        0A DefaultContactList 0B DefaultList 0C DeleteAttributeList-Request 0D DeleteList-Request
        10 GetList-Request 11 GetList-Response 12 GetPresence-Request 13 GetPresence-Response
        14 GetWatcherList-Request 15 GetWatcherList-Response 16 ListManage-Request
        17 ListManage-Response 18 UnsubscribePresence-Request 1B PresenceNotification-Request
        19 PresenceAuth-Request 1A PresenceAuth-User 1C UpdatePresence-Request
        1D SubscribePresence-Request
        1E AutoSubscribe 21 CreateList-Response""",
    0x05: """
        05 Accuracy 06 Address 08 Alias 0D ClientInfo 0E ClientProducer 0F ClientType
        10 ClientVersion 11 CommC 12 CommCap 13 ContactInfo 18 DevManufacturer 1A FreeTextLocation
        1B GeoLocation 1D Latitude 1E Longitude 1F Model 21 OnlineStatus 22 PLMN
        25 PreferredLanguage 28 Registration 29 StatusContent 2A StatusMood 2B StatusText
        2D TimeZone 2E UserAvailability 2F Cap""",
    0x06: """
        05 BlockList 06 BlockEntity-Request 07 DeliveryMethod 08 DeliveryReport
        09 DeliveryReport-Request 0A ForwardMessage-Request 0B GetBlockedList-Request
        0C GetBlockedList-Response 0D GetMessageList-Request 0E GetMessageList-Response
        0F GetMessage-Request 10 GetMessage-Response 11 GrantList 12 MessageDelivered
        13 MessageInfo 14 MessageNotification 15 NewMessage
        16 RejectMessage-Request 17 SendMessage-Request 18 SendMessage-Response
        19 SetDeliveryMethod-Request 1A DeliveryTime 20 MessageInfoList
        21 ForwardMessage-Response""",
    0x08: """
        05 MP 06 GETAUT 07 GETJU 08 VRID 09 VerifyIDFunc 0A GETMAP 0B SGMNT 0C EXCON
        0D OFFNOTIF 0E ADVSR""",
    0x09: "05 CIR 06 Domain 08 HistoryPeriod 0E Watcher 0F WatcherStatus 37 WatcherCount"
    " 3B MessageTotalCount 3F UserIDList",
    0x0B: "05 GrantListInUse 06 BlockListInUse 07 ContactListIDList",
}

_LATER = {
    V12: "ReceiveList AgreedCapabilityList AutoSubscribe MF MG MM MP GETAUT GETJU VRID VerifyIDFunc"
    " Domain HistoryPeriod Watcher WatcherStatus",
    V13: "MultiTransPerMessage UserSessionLimit GETMAP SGMNT EXCON OFFNOTIF ADVSR"
    " CreateList-Response ContactListIDList UserIDList GrantListInUse BlockListInUse WatcherCount"
    " MessageInfoList ForwardMessage-Response MessageTotalCount",
}

_VALUES = """
    07 BASE64 09 Default 0A DisplayName 0B F 0E http:// 10 image/ 11 Inband 12 IM 16 None 17 N
    19 Outband 1F P 20 Request 21 Response 27 text/ 28 text/plain 2C T 42 HTTP 44 STCP 45 SUDP
    46 USER_ALIAS
    4D WAPSMS 4E WAPUDP 5F AVAILABLE 62 CLI 63 COMPUTER 64 DISCREET 67 HAPPY 6F MOBILE_PHONE
    70 NOT_AVAILABLE 73 SAD 74 SLEEPY 75 SMS A4 SSMS A5 SHTTP BD CURRENT_SUBSCRIBER
    BE FORMER_SUBSCRIBER"""

_SECOND_VALUES = {0x68: "IM"}
"""Words that have another token within presence."""

_NAMESPACES = {
    0x05: "http://www.wireless-village.org/CSP",
    0x06: "http://www.wireless-village.org/PA",
    0x07: "http://www.wireless-village.org/TRC",
    0x08: "http://www.openmobilealliance.org/DTD/WV-CSP",
    0x09: "http://www.openmobilealliance.org/DTD/WV-PA",
    0x0A: "http://www.openmobilealliance.org/DTD/WV-TRC",
    0x0B: "http://www.openmobilealliance.org/DTD/IMPS-CSP",
    0x0C: "http://www.openmobilealliance.org/DTD/IMPS-PA",
    0x0D: "http://www.openmobilealliance.org/DTD/IMPS-TRC",
}

_PUBLIC_IDS = {V11: 0x10, V12: 0x11, V13: 0x12}


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_BOOLEANS = _names(
    "Acceptance AllFunctionsRequest AnyContent AutoSubscribe BlockListInUse CapabilityRequest CIR "
    "DefaultList DeliveryReport GrantListInUse InUse Poll Qualifier ReceiveList"
)
_WORDS = _BOOLEANS | _names(
    "ClientType DeliveryMethod InitialDeliveryMethod SearchElement SessionType SupportedBearer "
    "SupportedCIRMethod TransactionMode"
)
"""What is never written in letters: one client ignores such a boolean, and stops at such a word."""

_WRITTEN_AS_WORDS = _WORDS | _names(
    "AcceptedTransferEncoding ContentEncoding ContentType Name PresenceValue Value"
)
_INTEGERS = _names(
    "AcceptedCharset AcceptedCharSet AcceptedContentLength Code ContentSize HistoryPeriod "
    "KeepAliveTime MessageCount MessageTotalCount MultiTrans MultiTransPerMessage ParserSize "
    "SearchLimit ServerPollMin TCPPort TimeToLive "
    "UDPPort UserSessionLimit Validity WatcherCount"
)


def _pairs(text: str) -> Iterator[tuple[int, str]]:
    words = text.split()
    for token, name in zip(words[::2], words[1::2], strict=True):
        yield int(token, 16), name


@cache
def _tokens() -> dict[str, tuple[int, int]]:
    return {name: (page, token) for page, text in _TAGS.items() for token, name in _pairs(text)}


@cache
def _values() -> dict[str, int]:
    return {name: token for token, name in _pairs(_VALUES)}


@cache
def _tag_names(version: Version) -> dict[tuple[int, int], str]:
    """The names that a client of a version knows."""
    newer = {name for since, text in _LATER.items() if since > version for name in text.split()}
    named = {place: name for name, place in reversed(_tokens().items())}
    return {place: name for place, name in named.items() if name not in newer}


def _multi_byte(number: int) -> bytes:
    octets = [number & 0x7F]
    while number := number >> 7:
        octets.append(number & 0x7F | 0x80)
    return bytes(reversed(octets))


def _in_surrogates(text: str) -> bytes:
    """Text as Android writes it: characters beyond U+FFFF as two surrogates of three octets."""
    units = text.encode("utf-16-be")
    code_units = (units[at : at + 2] for at in range(0, len(units), 2))
    characters = "".join(chr(int.from_bytes(unit)) for unit in code_units)
    return characters.encode("utf-8", "surrogatepass")


@define
class Writer:
    """Writes a document in tokens; ``in_digits`` are the integers that go as text."""

    in_digits: frozenset[str] = frozenset()
    in_surrogates: bool = False
    _page: int = field(default=0, init=False)

    def write(self, document: str, version: Version) -> bytes:
        """A document, given in XML."""
        self._page = 0
        header = bytes((0x03, _PUBLIC_IDS[version], 0x6A, 0x00))
        return header + self._element(fromstring(document), "")

    def _element(self, element: Element, inherited: str) -> bytes:
        namespace, _, name = element.tag.rpartition("}")
        page, token = _tokens()[name]
        octets = b""
        if page != self._page:
            self._page = page
            octets += bytes((0x00, page))
        content = self._text(name, element.text or "") + b"".join(
            self._element(child, namespace) for child in element
        )
        attributes = b"" if namespace == inherited else self._xmlns(namespace[1:])
        flags = 0x40 | (0x80 if attributes else 0)
        return octets + bytes((token | flags,)) + attributes + content + b"\x01"

    def _xmlns(self, namespace: str) -> bytes:
        token = next(each for each, prefix in _NAMESPACES.items() if prefix == namespace[:-3])
        return bytes((token, 0x03)) + namespace[-3:].encode() + b"\x00\x01"

    def _text(self, name: str, text: str) -> bytes:
        if not text:
            return b""
        if name in _INTEGERS and name not in self.in_digits:
            number = int(text)
            octets = number.to_bytes(max(1, (number.bit_length() + 7) // 8))
            return b"\xc3" + _multi_byte(len(octets)) + octets
        if name in _WRITTEN_AS_WORDS and text in _values():
            return b"\x80" + _multi_byte(_values()[text])
        encoded = _in_surrogates(text) if self.in_surrogates else text.encode()
        return b"\x03" + encoded + b"\x00"


def read(octets: bytes, version: Version) -> Element:
    """Read what a server wrote for a client of a version.

    Octets that came opaque in an element that is no integer are in its attribute ``octets``.
    """
    return _Reader(octets, version).read()


@define
class _Reader:
    _octets: bytes
    _version: Version
    _at: int = field(default=0, init=False)
    _page: int = field(default=0, init=False)

    def read(self) -> Element:
        header = bytes((0x03, _PUBLIC_IDS[self._version], 0x6A, 0x00))
        if self._octets[:4] != header:
            raise Choked(f"header {self._octets[:4].hex()} instead of {header.hex()}")
        self._at = 4
        root = Element("")
        self._child(root, "")
        if self._at != len(self._octets):
            raise Choked("octets after the root element")
        return root[0]

    def _byte(self) -> int:
        if self._at >= len(self._octets):
            raise Choked("the document ends within an element")
        self._at += 1
        return self._octets[self._at - 1]

    def _number(self) -> int:
        number = 0
        while True:
            byte = self._byte()
            number = number << 7 | byte & 0x7F
            if byte < 0x80:
                return number

    def _string(self) -> str:
        end = self._octets.index(0, self._at)
        text = self._octets[self._at : end].decode()
        self._at = end + 1
        return text

    def _child(self, parent: Element, namespace: str) -> None:
        token = self._byte()
        while token == 0x00:
            self._page = self._byte()
            token = self._byte()
        name = _tag_names(self._version).get((self._page, token & 0x3F))
        if name is None:
            raise Choked(f"unknown tag {token & 0x3F:02X} of page {self._page}")
        if token & 0x80:
            namespace = self._xmlns()
        element = SubElement(parent, f"{{{namespace}}}{name}")
        if token & 0x40:
            self._content(element, name, namespace)

    def _xmlns(self) -> str:
        prefix = _NAMESPACES.get(self._byte())
        if prefix is None or self._byte() != 0x03:
            raise Choked("an attribute other than xmlns")
        namespace = prefix + self._string()
        if self._byte() != 0x01:
            raise Choked("more attributes than xmlns")
        return namespace

    def _content(self, element: Element, name: str, namespace: str) -> None:
        text = ""
        while (token := self._byte()) != 0x01:
            if token == 0x03:
                if name in _WORDS:
                    raise Choked(f"{name} in letters")
                text += self._string()
            elif token == 0x80:
                text += self._value(name)
            elif token == 0xC3:
                text += self._opaque(element, name)
            else:
                self._at -= 1
                self._child(element, namespace)
        element.text = text or None

    def _value(self, name: str) -> str:
        token = self._number()
        known = (each for each, value in _values().items() if value == token)
        word = next(known, _SECOND_VALUES.get(token))
        if word is None:
            raise Choked(f"unknown value {token:02X} in {name}")
        return word

    def _opaque(self, element: Element, name: str) -> str:
        length = self._number()
        octets = self._octets[self._at : self._at + length]
        self._at += length
        if name in _INTEGERS:
            return str(int.from_bytes(octets))
        if name != "ContentData":
            raise Choked(f"{name} is opaque, and would be empty")
        element.set("octets", octets.hex())
        return ""


def without_namespaces(element: Element) -> Element:
    """The same document with bare names, which is all that handsets look at further on."""
    for each in element.iter():
        each.tag = re.sub(r"^\{.*\}", "", each.tag)
    return element
