"""Logging in and out, people, and tokens."""

import logging
import secrets
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Request, Response
from pydantic import AfterValidator, BaseModel, Field

from firmware_host.files.names import expect_seen
from firmware_host.panel.access import pins
from firmware_host.panel.access.guard import LOG_IN, Identity, Refusal
from firmware_host.panel.access.logins import LONGEST_S, hashed
from firmware_host.panel.access.network import LOOPBACK_NAMES
from firmware_host.panel.api.parts import AllParts, Body, Done, Id, Me, Parts
from firmware_host.panel.api.problems import ApiError, at_field, wait
from firmware_host.records import NotThereError, RecordsError, people, tokens
from firmware_host.records.people import Person
from firmware_host.roles import ROLES, Role

DEVICE_KNOWN_S: Final = 90 * 24 * 3600
TOKEN_PREFIX: Final = "righting_"
"""So that a token that got somewhere by mistake is recognised."""
LONGEST_EXPIRY_DAYS: Final = 3660

router: Final = APIRouter(tags=["people"])

Name = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(expect_seen)]
Pin = Annotated[str, Field(min_length=1, max_length=pins.LONGEST)]


class MyPerson(BaseModel):
    """Whoever is logged in."""

    id: int
    name: str
    role: Role


class MeTold(BaseModel):
    """Who asks, and what the panel is."""

    person: MyPerson | None
    role: Role | None
    """In force: of the person, of the token, or ``service`` while everything is open; None while locked."""
    open: bool
    """Nobody has a PIN yet: everybody on this machine may do everything."""
    locked: bool
    roles: list[Role]
    simulated: bool


class Names(BaseModel):
    """Whom the login offers."""

    names: list[str]


class LoginBody(Body):
    """Who, and the proof."""

    name: Name = Field(examples=["Ada"])
    pin: Pin = Field(examples=["4711"])


class PinBody(Body):
    """The proof alone."""

    pin: Pin = Field(examples=["4711"])


class PersonTold(BaseModel):
    """A person, without the PIN."""

    id: int
    name: str
    role: Role
    active: bool
    has_pin: bool
    created_at: datetime


class PeopleTold(BaseModel):
    """All people."""

    people: list[PersonTold]


class NewPerson(Body):
    """A person to be added."""

    name: Name = Field(examples=["Ada"])
    role: Role
    pin: Pin | None = None


class PersonChange(Body):
    """What is to be different; what is left out stays."""

    name: Name | None = None
    role: Role | None = None
    pin: Pin | None = None
    active: bool | None = None


class TokenTold(BaseModel):
    """A token, without the token."""

    id: int
    name: str
    role: Role
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None


class TokensTold(BaseModel):
    """All tokens."""

    tokens: list[TokenTold]


class NewToken(Body):
    """A token to be made."""

    name: Name = Field(examples=["Reception display"])
    role: Role
    days: Annotated[int, Field(ge=1, le=LONGEST_EXPIRY_DAYS)] | None = None
    """Until it expires; None is never."""


class TokenMade(TokenTold):
    """A new token: the only time that it is shown."""

    token: str


@router.get("/me")
def me(parts: AllParts, identity: Me) -> MeTold:
    """Who am I, and is anybody's PIN set?"""
    return _me(parts, identity)


@router.get("/people/names")
def names(parts: AllParts, _: Me) -> Names:
    """Names of those who can log in."""
    with parts.records.read() as transaction:
        found = people.everybody(transaction, active=True)
    return Names(names=[one.name for one in found if one.has_pin])


@router.post("/login")
def login(body: LoginBody, request: Request, response: Response, parts: AllParts, identity: Me) -> MeTold:
    """Log in; the answer sets a cookie. A page's socket must be opened anew afterwards."""
    with parts.records.read() as transaction:
        found = people.find_by_name(transaction, body.name)
    person = _prove(parts, request, found, body.name, body.pin)
    if identity.secret is not None:
        parts.guard.logins.end(identity.secret)
    secret = parts.guard.logins.begin(person.id, person.name, person.role)
    _set_cookie(parts, response, parts.cookie, secret, round(LONGEST_S))
    if not parts.guard.logins.knows_device(request.cookies.get(parts.device_cookie), person.id):
        _set_cookie(parts, response, parts.device_cookie, parts.guard.logins.new_device(person.id), DEVICE_KNOWN_S)
    return _me(parts, parts.guard.identify(secret, None))


