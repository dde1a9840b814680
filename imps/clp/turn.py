"""One text of a user while it is answered: whose it is, what is known, said and changed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, tzinfo

from attrs import define, evolve, field, frozen

from imps.clp.catalogue import Catalogue
from imps.clp.catalogues import Catalogues
from imps.clp.changes import CONFIRM_SECONDS, asked, opened
from imps.clp.commands import FUNCTIONS, Command
from imps.clp.errors import error_of
from imps.clp.places import is_phone
from imps.clp.references import ContactListNamed, Known, Person, referring
from imps.clp.state import Change, Shown, State
from imps.clp.states import States
from imps.clp.telling import Names, in_pages, lasts, moment, pieces, zone_of
from imps.clp.vocabulary import Vocabulary
from imps.elements.access import AccessControl
from imps.elements.attribute_lists import AttributeLists
from imps.elements.contacts import Contacts
from imps.elements.directory import Directory
from imps.elements.interfaces import Caller, IInstantMessaging
from imps.elements.reactive_authorization import ReactiveAuthorization
from imps.model.account import Account
from imps.model.address import Address
from imps.model.contacts import Change as ContactChange
from imps.model.contacts import ContactList
from imps.model.services import functions_of
from imps.model.short_message import how_many
from imps.model.status import Outcome, StatusCode
from imps.sap.authentication import Authentication
from imps.sap.delivery import Delivery
from imps.sap.routed_presence import RoutedPresence
from imps.sap.sessions import Session
from imps.sap.texts import Texts
from imps.store.phones import Phones
from imps.store.secrets import Secrets

MOST_SMS = 3
"""How many a text takes at most; fewer where the operator allows no more."""
MOST_CHARACTERS = 459
"""What three SMS hold."""


@frozen(kw_only=True)
class Terms:
    """What the operator has set: who may come in, what becomes of messages for who is off line
    ("sms", "store" or "notify"), for how long somebody who says nothing is on line; what else."""

    service: str
    about: str
    url: str = ""
    number: str
    registration: str
    offline: str
    language: str = "en"
    zone: tzinfo = UTC
    keyword: str = ""
    signature: str = ""
    reply_pool: tuple[str, ...] = ()
    hides_blocks: bool = False
    wants_pin: bool = False
    texts_a_minute: int = 30
    replies_a_minute: int = 20
    replies_an_hour: int = 200
    most_sms: int = MOST_SMS
    within_latin_1: bool = False
    languages: tuple[tuple[str, str], ...] = ()

    def language_of(self, phone: str) -> str:
        """The language of those whose numbers begin so, none if that is not known."""
        found = [each for each in self.languages if phone.startswith(each[0])]
        return max(found, key=lambda each: len(each[0]))[1] if found else ""

    def fits(self, body: str, count: int = 1) -> bool:
        """Whether a text takes no more than so many SMS."""
        return lasts(body, count, within_latin_1=self.within_latin_1)


@frozen(kw_only=True)
class Services:
    """The elements, and what else a dialogue stands on; ``questions`` is whom to ask what our users
    are still to be asked about their presence."""

    im: IInstantMessaging
    presence: RoutedPresence
    authorization: ReactiveAuthorization
    contacts: Contacts
    attribute_lists: AttributeLists
    access: AccessControl
    directory: Directory
    authentication: Authentication
    delivery: Delivery
    phones: Phones
    states: States
    secrets: Secrets
    texts: Texts
    terms: Terms
    catalogues: Catalogues


@define(eq=False, slots=False)
class Turn:
    """The answer to one text, while it is made.

    What is to be different in the dialogue afterwards is kept as changes, which hold for whatever
    it is by then; what is said goes out when they are made. One that ``is_heard`` in any case is
    answered in any case, too. When a question is answered by yes, it ``is_confirmed``, and
    ``confirmed_name`` is the name of what it was about: who is gone has it no more where that is
    done again. ``partner`` is for whom the number stands that the text was sent to, if it does.
    ``phone`` is the number of the phone, or the place that a line is (``places``).
    """

    services: Services
    account: Account
    phone: str
    text_id: str
    operation_id: str
    now: float
    state: State
    body: str = field(default="", repr=False)
    partner: str = ""
    changes: list[Change] = field(factory=list)
    replies: list[str] = field(factory=list)
    shown: Shown | None = None
    afterwards: list[Callable[[], Awaitable[None]]] = field(factory=list)
    contact_lists: list[ContactList] = field(factory=list)
    session: Session | None = None
    is_heard: bool = False
    is_confirmed: bool = False
    confirmed_name: str = ""
    is_mistaken: bool = False
    _names: Names | None = field(default=None, init=False)
    _pages_before: tuple[tuple[str, ...], Shown | None] | None = field(default=None, init=False)

    @property
    def user(self) -> Address:
        """Whose phone it is."""
        return self.account.address

    @property
    def is_by_phone(self) -> bool:
        """Whether the user writes by phone, and not on a line."""
        return is_phone(self.phone)

    @property
    def reply_pool(self) -> tuple[str, ...]:
        """The numbers that may stand for somebody; on a line there are none."""
        return self.services.terms.reply_pool if self.is_by_phone else ()

    @property
    def wants_pin(self) -> bool:
        """Whether a text may need the PIN: on a line, the user has given the password."""
        return self.services.terms.wants_pin and self.is_by_phone

    @property
    def catalogue(self) -> Catalogue:
        """What is said in the user's language."""
        language = self.state.language or self.services.terms.language_of(self.phone)
        return self.services.catalogues.get(language)

    @property
    def open_session(self) -> Session:
        """The session of a user who is signed on."""
        assert self.session is not None
        return self.session

    @property
    def vocabulary(self) -> Vocabulary:
        """The words of commands in the user's language."""
        return self.services.catalogues.vocabulary(self.catalogue.code)

    @property
    def zone(self) -> tzinfo:
        """The user's time zone."""
        return zone_of(self.state.zone) or self.services.terms.zone

    @property
    def caller(self) -> Caller:
        """The user, in the session if there is one."""
        session_id = self.session.id if self.session else ""
        return Caller(self.user, session_id, self.operation_id)

    def change(self, *changes: Change) -> None:
        """Have the dialogue changed."""
        numbers = self.state.numbers
        for each in changes:
            self.state = each(self.state)
        self.changes += changes
        if self.state.numbers is not numbers:
            self._names = None

    def note(self, **values: object) -> None:
        """Have these of its fields changed."""
        self.change(lambda state: evolve(state, **values))  # type: ignore[arg-type]

    def text(self, text_id: str, **values: object) -> str:
        """A text in the user's language."""
        return self.catalogue.say(text_id, **values)

    def say(self, text_id: str, **values: object) -> None:
        """Have the user told something."""
        self.replies.append(self.text(text_id, **values))

    def mistaken(self, text_id: str, **values: object) -> None:
        """Have the user told what is wrong."""
        self.is_mistaken = True
        self.say(text_id, **values)

    def say_list(
        self, text_id: str, items: Sequence[str], separator: str = ", ", **values: object
    ) -> None:
        """Have the user told a list, its beginning if it is long; MORE tells the rest."""
        head, _, tail = self.text(text_id, list=_PLACE, **values).partition(_PLACE)
        whole, more = [*items[:-1], items[-1] + tail], self.text("more")
        fits = self.services.terms.fits
        self.say_pages(in_pages(head, whole, more, separator, self.catalogue.laid_out, fits))

    def say_pages(self, pages: Sequence[str], show: Shown | None = None) -> None:
        """Have the user told the first of these, and the others one by one when asked for more;
        with the last of them a message is shown, if they are pages of one."""
        if self._pages_before is None:
            self._pages_before = self.state.pages, self.state.pages_show
        self.replies.append(pages[0])
        if show is not None and len(pages) == 1:
            self.shown = evolve(show, reply=len(self.replies) - 1)
        self.note(pages=tuple(pages[1:]), pages_show=show)

    def lasts(self, body: str) -> bool:
        """Whether a text is no longer than may be sent at once."""
        terms = self.services.terms
        return terms.fits(body, terms.most_sms)

    def how_many(self, bodies: Iterable[str]) -> int:
        """How many SMS texts take."""
        within = self.services.terms.within_latin_1
        return sum(how_many(each, within_latin_1=within) for each in bodies)

    def pieces(self, body: str, tail: str, most: int = MOST_SMS) -> list[str]:
        """A text in pieces that may be sent, each of so many SMS at most, and each but the last
        with a tail."""
        terms = self.services.terms
        return pieces(body, min(most, terms.most_sms), tail, within_latin_1=terms.within_latin_1)

    def unsay(self) -> None:
        """Have the user told nothing of what was to be said."""
        self.replies.clear()
        self.shown = None
        if self._pages_before is not None:
            pages, show = self._pages_before
            self.note(pages=pages, pages_show=show)

    @property
    def people(self) -> tuple[Person, ...]:
        """The user's contacts, with their numbers; the same one once."""
        found: dict[Address, Person] = {}
        for contact_list in self.contact_lists:
            for each in contact_list.contacts or ():
                name = each.nickname or self._plain(each.address)
                if each.address not in found or each.nickname:
                    number = self.state.numbers.get(each.address.canonical)
                    found[each.address] = Person(each.address, name, number)
        return tuple(sorted(found.values(), key=lambda each: (each.number or 1000, each.name)))

    def _plain(self, address: Address) -> str:
        same = address.domain.casefold() == self.user.domain.casefold()
        return address.user if same else str(address).removeprefix("wv:")

    @property
    def names(self) -> Names:
        """What people are called."""
        if self._names is None:
            self._names = Names(self.people, self.user.domain)
        return self._names

    def moment(self, at: float) -> str:
        """A time as the user reads it."""
        return moment(at, self.now, self.zone, self.catalogue)

    def name(self, address: Address) -> str:
        """What somebody is called."""
        return self.names.of(address)

    def reference(self, address: Address) -> str:
        """How a text names somebody, also where only contacts and addresses can be meant."""
        name = self.name(address)
        is_named = any((each.address, each.name) == (address, name) for each in self.people)
        return referring(name if is_named else str(address).removeprefix("wv:"))

    async def read_contacts(self) -> None:
        """Look up the user's contact lists and who is in them."""
        contacts, caller = self.services.contacts, self.caller
        self.contact_lists, self._names = [], None
        for each in await contacts.lists(caller):
            read = await contacts.change(caller, each.address, _AS_IT_IS, with_contacts=True)
            self.contact_lists.append(read.contact_list)

    def known(self, users: dict[str, Address]) -> Known:
        """What the grammar has to know, as it was when the text came; ``users`` of the home domain
        may be named, and whoever is talked to, as if that one were a contact."""
        arrival = self.state.arrival
        assert arrival is not None
        open_prompts = {each.number for each in self.state.questions_at(self.now)}
        partners = map(Address.parse, filter(None, dict.fromkeys((*arrival.since, arrival.target))))
        people = dict.fromkeys((*self.people, *map(self.names.person, partners)))
        return Known(
            people=tuple(people),
            contact_lists=tuple(
                ContactListNamed(each.address, each.address.resource or "")
                for each in self.contact_lists
            ),
            users=users,
            domain=self.user.domain,
            is_open=arrival.is_open,
            prompts=frozenset(arrival.prompts) & open_prompts,
            has_choice=arrival.held is not None,
            messages=frozenset(self.state.messages.values()),
            to_a_partner=bool(self.partner),
        )

    def offers(self, command: Command) -> bool:
        """Whether a command is served, and the account may have what it asks for; what is about
        phones is served by phone."""
        if command.is_of_phones and not self.is_by_phone:
            return False
        needed = FUNCTIONS.get(command.operation)
        granted = self.account.services
        if not command.is_served or needed is None or granted is None:
            return command.is_served
        return not functions_of([needed]).isdisjoint(functions_of(granted))

    async def ask(self, kind: str, about: str, text: str = "", *, seconds: float) -> int:
        """Open a question; its number. It is written down at once, so that nothing else gets it."""
        question = asked(kind, about, text, self.now, seconds)
        kept = await self.services.states.change(self.user, question)
        self.state = evolve(self.state, prompts=kept.prompts, last_prompt=kept.last_prompt)
        wanted = (kind, about, text)
        same = (each for each in kept.prompts if (each.kind, each.about, each.text) == wanted)
        return next(same).number

    async def confirm(self, text_id: str, command: str, *, name: str, **values: object) -> None:
        """Ask whether a command about what has this name is meant, which is carried out if so."""
        number = await self.ask("confirm", command, name, seconds=CONFIRM_SECONDS)
        self.say(text_id, prompt=number, name=name, **values)

    def talk_to(self, address: Address) -> None:
        """From now on, somebody is talked to."""
        self.change(opened(address.canonical, self.now))

    def fail(self, code: StatusCode, about: Address | None = None, name: str = "") -> None:
        """Have the user told why something is not done: by what code, about whom."""
        if about is not None and not name:
            name = self.name(about)
        domain = about.domain if about is not None else ""
        is_abroad = domain.casefold() not in ("", self.user.domain.casefold())
        error = error_of(code, self.services.terms.hides_blocks)
        if error == "E23" and is_abroad:
            # It is the other domain that is not there.
            error = "E16"
        # Each text takes what it has places for.
        self.mistaken(error, name=name, names=name, domain=domain, n=MOST_CHARACTERS, word=name)

    def check(self, outcome: Outcome, about: Address | None = None, name: str = "") -> bool:
        """Whether all went well; the user is told what did not."""
        if not outcome.failures:
            return True
        self.fail(outcome.failures[0].code, about, name)
        return False


_AS_IT_IS = ContactChange()
_PLACE = "\f"
"""Where a list stands in a text: what nobody writes, and the alphabet of GSM has."""
