"""The token tables of WBXML for CSP 1.1, 1.2 and 1.3 (OMA WBXML bindings of CSP).

Both tables are written as text: a line begins with the first token, in hexadecimal, and goes on
with the names of that token and those that follow it. A name holds in the versions above it.
"""

from __future__ import annotations

from collections.abc import Iterator

from imps.model.version import V11, V12, V13, Version

VERSIONS = (V11, V12, V13)

PUBLIC_IDS = {V11: 0x10, V12: 0x11, V13: 0x12}

XMLNS_PREFIXES = {
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

_TAGS = """
page 00 Common
  since 1.1
    05 Acceptance AddList AddNickList SName WV-CSP-Message ClientID Code ContactList
       ContentData ContentEncoding ContentSize ContentType DateTime Description
       DetailedResult EntityList Group GroupID GroupList
    19 Logo MessageCount MessageID MessageURI MSISDN Name NickList NickName Poll Presence
       PresenceSubList PresenceValue Property Qualifier Recipient RemoveList RemoveNickList
       Result ScreenName Sender Session SessionDescriptor SessionID SessionType Status
       Transaction TransactionContent TransactionDescriptor TransactionID TransactionMode URL
       URLList User UserID UserList Validity Value
  only 1.1 to 1.2
    18 InUse
page 01 Access
  since 1.1
    05 AllFunctions AllFunctionsRequest CancelInvite-Request CancelInviteUser-Request
    0A CapabilityList CapabilityRequest ClientCapability-Request ClientCapability-Response
       DigestBytes DigestSchema Disconnect Functions GetSPInfo-Request GetSPInfo-Response
       InviteID InviteNote Invite-Request Invite-Response InviteType InviteUser-Request
       InviteUser-Response KeepAlive-Request KeepAliveTime Login-Request Login-Response
       Logout-Request Nonce Password Polling-Request ResponseNote SearchElement
       SearchFindings SearchID SearchIndex SearchLimit KeepAlive-Response SearchPairList
       Search-Request Search-Response SearchResult Service-Request Service-Response
       SessionCookie StopSearch-Request TimeToLive SearchString CompletionFlag
  since 1.2
    36 ReceiveList VerifyID-Request Extended-Request Extended-Response AgreedCapabilityList
       ExtendedData OtherServer PresenceAttributeNSName SessionNSName TransactionNSName
  only 1.1 to 1.2
    09 Capability
page 02 Service (negotiation)
  since 1.1
    05 ADDGM
    07 BLENT
    09 CAINV
    0B CCLI ContListFunc CREAG
    0F DCLI DELGR FundamentalFeat FWMSG
    14 GCLI GETGM GETGP GETLM GETM GETPR GETSPI GETWL GLBLU GRCHN GroupAuthFunc GroupFeat
       GroupMgmtFunc GroupUseFunc IMAuthFunc IMFeat IMReceiveFunc IMSendFunc INVIT InviteFunc
       MBRAC MCLS MDELIV NEWM NOTIF PresenceAuthFunc PresenceDeliverFunc PresenceFeat
    31 REJCM REJEC RMVGM SearchFunc ServiceFunc SETD SETGP SRCH STSRC SUBGCN UPDPR WVCSPFeat
  since 1.2
    3D MF MG MM
  only 1.1 to 1.2
    06 AttListFunc
    08 CAAUT
    0A CALI
    0E DALI
    13 GALS
    30 REACT
page 03 Client capability
  since 1.1
    07 AcceptedContentType AcceptedTransferEncoding AnyContent DefaultLanguage
       InitialDeliveryMethod MultiTrans ParserSize ServerPollMin SupportedBearer
       SupportedCIRMethod TCPAddress TCPPort UDPPort
  since 1.3
    14 CIRHTTPAddress UDPAddress AcceptedPullLength AcceptedPushLength
       AcceptedRichContentLength AcceptedTextContentLength OfflineETEMHandling
       PlainTextCharset SessionPriority SupportedOfflineBearer
    1F UserSessionLimit CIRSMSAddress MultiTransPerMessage OnlineETEMHandling ContentPolicy
       ContentPolicyLimit
  only 1.1 to 1.2
    05 AcceptedCharset AcceptedContentLength
  only 1.2
    14 CIRURL
page 04 Presence primitive
  since 1.1
    06 ContactListProperties CreateAttributeList-Request CreateList-Request
       DefaultAttributeList DefaultContactList DefaultList DeleteAttributeList-Request
       DeleteList-Request GetAttributeList-Request GetAttributeList-Response GetList-Request
       GetList-Response GetPresence-Request GetPresence-Response GetWatcherList-Request
       GetWatcherList-Response ListManage-Request ListManage-Response
       UnsubscribePresence-Request
    1B PresenceNotification-Request UpdatePresence-Request SubscribePresence-Request
  since 1.2
    1E AutoSubscribe
  since 1.3
    21 CreateList-Response
  only 1.1 to 1.2
    05 CancelAuth-Request
    19 PresenceAuth-Request PresenceAuth-User
  only 1.2
    1F GetReactiveAuthStatus-Request GetReactiveAuthStatus-Response
page 05 Presence attribute
  since 1.1
    05 Accuracy Address AddrPref Alias Altitude Building Caddr City ClientInfo ClientProducer
       ClientType ClientVersion CommC CommCap ContactInfo ContainedvCard Country Crossing1
       Crossing2 DevManufacturer DirectContent FreeTextLocation GeoLocation Language Latitude
       Longitude Model NamedArea OnlineStatus PLMN PrefC PreferredContacts PreferredLanguage
       ReferredContent ReferredvCard Registration StatusContent StatusMood StatusText Street
       TimeZone UserAvailability Cap Cname Contact Cpriority Cstatus Note Zone
  since 1.2
    37 Inf_link InfoLink Link Text
  since 1.3
    3B ClientContentLimit ClientIMPriority MaxPullLength MaxPushLength
page 06 Messaging
  since 1.1
    05 BlockList BlockEntity-Request DeliveryMethod DeliveryReport DeliveryReport-Request
       ForwardMessage-Request GetBlockedList-Request GetBlockedList-Response
       GetMessageList-Request GetMessageList-Response GetMessage-Request GetMessage-Response
       GrantList MessageDelivered MessageInfo MessageNotification NewMessage
       RejectMessage-Request SendMessage-Request SendMessage-Response
       SetDeliveryMethod-Request DeliveryTime
  since 1.3
    20 MessageInfoList ForwardMessage-Response
page 07 Group
  since 1.1
    05 AddGroupMembers-Request Admin CreateGroup-Request DeleteGroup-Request
       GetGroupMembers-Request GetGroupMembers-Response GetGroupProps-Request
       GetGroupProps-Response GroupChangeNotice GroupProperties Joined JoinedRequest
       JoinGroup-Request JoinGroup-Response LeaveGroup-Request LeaveGroup-Response Left
       MemberAccess-Request Mod OwnProperties RejectList-Request RejectList-Response
       RemoveGroupMembers-Request SetGroupProps-Request SubscribeGroupNotice-Request
       SubscribeGroupNotice-Response
    20 WelcomeNote JoinGroup SubscribeNotification SubscribeType
  since 1.2
    24 GetJoinedUsers-Request GetJoinedUsers-Response AdminMapList AdminMapping Mapping
       ModMapping UserMapList UserMapping
  since 1.3
    2C JoinedBlocked LeftBlocked
  only 1.1 to 1.2
    1F Users
page 08 Service, continued
  since 1.2
    05 MP GETAUT GETJU VRID VerifyIDFunc
  since 1.3
    0A GETMAP SGMNT EXCON OFFNOTIF ADVSR
page 09 Common, continued
  since 1.2
    05 CIR Domain ExtBlock HistoryPeriod IDList MaxWatcherList
    0E Watcher WatcherStatus
  since 1.3
    0B AnswerOptionText
    10 Font Size Style Color ContentName Map NotificationType NotificationTypeList
       FriendlyName ClearPublicProfile PublicProfile AnswerOption AnswerOptionID
       AnswerOptions ApplicationID AuthorizeAndGrant ChosenOptionID ContactListNotify
       DefaultNotify ExtendConversationUser InText SegmentCount SegmentID SegmentInfo
       SegmentReference SystemMessage SystemMessageID SystemMessageList SystemMessageResponse
       SystemMessageResponseList
    2F SystemMessageText TryAgainTimeout UserNotify VerificationKey VerificationMechanism
       GetMap-Request GetMap-Response ExtendConversationID WatcherCount RequiresResponse
       ExtBlockETEM GroupContentLimit MessageTotalCount UnrecognizedUserID UserIDPair
       ValidUserID UserIDList
  only 1.2
    0B ReactiveAuthState ReactiveAuthStatus ReactiveAuthStatusList
page 0A Access, continued
  since 1.2
    05 WV-CSP-VersionDiscovery-Request WV-CSP-VersionDiscovery-Response VersionList
  since 1.3
    08 SubscribeNotification-Request UnsubscribeNotification-Request Notification-Request
       AdvancedCriteria PairID GetPublicProfile-Request GetPublicProfile-Response
       UpdatePublicProfile-Request DropSegment-Request ExtendConversation-Response
       ExtendConversation-Request GetSegment-Request GetSegment-Response
       SystemMessage-Request SystemMessage-User SearchPair SegmentContent
page 0B Common, continued (1.3)
  since 1.3
    05 GrantListInUse BlockListInUse ContactListIDList AnswerOptionsText
"""

_WORDS = """
  since 1.1
    00 AccessType ActiveUsers Admin application/ application/vnd.wap.mms-message
       application/x-sms AutoJoin BASE64 Closed Default DisplayName F G GR http:// https://
       image/ Inband IM MaxActiveUsers Mod Name None N Open Outband PR Private
       PrivateMessaging PrivilegeLevel Public P Request Response Restricted ScreenName
       Searchable S SC text/ text/plain text/x-vCalendar text/x-vCard Topic T Type U US
       www.wireless-village.org
    3D GROUP_ID GROUP_NAME GROUP_TOPIC GROUP_USER_ID_JOINED GROUP_USER_ID_OWNER HTTP SMS STCP
       SUDP USER_ALIAS USER_EMAIL_ADDRESS USER_FIRST_NAME USER_ID USER_LAST_NAME
       USER_MOBILE_NUMBER USER_ONLINE_STATUS WAPSMS WAPUDP WSP
    5B ANGRY ANXIOUS ASHAMED
    5F AVAILABLE BORED CALL CLI COMPUTER DISCREET EMAIL EXCITED HAPPY
    6B IN_LOVE INVINCIBLE JEALOUS MMS MOBILE_PHONE NOT_AVAILABLE OTHER PDA SAD SLEEPY SMS
  since 1.2
    31 AutoDelete GM Validity DENIED GRANTED PENDING ShowID
    50 GROUP_USER_ID_AUTOJOIN
    A4 SSMS SHTTP
  since 1.3
    38 RequireInvitation Tiny PPU SPA ANC
    51 AND AC BLC BLUC CLCR CLD GC GD GLC ANU
    68 AP
    78 www.openmobilealliance.org Small Medium Big Huge Bold Italic Underline Black Silver
       Gray White Maroon Red Purple Fuchsia Green Lime Olive Yellow Navy Blue Teal Aqua ATCL
       CLC
    93 USER_CITY USER_COUNTRY USER_FRIENDLY_NAME USER_GENDER USER_INTENTION
       USER_INTERESTS_HOBBIES USER_MARITAL_STATUS PRIORITYREJECT PRIORITYSTORE REJECT
       SENDREJECT SENDSTORE IR EC GLUC IA IC
    A6 DoNotNotify GMAU GMG GMR GMU DETECT FORKALL OEU SERVERLOGIC PP_AGE PP_CITY PP_COUNTRY
       PP_FRIENDLY_NAME PP_FREE_TEXT PP_GENDER PP_INTENTION PP_INTERESTS PP_MARITAL_STATUS
       USER_AGE_MAX USER_AGE_MIN EG MinimumAge C CURRENT_SUBSCRIBER FORMER_SUBSCRIBER
       PRESENCE_ACCESS R
  only 1.1
    68 IM
  only 1.1 to 1.2
    5E AUDIO_CALL
    69 IM_OFFLINE IM_ONLINE
    76 VIDEO_CALL VIDEO_STREAM
"""


def _read(table: str) -> Iterator[tuple[int, int, str, tuple[Version, ...]]]:
    """Page, token, name and versions of each entry of a table."""
    page = token = 0
    versions: tuple[Version, ...] = ()
    for line in table.strip().splitlines():
        first, *names = line.split()
        if first == "page":
            page = int(names[0], 16)
        elif first in ("since", "only"):
            bounds = [Version(int(name.replace(".", ""))) for name in names if name != "to"]
            last = V13 if first == "since" else bounds[-1]
            versions = tuple(version for version in VERSIONS if bounds[0] <= version <= last)
        else:
            if line[4] != " ":
                token = int(first, 16)
            else:
                names.insert(0, first)
            for name in names:
                yield page, token, name, versions
                token += 1


def _by_version(table: str) -> dict[Version, dict[tuple[int, int], str]]:
    tables: dict[Version, dict[tuple[int, int], str]] = {version: {} for version in VERSIONS}
    for page, token, name, versions in _read(table):
        for version in versions:
            tables[version][page, token] = name
    return tables


TAGS = _by_version(_TAGS)
"""The tags of each version: (page, token) to name."""

WORDS = {
    version: {token: word for (_, token), word in words.items()}
    for version, words in _by_version(_WORDS).items()
}
"""The value tokens (EXT_T_0) of each version: token to word."""

PRESENCE_WORDS = {V11: {"SMS": 0x75, "IM": 0x68}, V12: {"SMS": 0x75}, V13: {"SMS": 0x75}}
"""Tokens to write inside presence attributes for words that have two."""

TEXT_OF_WORD = {"AccessType": "Accesstype"}
"""Words that are spelled otherwise where they stand as text."""

TEXT_ONLY_WORDS = {"History"}
"""Words whose token means something else elsewhere, and which are therefore sent as text."""