@router.post("/logout")
def logout(response: Response, parts: AllParts, identity: Me) -> Done:
    """Log out. During a session nobody watches from then on, and the rider is brought upright."""
    if identity.secret is not None:
        parts.guard.logins.end(identity.secret)
    response.delete_cookie(
        parts.cookie, path="/", secure=parts.doors.scheme == "https", httponly=True, samesite="strict"
    )
    return Done()


@router.post("/lock")
def lock(parts: AllParts, identity: Me) -> MeTold:
    """Lock the screen: STOP and RETURN UPRIGHT go on working, and so does the sign of life of the page."""
    if identity.login is None:
        raise Refusal(401, "nobody is logged in, so there is nothing to lock")
    parts.guard.logins.lock(identity.login)
    return _me(parts, identity)


@router.post("/unlock")
def unlock(body: PinBody, request: Request, parts: AllParts, identity: Me) -> MeTold:
    """Unlock the screen with the PIN of whoever locked it."""
    if identity.login is None:
        raise Refusal(401, LOG_IN)
    with parts.records.read() as transaction:
        found = people.get(transaction, identity.login.person_id)
    _prove(parts, request, found, found.name, body.pin)
    parts.guard.logins.unlock(identity.login)
    return _me(parts, identity)


@router.get("/people")
def everybody(parts: AllParts, _: Me) -> PeopleTold:
    """List people, those who were put away too."""
    with parts.records.read() as transaction:
        return PeopleTold(people=[_told(one) for one in people.everybody(transaction)])


@router.post("/people", status_code=201)
def add_person(body: NewPerson, parts: AllParts, identity: Me) -> PersonTold:
    """Add a person. The first PIN of all is set for somebody of the role service."""
    _check_first_pin(identity, body.pin, body.role)
    pin_hash = _hashed(parts, body.pin, body.role)
    with parts.records.begin() as transaction:
        added = people.add(transaction, identity.who, body.name, body.role, pin_hash)
    if added.has_pin:
        parts.guard.pin_was_set()
    return _told(added)


@router.patch("/people/{id}")
def change_person(body: PersonChange, person_id: Id, parts: AllParts, identity: Me) -> PersonTold:
    """Change a person. A new PIN, or being put away, ends this person's logins elsewhere."""
    with parts.records.read() as transaction:
        before = people.get(transaction, person_id)
    if "pin" in body.model_fields_set and body.pin is None and before.has_pin:
        raise at_field("pin", "a PIN is not taken away: set a new one, or put the person away")
    role = body.role or before.role
    _check_first_pin(identity, body.pin, role)
    if before.has_pin and body.pin is None and role in pins.STAFF and before.role not in pins.STAFF:
        raise at_field("pin", f"a {role} needs a longer PIN than a {before.role}: set a new one with the role")
    pin_hash = _hashed(parts, body.pin, role)
    with parts.records.begin() as transaction:
        changed = people.change(
            transaction, identity.who, person_id, name=body.name, role=body.role, pin_hash=pin_hash, active=body.active
        )
        if people.anybody_has_pin(transaction) or before.has_pin:
            _keep_service(people.everybody(transaction, active=True))
    ends = pin_hash is not None or not changed.active
    kept = identity.secret if changed.active else None
    parts.guard.logins.change_person(changed.id, changed.name, None if ends else changed.role, keep_secret=kept)
    if changed.has_pin and changed.active:
        parts.guard.pin_was_set()
    return _told(changed)


@router.get("/tokens")
def list_tokens(parts: AllParts, _: Me) -> TokensTold:
    """List tokens; the tokens themselves are kept nowhere."""
    with parts.records.read() as transaction:
        return TokensTold(tokens=[TokenTold(**_token(one)) for one in tokens.everything(transaction)])


