"""What handsets say in CSP 1.2, in XML: octets that are ready but for what differs. And what they
look for in answers."""

from __future__ import annotations

import re

_SESSION = "<SessionType>Inband</SessionType><SessionID>%b</SessionID>"
_NO_SESSION = "<SessionType>Outband</SessionType>"


def _message(content: str, session: str = _SESSION, mode: str = "Request") -> bytes:
    """A message to fill in: session id, transaction id, and what the content has."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<WV-CSP-Message xmlns="http://www.openmobilealliance.org/DTD/WV-CSP1.2"><Session>'
        f"<SessionDescriptor>{session}</SessionDescriptor><Transaction><TransactionDescriptor>"
        f"<TransactionMode>{mode}</TransactionMode><TransactionID>%b</TransactionID>"
        "</TransactionDescriptor>"
        '<TransactionContent xmlns="http://www.openmobilealliance.org/DTD/WV-TRC1.2">'
        f"{content}</TransactionContent></Transaction></Session></WV-CSP-Message>"
    ).encode()


LOGIN = _message(
    "<Login-Request><UserID>%b</UserID><ClientID><URL>http://handset.example/imps</URL></ClientID>"
    "%b<TimeToLive>3600</TimeToLive><SessionCookie>bench</SessionCookie></Login-Request>",
    _NO_SESSION,
)
PASSWORD = b"<Password>%b</Password>"
DIGEST_SCHEMA = b"<DigestSchema>MD5</DigestSchema>"
DIGEST = b"<DigestBytes>%b</DigestBytes>"
CAPABILITIES = _message(
    "<ClientCapability-Request><CapabilityList><ClientType>MOBILE_PHONE</ClientType>"
    "<InitialDeliveryMethod>P</InitialDeliveryMethod><AnyContent>T</AnyContent>"
    "<AcceptedTransferEncoding>BASE64</AcceptedTransferEncoding>"
    "<SupportedBearer>HTTP</SupportedBearer><SupportedCIRMethod>STCP</SupportedCIRMethod>"
    "<MultiTrans>1</MultiTrans><ParserSize>131072</ParserSize>"
    "</CapabilityList></ClientCapability-Request>"
)
SERVICES = _message(
    "<Service-Request><Functions><WVCSPFeat><FundamentalFeat/><PresenceFeat/><IMFeat/></WVCSPFeat>"
    "</Functions><AllFunctionsRequest>F</AllFunctionsRequest></Service-Request>"
)
SEND = _message(
    "<SendMessage-Request><DeliveryReport>F</DeliveryReport><MessageInfo>"
    "<ContentType>text/plain</ContentType><ContentSize>%d</ContentSize>"
    "<Recipient><User><UserID>%b</UserID></User></Recipient>"
    "<Sender><User><UserID>%b</UserID></User></Sender><Validity>86400</Validity>"
    "</MessageInfo><ContentData>%b</ContentData></SendMessage-Request>"
)
POLL = _message("<Polling-Request/>").replace(b"<TransactionID>%b</TransactionID>", b"")
"""Handsets poll under no transaction id."""

DELIVERED = _message(
    "<MessageDelivered><MessageID>%b</MessageID></MessageDelivered>", mode="Response"
)

KEEP_ALIVE = _message("<KeepAlive-Request/>")
CREATE_LIST = _message(
    "<CreateList-Request><ContactList>%b</ContactList><NickList>%b</NickList></CreateList-Request>"
)
NICK_NAME = b"<NickName><Name>%b</Name><UserID>%b</UserID></NickName>"
GET_LISTS = _message("<GetList-Request/>")
READ_LIST = _message(
    "<ListManage-Request><ContactList>%b</ContactList><ReceiveList>T</ReceiveList>"
    "</ListManage-Request>"
)
_SUB_LIST = '<PresenceSubList xmlns="http://www.openmobilealliance.org/DTD/WV-PA1.2">'
SUBSCRIBE = _message(
    f"<SubscribePresence-Request>%b{_SUB_LIST}<OnlineStatus/><UserAvailability/><StatusText/>"
    "</PresenceSubList><AutoSubscribe>F</AutoSubscribe></SubscribePresence-Request>"
)
USER = b"<User><UserID>%b</UserID></User>"
CONTACT_LIST = b"<ContactList>%b</ContactList>"
UPDATE = _message(
    f"<UpdatePresence-Request>{_SUB_LIST}<StatusText><Qualifier>T</Qualifier>"
    "<PresenceValue>%d %b</PresenceValue></StatusText></PresenceSubList></UpdatePresence-Request>"
)
DONE = _message("<Status><Result><Code>200</Code></Result></Status>", mode="Response")

POLL_FLAG = b"<Poll>T</Poll>"
MESSAGE_ID = re.compile(rb"<MessageID>([^<]*)</MessageID>")
NEW_MESSAGE = re.compile(
    rb"<TransactionID>([^<]*)</TransactionID>.*<NewMessage>.*<MessageID>([^<]*)</MessageID>"
    rb".*<ContentData>(\d+) ",
    re.DOTALL,
)
NOTIFICATION = re.compile(
    rb"<TransactionID>([^<]*)</TransactionID>.*<PresenceNotification-Request>(.*)"
    rb"</PresenceNotification-Request>",
    re.DOTALL,
)
PRESENCE = re.compile(rb"<Presence><UserID>([^<]*)</UserID>(.*?)</Presence>", re.DOTALL)
STATUS_TEXT = re.compile(rb"<StatusText>.*?<PresenceValue>(\d+) ", re.DOTALL)
LISTED = re.compile(rb"<(?:Default)?ContactList>([^<]*)</(?:Default)?ContactList>")
NONCE = re.compile(rb"<Nonce>([^<]*)</Nonce>")
SESSION_ID = re.compile(rb"<SessionID>([^<]*)</SessionID>")
CIR_PLACE = re.compile(rb"<TCPAddress>([^<]*)</TCPAddress>.*?<TCPPort>(\d+)</TCPPort>", re.DOTALL)
_CODE = re.compile(rb"<Code>(\d+)</Code>")


def code(answer: bytes) -> int:
    """The code of the result; 0 where there is none."""
    found = _CODE.search(answer)
    return int(found[1]) if found else 0
