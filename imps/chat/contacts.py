"""Contact lists and presence in ``imps chat``: what is asked of the server, and what it tells."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define, field
from twisted.internet.defer import DeferredLock

from imps.chat.asking import NOT_OFFERED, SESSION_IS_GONE, attempt, reason_of, reasons_in
from imps.chat.contact_book import WATCHED, ContactBook, meant_by
from imps.chat.terminal import Screen, name_of, on_one_line
from imps.client import CSPClient, P, RequestFailed
from imps.csp.presence_values import selected_by, sub_list_naming
from imps.csp.primitives.attributes import (
    ClientInfo,
    PresenceSubList,
    StatusText,
    UserAvailability,
)
from imps.csp.primitives.common import Status
from imps.csp.primitives.contacts import (
    AddNickList,
    GetListRequest,
    GetListResponse,
    ListManageRequest,
    ListManageResponse,
    NickList,
    RemoveNickList,
)
from imps.csp.primitives.declaration import Primitive
from imps.csp.primitives.identity import ContactListIDList, NickName, UserIDList
from imps.csp.primitives.notices import (
    NotificationRequest,
    NotificationTypeList,
    SubscribeNotificationRequest,
)
from imps.csp.primitives.presence import (
    CreateAttributeListRequest,
    PresenceAuthRequest,
    PresenceAuthUser,
    PresenceNotificationRequest,
    SubscribePresenceRequest,
    UpdatePresenceRequest,
)
from imps.model.address import Address
from imps.model.capability import ClientType
from imps.model.contacts import Contact
from imps.model.notice import NotificationType
from imps.model.presence import Availability
from imps.model.status import StatusCode
from imps.model.version import V13, Version
from imps.version import program_version

_WORDS = {Availability.AVAILABLE: "available", Availability.NOT_AVAILABLE: "not available"}
_ASKED_BY_USERS = NotificationType.AUTHORIZATION_NEEDED_FOR_A_USER

Question = PresenceSubList | None
"""The attributes that somebody asks to see; all of them where none are named."""


def subscription_to(contact_lists: Sequence[Address], version: Version) -> SubscribePresenceRequest:
    """Asks to be told of all who are in lists, and who will be."""
    return SubscribePresenceRequest(
        contact_lists=() if version is V13 else tuple(contact_lists),
        contact_list_id_list=(
            ContactListIDList(contact_lists=tuple(contact_lists)) if version is V13 else None
        ),
        presence_sub_list=sub_list_naming(WATCHED, version),
        auto_subscribe=True,
    )


def questions_in(request: Primitive) -> dict[Address, Question]:
    """Who wants to see what, if that is what the server asks: by a notification from 1.3 on."""
    if isinstance(request, PresenceAuthRequest):
        return {request.user_id: request.presence_sub_list}
    if isinstance(request, NotificationRequest) and request.notification_type is _ASKED_BY_USERS:
        watchers = request.user_id_list.user_ids if request.user_id_list else ()
        return dict.fromkeys(watchers, request.presence_sub_list)
    return {}


def answer_to(watcher: Address, asked: Question, accepts: bool, version: Version) -> Primitive:
    """Lets somebody see what was asked for, or does not. Before 1.3 the server knows what that is;
    since then it is an attribute list, which names nothing when nothing may be seen."""
    if version is not V13:
        return PresenceAuthUser(user_id=watcher, acceptance=accepts)
    allowed = selected_by(asked, version) if accepts else ()
    return CreateAttributeListRequest(
        presence_sub_list=sub_list_naming(allowed, version),
        user_id_list=UserIDList(user_ids=(watcher,)),
        default_list=False,
        # Whoever was let in may ask for more.
        user_notify=accepts,
    )


@define(eq=False)
class Contacts:
    """The contacts of the one who chats, and what they and the user let each other see."""

    _client: CSPClient
    _screen: Screen
    _book: ContactBook = field(init=False)
    _questions: dict[Address, Question] = field(factory=dict, init=False)
    _loading: DeferredLock = field(factory=DeferredLock, init=False)
    _is_loaded: bool = field(default=False, init=False)

    @_book.default
    def _empty_book(self) -> ContactBook:
        return ContactBook(self._client.user.domain)

    async def load(self) -> ContactBook:
        """Once in a session: load the contact lists, watch who is in them, and be seen oneself.

        A server that does not offer that is left alone. Raises ServerUnreachable, or RequestFailed
        when the session is gone or the server busy; then it is to be tried again.
        """
        async with self._loading:
            if self._is_loaded:
                return self._book
            await self._load_lists()
            publish = UpdatePresenceRequest(
                presence_sub_list=PresenceSubList(
                    client_infos=(
                        ClientInfo(
                            qualifier=True,
                            client_type=ClientType.COMPUTER,
                            client_producer="imps",
                            client_version=program_version(),
                        ),
                    ),
                    user_availability=_availability(Availability.AVAILABLE),
                )
            )
            await self._begin("Others do not see that you are there", publish, Status)
            if self._client.version is V13:
                types = NotificationTypeList(notification_types=(_ASKED_BY_USERS.value,))
                subscribe = SubscribeNotificationRequest(notification_type_list=types)
                await self._begin("You are not asked who may see you", subscribe, Status)
            self._is_loaded = True
            return self._book

    async def _load_lists(self) -> None:
        found = await self._begin("Your contacts are not known", GetListRequest(), GetListResponse)
        if found is None:
            return
        self._book.default_list = found.default_contact_list
        others = found.contact_list_id_list
        named = (
            *((found.default_contact_list,) if found.default_contact_list else ()),
            *found.contact_lists,
            *(others.contact_lists if others else ()),
        )
        contact_lists = tuple(dict.fromkeys(named))
        for each in contact_lists:
            read = ListManageRequest(contact_list=each, receive_list=True)
            answer = await self._begin(
                f"Not all of your contacts are known, for {on_one_line(str(each))}",
                read,
                ListManageResponse,
            )
            if answer is not None:
                self._book.keep(each, _contacts_in(answer.nick_list))
        if contact_lists:
            subscribe = subscription_to(contact_lists, self._client.version)
            await self._begin("Your contacts cannot be seen", subscribe, Status)

    async def _begin(self, failing: str, request: Primitive, expected: type[P]) -> P | None:
        """What the server answers; None if it does not do that, of which it need not tell."""
        try:
            answer = await self._client.request(request, Primitive)
        except RequestFailed as failure:
            if failure.code in SESSION_IS_GONE or failure.code == StatusCode.SERVICE_UNAVAILABLE:
                raise
            if failure.code not in NOT_OFFERED:
                reason = reason_of(failure.code, failure.result.description)
                self._screen.show(f"* {failing}: {reason}.")
            return None
        return answer if isinstance(answer, expected) else None

    def told(self, request: Primitive) -> None:
        """Show what the server tells of contacts, and who wants to see the user."""
        if isinstance(request, PresenceNotificationRequest):
            for presence in request.presences:
                for line in self._book.told(presence):
                    self._screen.show(line)
        for watcher, asked in questions_in(request).items():
            name = self._name(watcher)
            if watcher not in self._questions:
                self._screen.show(
                    f"* {name} asks to see whether you are there: /allow {name} or /deny {name}"
                )
            self._questions[watcher] = asked

    async def show(self) -> None:
        """Show who the contacts are, and what is seen of them."""
        book = await attempt(self._screen, "Your contacts are not known", self.load())
        if book is not None:
            for line in book.lines() or ["* You have no contacts."]:
                self._screen.show(line)

    async def add(self, name: str, nickname: str = "") -> None:
        """Put somebody into the default contact list, or give a contact another nickname."""
        address = self._address(name)
        added = (
            AddNickList(nick_names=(NickName(name=nickname, user_id=address),))
            if nickname
            else AddNickList(user_ids=(address,))
        )
        answer = await self._change_list("Not added", added=added)
        if answer is None:
            return
        reasons = reasons_in(answer.result)
        for reason in reasons:
            self._screen.show(f"* Not added: {reason}.")
        if not reasons:
            shown = self._book.name(Contact(address, nickname))
            self._screen.show(f"* {shown} is among your contacts.")

    async def remove(self, name: str) -> None:
        """Take somebody out of the default contact list."""
        address = self._address(name)
        removed = RemoveNickList(user_ids=(address,))
        if await self._change_list("Not removed", removed=removed) is not None:
            self._screen.show(f"* {self._name(address)} is not among your contacts.")

    async def _change_list(
        self,
        failing: str,
        *,
        added: AddNickList | None = None,
        removed: RemoveNickList | None = None,
    ) -> ListManageResponse | None:
        book = await attempt(self._screen, failing, self.load())
        if book is None:
            return None
        contact_list = book.default_list
        if contact_list is None:
            self._screen.show(f"* {failing}: there is no contact list.")
            return None
        request = ListManageRequest(
            contact_list=contact_list,
            add_nick_list=added,
            remove_nick_list=removed,
            receive_list=True,
        )
        answer = await attempt(
            self._screen, failing, self._client.request(request, ListManageResponse)
        )
        if answer is not None and answer.nick_list is not None:
            book.keep(contact_list, _contacts_in(answer.nick_list))
        return answer

    async def say_status(self, text: str) -> None:
        """Publish a status text; an empty one takes back what was there."""
        status = StatusText(qualifier=bool(text), presence_value=text or None)
        said = f'Your status is "{on_one_line(text)}".' if text else "You have no status any more."
        await self._publish(PresenceSubList(status_text=status), said)

    async def be(self, availability: Availability) -> None:
        """Publish whether the user wants to be talked to."""
        published = PresenceSubList(user_availability=_availability(availability))
        await self._publish(published, f"Others see that you are {_WORDS[availability]}.")

    async def _publish(self, attributes: PresenceSubList, said: str) -> None:
        request = UpdatePresenceRequest(presence_sub_list=attributes)
        asked = self._client.request(request, Status)
        if await attempt(self._screen, "Not published", asked) is not None:
            self._screen.show(f"* {said}")

    async def answer(self, name: str, accepts: bool) -> None:
        """Let somebody who asked, or will, see the user; or do not."""
        watcher = meant_by(name, self._questions, self._book.home)
        asked = self._questions.get(watcher, sub_list_naming(WATCHED, self._client.version))
        request = answer_to(watcher, asked, accepts, self._client.version)
        answer = await attempt(self._screen, "Not answered", self._client.request(request, Status))
        if answer is not None:
            self._questions.pop(watcher, None)
            may = "may" if accepts else "may not"
            self._screen.show(f"* {self._name(watcher)} {may} see whether you are there.")

    def _address(self, name: str) -> Address:
        return Address.parse(name).at_home(self._book.home)

    def _name(self, address: Address) -> str:
        return name_of(address, self._book.home)


def _availability(availability: Availability) -> UserAvailability:
    return UserAvailability(qualifier=True, presence_value=availability)


def _contacts_in(nick_list: NickList | None) -> tuple[Contact, ...]:
    if nick_list is None:
        return ()
    named = (Contact(each.user_id, each.name) for each in nick_list.nick_names)
    return (*named, *map(Contact, nick_list.user_ids))