@router.post("/tokens", status_code=201)
def add_token(body: NewToken, parts: AllParts, identity: Me) -> TokenMade:
    """Make a token. It is shown this once."""
    if identity.kind == "open":
        raise ApiError(409, "nobody has a PIN yet, so that no token is needed: set a PIN for a person of service first")
    secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
    with parts.records.begin() as transaction:
        expires_at = None if body.days is None else transaction.now + timedelta(days=body.days)
        made = tokens.add(transaction, identity.who, body.name, body.role, hashed(secret), expires_at)
    return TokenMade(**_token(made), token=secret)


@router.delete("/tokens/{id}")
def remove_token(token_id: Id, parts: AllParts, identity: Me) -> Done:
    """Make a token worthless, at once."""
    with parts.records.begin() as transaction:
        tokens.remove(transaction, identity.who, token_id)
    parts.guard.revoke(token_id)
    return Done()


def _me(parts: Parts, identity: Identity) -> MeTold:
    login, setup = identity.login, parts.setup()
    return MeTold(
        person=None if login is None else MyPerson(id=login.person_id, name=login.name, role=login.role),
        role=None if identity.locked else identity.role,
        open=identity.kind == "open",
        locked=identity.locked,
        roles=list(ROLES),
        simulated=bool(setup and setup.get("simulated")),
    )


def _prove(parts: Parts, request: Request, found: Person | None, name: str, pin: str) -> Person:
    """Check a PIN, and count what was wrong. Raises ``ApiError``."""
    place = "" if request.client is None else request.client.host
    device = request.cookies.get(parts.device_cookie)
    number = None if found is None else found.id
    trusted = place in LOOPBACK_NAMES or parts.guard.logins.knows_device(device, number)
    wait_s = parts.tries.begin(name, place, trusted=trusted)
    if wait_s > 0.0:
        raise wait(wait_s, f"too many wrong tries: wait {wait_s:.0f} s, then try again")
    usable = found is not None and found.active
    right = parts.pins.right(found.pin_hash if found is not None and usable else None, pin)
    if found is not None:
        _note(parts, found.id, succeeded=right)
    if found is None or not right:
        told = "name or PIN is wrong: try again"
        raise ApiError(401, told, [{"field": "pin", "line": None, "text": told}])
    parts.tries.right(name, place, trusted=trusted)
    return found


def _note(parts: Parts, person_id: int, *, succeeded: bool) -> None:
    """Write a try into the records. Records that take nothing more keep nobody out; ``tries`` counts by itself."""
    try:
        with parts.records.begin() as transaction:
            people.note_login(transaction, person_id, succeeded=succeeded)
    except NotThereError:
        raise
    except RecordsError as error:
        what = "logged in" if succeeded else "was refused"
        logging.getLogger(__name__).warning("person %s %s, which could not be written: %s", person_id, what, error)


def _hashed(parts: Parts, pin: str | None, role: Role) -> str | None:
    if pin is None:
        return None
    refused = pins.why_not(pin, role)
    if refused:
        raise at_field("pin", refused)
    return parts.pins.hashed(pin)


def _check_first_pin(identity: Identity, pin: str | None, role: Role) -> None:
    """Refuse a first PIN after which nobody could add people. Raises ``ApiError``."""
    if identity.kind == "open" and pin is not None and role != "service":
        raise at_field("role", "the first PIN is for a person of the role service, who can set all others")


def _keep_service(active: tuple[Person, ...]) -> None:
    if not any(one.role == "service" and one.has_pin for one in active):
        raise ApiError(409, "somebody of the role service must keep a PIN, or nobody could add people: set that first")


def _set_cookie(parts: Parts, response: Response, name: str, value: str, age_s: int) -> None:
    secure = parts.doors.scheme == "https"
    response.set_cookie(name, value, max_age=age_s, path="/", secure=secure, httponly=True, samesite="strict")


def _told(one: Person) -> PersonTold:
    return PersonTold(
        id=one.id, name=one.name, role=one.role, active=one.active, has_pin=one.has_pin, created_at=one.created_at
    )


def _token(one: tokens.Token) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "role": one.role,
        "created_at": one.created_at,
        "last_used_at": one.used_at,
        "expires_at": one.expires_at,
    }
