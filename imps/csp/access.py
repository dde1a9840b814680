"""Access: signing on and off, keeping alive, and who the provider is."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from mimetypes import guess_type

from attrs import define, frozen

from imps.csp.negotiation import Negotiation
from imps.csp.primitives.access import (
    Disconnect,
    GetSPInfoRequest,
    GetSPInfoResponse,
    KeepAliveRequest,
    KeepAliveResponse,
    LoginRequest,
    LoginResponse,
    Logo,
    LogoutRequest,
)
from imps.csp.primitives.common import Result
from imps.csp.primitives.declaration import Primitive
from imps.csp.primitives.identity import ClientID
from imps.csp.primitives.values import DigestSchema, TransferEncoding
from imps.csp.results import result, status
from imps.csp.transactions import Context, Transactions
from imps.model.account import Account
from imps.model.address import Address
from imps.model.capability import Capabilities
from imps.model.services import functions_of
from imps.model.status import Refusal, StatusCode
from imps.model.version import V11, V13
from imps.sap.authentication import Authentication, Proof, best_proof
from imps.sap.sessions import Session, Sessions

_PROOFS = {
    DigestSchema.SHA: Proof.SHA,
    DigestSchema.MD5: Proof.MD5,
    DigestSchema.PWD: Proof.PLAIN,
}
TRY_AGAIN_SECONDS = 60
_SCHEMAS = {proof: schema for schema, proof in _PROOFS.items()}


@frozen
class Provider:
    """What a client is told about the service provider; the logo is named by its file."""

    name: str
    text: str = ""
    url: str = ""
    logo: bytes = b""
    logo_file: str = ""


@define(eq=False)
class Access:
    """The transactions of signing on and off."""

    _sessions: Sessions
    _authentication: Authentication
    _negotiation: Negotiation
    _provider: Provider

    def register(self, transactions: Transactions) -> None:
        """Serve the transactions of access."""
        transactions.serve(LoginRequest, self.login, outband=True, failure=_login_failure)
        transactions.serve(LogoutRequest, self.logout, once=True)
        transactions.serve(
            KeepAliveRequest,
            self.keep_alive,
            failure=_keep_alive_failure,
            unreadable=StatusCode.NEW_VALUE_NOT_ACCEPTED,
        )
        transactions.serve(GetSPInfoRequest, self.get_sp_info, outband=True)

    async def login(self, context: Context, request: LoginRequest) -> Primitive:
        """Sign on with a password, or begin or end a 4-way login (CSP, Login)."""
        user = request.user_id
        if user is None and context.version is V13:
            raise Refusal(StatusCode.MSISDN_ERROR, "no number from a trusted gateway")
        if user is None:
            raise Refusal(StatusCode.BAD_PARAMETER, "UserID missing")
        if request.digest_bytes is not None:
            login = _login_name(context, request)
            account = await self._authentication.by_digest(
                user, context.source, login, request.digest_bytes
            )
            if account is None:
                proof = _proof_of(request.digest_bytes)
                return await self._challenge(context, request, user, [proof], stale=True)
        elif request.password:
            account = await self._authentication.by_password(user, context.source, request.password)
        elif request.digest_schemas:
            offered = [_PROOFS[each] for each in request.digest_schemas if each in _PROOFS]
            return await self._challenge(context, request, user, offered)
        else:
            raise Refusal(StatusCode.UNAUTHORIZED, "password or digest schema missing")
        return await self._signed_on(context, request, account)

    async def _challenge(
        self,
        context: Context,
        request: LoginRequest,
        user: Address,
        offered: list[Proof],
        stale: bool = False,
    ) -> LoginResponse:
        """The first half of a 4-way login: 401 from 1.2 on, 200 in 1.1 unless an old nonce came."""
        proof = best_proof(offered)
        nonce = await self._authentication.challenge(
            user, context.source, _login_name(context, request), proof
        )
        plain_success = context.version is V11 and not stale
        code = StatusCode.OK if plain_success else StatusCode.UNAUTHORIZED
        return LoginResponse(
            client_id=request.client_id or ClientID(),
            result=result(code, context.version),
            nonce=nonce,
            digest_schema=_SCHEMAS[proof],
            capability_request=False,
        )

    async def _signed_on(
        self, context: Context, request: LoginRequest, account: Account
    ) -> LoginResponse:
        session = await self._opened(context, request, account)
        response = LoginResponse(
            client_id=request.client_id or ClientID(),
            result=result(StatusCode.OK, context.version),
            session_id=session.id,
            keep_alive_time=session.time_to_live_seconds,
            capability_request=(
                request.capability_list is None and session.capabilities == Capabilities()
            ),
        )
        if context.version is not V13:
            return response
        return await self._negotiated(context, request, session, response)

    async def _opened(self, context: Context, request: LoginRequest, account: Account) -> Session:
        """A session: the one that the client names, or in whose name it signs on, if it goes on."""
        client, time_to_live = _client(request), request.time_to_live
        door = {
            "version": context.version.value,
            "cookie": request.session_cookie or "",
            "name": str(request.user_id),
        }
        granted = None if account.services is None else functions_of(account.services)
        wanted = request.session_id
        if wanted is None and context.session is not None:
            is_own = (context.session.user, context.session.client) == (account.address, client)
            wanted = context.session.id if is_own else None
        if wanted is not None:
            resumed = await self._sessions.resume(
                wanted, account.address, client, time_to_live, door, granted
            )
            if resumed is not None:
                return resumed
        return await self._sessions.open(account.address, client, time_to_live, door, granted)

    async def _negotiated(
        self, context: Context, request: LoginRequest, session: Session, response: LoginResponse
    ) -> LoginResponse:
        """The answer with what 1.3 lets clients negotiate while they sign on."""
        agreed = None
        if request.capability_list is not None:
            session = await self._negotiation.agree_capabilities(session, request.capability_list)
            agreed = self._negotiation.agreed_list(
                request.capability_list, session.capabilities, context.host
            )
        refused = None
        if request.functions is not None:
            refused = await self._negotiation.agree_services(
                session, request.functions, context.version
            )
        return LoginResponse(
            client_id=response.client_id,
            result=response.result,
            session_id=response.session_id,
            keep_alive_time=response.keep_alive_time,
            capability_request=response.capability_request,
            functions=refused,
            agreed_capability_list=agreed,
        )

    async def logout(self, context: Context, request: LogoutRequest) -> Primitive:
        """Sign off. 1.1 answers with Disconnect, later versions with Status."""
        await self._sessions.close(context.open_session)
        if context.version is V11:
            return Disconnect(result=result(StatusCode.OK, context.version))
        return status(StatusCode.OK, context.version)

    async def keep_alive(self, context: Context, request: KeepAliveRequest) -> Primitive:
        """Keep the session, as any request would, and perhaps change how long it lasts."""
        ok = result(StatusCode.OK, context.version)
        if request.time_to_live is None:
            return KeepAliveResponse(result=ok)
        session = await self._sessions.keep_alive(context.open_session, request.time_to_live)
        return KeepAliveResponse(result=ok, keep_alive_time=session.time_to_live_seconds)

    async def get_sp_info(self, context: Context, request: GetSPInfoRequest) -> Primitive:
        """Say who runs the service; before signing on, too."""
        provider = self._provider
        logo = None
        if provider.logo:
            logo = Logo(
                content_type=guess_type(provider.logo_file)[0] or "application/octet-stream",
                content_size=len(provider.logo),
                content_encoding=TransferEncoding.BASE64,
                content_data=b64encode(provider.logo).decode(),
            )
        return GetSPInfoResponse(
            client_id=request.client_id,
            name=provider.name,
            logo=logo,
            description=provider.text or None,
            url=provider.url or None,
        )


def _client(request: LoginRequest) -> str:
    """What tells the clients of a user apart."""
    client = request.client_id or ClientID()
    return "\n".join((client.url or "", client.msisdn or "", request.application_id or ""))


def _proof_of(octets: str) -> Proof:
    """The proof that a client knows, by the length of what it made of a nonce that is too old."""
    return Proof.SHA if len(octets.strip().rstrip("=")) == 27 else Proof.MD5


def client_id_of(client: str) -> ClientID:
    """The ClientID that a client signed on with, from what tells it from the user's others."""
    url, msisdn, _ = f"{client}\n\n".split("\n", 2)
    return ClientID(url=url or None, msisdn=msisdn or None)


def _login_name(context: Context, request: LoginRequest) -> str:
    """What ties the halves of a 4-way login together: the client and the transaction id."""
    halves = f"{_client(request)}\n{context.transaction_id}"
    return hashlib.sha256(halves.encode("utf-8", "replace")).hexdigest()


def _login_failure(request: LoginRequest, failed: Result) -> Primitive:
    if failed.code == StatusCode.SERVICE_UNAVAILABLE:
        failed = Result(
            code=failed.code,
            description=failed.description,
            try_again_timeout=TRY_AGAIN_SECONDS,
        )
    return LoginResponse(
        client_id=request.client_id or ClientID(), result=failed, capability_request=False
    )


def _keep_alive_failure(request: KeepAliveRequest, failed: Result) -> Primitive:
    return KeepAliveResponse(result=failed)
