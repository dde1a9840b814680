"""What that server does with the requests and answers of a partner, once they are in a session."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from attrs import define, field

from imps.testing.baraza import wire
from imps.testing.baraza.queue import Queue
from imps.testing.baraza.users import User, message_of
from imps.testing.baraza.wire import Element, Transaction

_GROUPS = {
    "deletegrouprequest",
    "joingrouprequest",
    "leavegrouprequest",
    "getgroupmemberrequest",
    "getjoinedusersrequest",
    "addgroupmemberrequest",
    "removegroupmemberrequest",
    "memberaccessrequest",
    "getgrouppropsrequest",
    "setgrouppropsrequest",
    "rejectlistrequest",
    "subscribegroupchangerequest",
    "unsubscribegroupchangerequest",
    "getgroupsubstatusrequest",
}
_OF_ANOTHER_REQUEST = {"inviteresponse", "deliverystatusreport", "leavegroupindication"}
_NOTICES = {"presencenotification", "groupchangenotice"}


class Aborted(Exception):
    """A request that ends its process."""


@define(eq=False)
class Services:
    """Its services for partners; it hosts no groups here. ``switched_off`` are primitives, by their
    names in lower case, that it knows and has not."""

    domain: str
    users: dict[str, User]
    _queue: Queue
    switched_off: set[str] = field(factory=set)
    misdelivered: list[Element] = field(factory=list)

    def take(self, transaction: Transaction, domain: str) -> Iterator[str]:
        """Do what a transaction of a partner's domain says; the transactions that answer it."""
        if not transaction.is_request:
            self._answered(transaction)
            return
        inside = self._answer(transaction, domain)
        if inside is not None:
            yield wire.transaction(False, transaction.id, inside)

    def _answer(self, transaction: Transaction, domain: str) -> str | None:
        request, name = transaction.primitive, transaction.name
        user = _requestor(request)
        if user and wire.domain_of(user) != domain:
            return wire.status(901)
        if name in self.switched_off:
            return wire.status(501)
        if name in _NOTICES:
            self._notice(request)
            return None
        if name in _OF_ANOTHER_REQUEST:
            self.misdelivered.append(request)
            return None
        if name in _GROUPS:
            group = wire.attribute(request, "groupID")
            return wire.status(800 if wire.domain_of(group) == self.domain else 516)
        served: dict[str, Callable[[Transaction, str], str]] = {
            "subscriberequest": self._subscribe,
            "unsubscriberequest": self._unsubscribe,
            "getpresencerequest": self._get_presence,
            "sendmessagerequest": self._send_message,
            "inviterequest": self._invite,
            "cancelinviterequest": self._cancel_invite,
        }
        serve = served.get(name)
        if serve is None:
            return wire.status(405)
        if not user:
            raise Aborted(f"{name} of nobody")
        return serve(transaction, user)

    def _subscribe(self, transaction: Transaction, user: str) -> str:
        request = transaction.primitive
        if wire.anywhere(request, "ContactList") is not None:
            return wire.status(700)
        names, unknown = _attributes(request), []
        for address in _users(request, "UserID"):
            publisher = self.users.get(address)
            if publisher is None:
                unknown.append(address)
                continue
            publisher.watchers[user] = names
            self.notify(publisher, user, names, user)
        return wire.status(201 if unknown else 200, *unknown)

    def _unsubscribe(self, transaction: Transaction, user: str) -> str:
        """The watcher stays subscribed: that is the bug."""
        return wire.status(200)

    def _get_presence(self, transaction: Transaction, user: str) -> str:
        request = transaction.primitive
        if wire.anywhere(request, "ContactList") is not None:
            return wire.status(700)
        found = [self.users.get(each) for each in _users(request, "VerUserID")]
        values = "".join(each.shown(_attributes(request)) for each in found if each is not None)
        return f"<GetPresenceResponse>{values}</GetPresenceResponse>"

    def _send_message(self, transaction: Transaction, user: str) -> str:
        request = transaction.primitive
        info = wire.child(request, "MessageInfo")
        if info is None:
            raise Aborted("SendMessageRequest without MessageInfo")
        if wire.anywhere(info, "ContactList") is not None:
            return wire.status(700)
        recipients = [
            wire.folded(wire.attribute(wire.child(each, "User"), "userID"))
            for each in wire.children(info, "Recipient")
        ]
        if not recipients:
            return wire.status(402)
        failed: dict[int, list[str]] = {}
        for address in recipients:
            recipient = self.users.get(address)
            if recipient is None:
                failed.setdefault(531, []).append(address)
            elif user in recipient.blocked:
                failed.setdefault(532, []).append(address)
            else:
                recipient.messages.append(message_of(request, transaction.id))
        message_id = wire.attribute(info, "messageID")
        return (
            f'<SendMessageResponse messageID="{message_id}">'
            f"{_sent(len(recipients), failed)}</SendMessageResponse>"
        )

    def _invite(self, transaction: Transaction, user: str) -> str:
        if not wire.attribute(transaction.primitive, "inviteType"):
            raise Aborted("InviteRequest without inviteType")
        return self._told(transaction.primitive, "Invited")

    def _cancel_invite(self, transaction: Transaction, user: str) -> str:
        return self._told(transaction.primitive, "Canceled")

    def _told(self, request: Element, whom: str) -> str:
        address = wire.folded(wire.attribute(wire.child(request, whom, "User"), "userID"))
        user = self.users.get(address)
        if user is None:
            return wire.status(201, address)
        user.told.append(request)
        return wire.status(200)

    def _notice(self, notice: Element) -> None:
        """It is for whom it says it is for, and nobody answers."""
        for address in _users(notice, "User"):
            user = self.users.get(address)
            if user is not None:
                user.told.append(notice)

    def _answered(self, transaction: Transaction) -> None:
        """Tell the client whose request it was; that all went well is not worth telling, and an
        answer with presence says 200 or is none."""
        row = self._queue.answered(transaction.id)
        user = None if row is None else self.users.get(row.user)
        if user is None:
            self.misdelivered.append(transaction.primitive)
            return
        answer = transaction.primitive
        status = answer if transaction.name == "status" else wire.child(answer, "Status")
        went_well = wire.attribute(status, "code") == "200"
        if transaction.name == "getpresenceresponse":
            if went_well:
                user.told.append(answer)
        elif not went_well or transaction.name not in ("status", "sendmessageresponse"):
            user.told.append(answer)

    def notify(
        self, publisher: User, watcher: str, names: tuple[str, ...], sender: str | None
    ) -> None:
        """Tell a watcher of a partner's domain what there is to see; without saying who tells it,
        where the queue does not know that."""
        meta = "" if sender is None else wire.meta_info(self.domain, None)
        body = f'{meta}<User userID="wv:{watcher}"/>{publisher.shown(names)}'
        self._queue.put(
            wire.domain_of(watcher),
            publisher.address,
            "PresenceNotification",
            f"<PresenceNotification>{body}</PresenceNotification>",
        )


def _requestor(request: Element) -> str:
    """The user on whose behalf a request is made, if it says that a client has."""
    meta = next((each for each in request.iter() if wire.name_of(each) == "metainfo"), None)
    if wire.attribute(meta, "clientOriginated").lower() != "yes":
        return ""
    return wire.folded(wire.attribute(wire.child(meta, "Requestor", "User"), "userID"))


def _users(request: Element, name: str) -> list[str]:
    return [wire.folded(wire.attribute(each, "userID")) for each in wire.children(request, name)]


def _attributes(request: Element) -> tuple[str, ...]:
    asked = wire.child(request, "AttributeList", "PresenceSubList")
    return () if asked is None else tuple(str(each.tag).rpartition("}")[2] for each in asked)


def _sent(count: int, failed: dict[int, list[str]]) -> str:
    """200, 201 with what failed, or 900."""
    if not failed:
        return wire.status(200)
    details = "".join(
        f'<DetailedResult code="{code}">'
        + "".join(f'<UserID userID="wv:{user}"/>' for user in users)
        + "</DetailedResult>"
        for code, users in failed.items()
    )
    code = 201 if sum(map(len, failed.values())) < count else 900
    return f'<Status code="{code}">{details}</Status>'
