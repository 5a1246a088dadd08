"""What is signed is taken; whatever else comes is not, and raises nothing."""

from __future__ import annotations

import base64
import hmac
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.adapters.webchat.driver import SECRET, START, settle, site
from tongdai.adapters.webchat import Limits, Rate, WebChat, sign_identity
from tongdai.adapters.webchat.tokens import Kept, Keys, Visitor
from tongdai.channels import Relinked, Secret
from tongdai.errors import ConfigurationError
from tongdai.model.contact import Claim
from tongdai.model.time import hours, minutes, seconds

OTHER = "another secret, of the host application"
LAN = Visitor(id="a" * 22, until=START + int(hours(1)), user="u1", name="Lan", email="l@x.vn")


@pytest.mark.parametrize("secret", ["", "short", (), ("x" * 16, "short"), b"1"])
def test_a_short_secret_is_refused(secret: str | bytes | tuple[str, ...]) -> None:
    """The error says what would be right."""
    with pytest.raises(ConfigurationError):
        WebChat("site", secret=secret)


def test_no_secret_is_in_a_repr() -> None:
    """Not the web chat's, nor that of anything in it; nor a visitor's name."""
    chat = WebChat("site", secret=SECRET, identity_secret=OTHER)
    shown = [repr(each) for each in (chat, Keys(SECRET, "site", "secret"), chat.app, LAN)]
    assert [SECRET in each or OTHER in each or "Lan" in each for each in shown] == [False] * 4


def test_keys_are_replaced_one_by_one() -> None:
    """The first signs, all of them are taken; then the old one is left out."""
    old = Keys("old " * 8, "site", "secret")
    both = Keys([Secret("new " * 8), b"old " * 8], "site", "secret")
    new = Keys("new " * 8, "site", "secret")
    assert both.visitor(old.sign(LAN), START) == LAN
    assert new.visitor(both.sign(LAN), START) == LAN
    assert new.visitor(old.sign(LAN), START) is None


def test_a_token_is_for_one_thing_one_channel_and_a_while() -> None:
    """A file's is no visitor's, another channel's is none, and one that is over is none."""
    keys, elsewhere = Keys(SECRET, "site", "secret"), Keys(SECRET, "shop", "secret")
    file = Kept(url="file:x", kind="image/png", owner="a" * 22)
    assert keys.file(keys.sign(file)) == file
    assert keys.visitor(keys.sign(file), START) is None
    assert keys.file(keys.sign(LAN)) is None
    assert elsewhere.visitor(keys.sign(LAN), START) is None
    assert keys.visitor(keys.sign(LAN), LAN.until) is None
    assert isinstance(keys.identity(keys.sign(LAN), START), str)
    body = base64.urlsafe_b64encode(b'{"id":1}').rstrip(b"=").decode()
    signed = keys._signature(keys._keys[0], "Visitor", body)  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
    assert keys.visitor(f"{body}.{signed}", START) is None


@given(st.data())
def test_no_mutation_of_a_token_is_taken(data: st.DataObject) -> None:
    """One character changed, cut off or put in, or any text at all."""
    keys = Keys(SECRET, "site", "secret")
    token = keys.sign(LAN)
    at = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.characters().filter(lambda each: each != token[at]))
    for forged in (token[:at] + other + token[at + 1 :], token[:at], data.draw(st.text())):
        assert keys.visitor(forged, START) is None
        assert isinstance(keys.identity(forged, START), str)


def jwt(body: object, *, head: object = None, secret: str = OTHER) -> str:
    """Return a JSON Web Token, made without the library."""
    parts = [{"alg": "HS256"} if head is None else head, body]
    signed = ".".join(
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts
    )
    mac = hmac.digest(secret.encode(), signed.encode(), "sha256")
    return f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


LATER = START // 1_000_000 + 60


@pytest.mark.parametrize(
    ("token", "why"),
    [
        (jwt({"sub": "u1", "exp": LATER}, head={"alg": "none"}), "HS256"),
        (jwt({"sub": "u1", "exp": LATER}, head=[]), "JSON Web Token"),
        (jwt({"sub": "u1", "exp": LATER}, secret=SECRET), "signature"),
        (jwt({"sub": "u1", "exp": LATER - 61}), "over"),
        (jwt({"sub": "u1", "exp": LATER, "nbf": LATER}), "begun"),
        (jwt({"sub": "u1", "exp": LATER, "aud": ["shop"]}), "somebody else"),
        (jwt({"sub": "", "exp": LATER}), "JSON Web Token"),
        (jwt({"sub": "u1"}), "JSON Web Token"),
        (jwt({"sub": "u1", "exp": LATER}, head={"alg": "HS256", "crit": ["b64"]}), "crit"),
        (jwt({"sub": "x" * 5_000, "exp": LATER}), "4096"),
        ("", "JSON Web Token"),
        ("é.é.é", "JSON Web Token"),
    ],
)
def test_an_identity_is_refused_with_a_reason(token: str, why: str) -> None:
    """No other algorithm, key, time or channel."""
    told = Keys(OTHER, "site", "identity_secret").identity(token, START)
    assert isinstance(told, str)
    assert why in told


@pytest.mark.parametrize("audience", [{}, {"aud": "site"}, {"aud": ["shop", "site"]}])
def test_an_identity_is_a_plain_json_web_token(audience: dict[str, object]) -> None:
    """Made by hand or by `sign_identity`, it is the same."""
    keys = Keys(OTHER, "site", "identity_secret")
    ours = sign_identity(OTHER, user="u1", name="Lan", expires=LATER * 1_000_000)
    theirs = jwt({"sub": "u1", "exp": LATER, "name": "Lan", "more": 1, **audience})
    assert keys.identity(ours, START) == keys.identity(theirs, START)


def test_an_identity_has_a_user() -> None:
    """Nobody is not one."""
    with pytest.raises(ConfigurationError, match="user"):
        sign_identity(OTHER, user="", expires=LATER)


@pytest.mark.anyio
async def test_a_known_visitor_brings_verified_claims() -> None:
    """When they come, or when they sign in in the middle; and they are gone when they sign out."""
    async with site(identity_secret=Secret(OTHER)) as it:
        identity = sign_identity(
            Secret(OTHER), user="u1", name="Lan", email="l@x.vn", expires=LATER * 1_000_000
        )
        anonymous = await it.token()
        silent = await it.token()
        assert await it.token(token=silent, identity=identity)  # nothing was said: no news
        wire = await it.enter(anonymous)
        wire.write({"t": "say", "id": "m1", "text": "một"})
        await settle()
        known = await it.token(token=anonymous, identity=identity)
        news = it.inbound[-1]
        assert isinstance(news, Relinked)
        assert news.address == it.inbound[0].address
        claims = (
            Claim("webchat", news.address.to, "site", "platform"),
            Claim("user", "u1", "site", "verified"),
            Claim("email", "l@x.vn", "", "verified"),
            Claim("name", "Lan", "", "verified"),
        )
        assert news.claims == claims
        wire = await it.enter(known)
        wire.write({"t": "say", "id": "m2", "text": "hai"})
        await settle()
        assert it.messages()[-1].claims == claims

        again = await it.token(token=known, identity=identity)
        out = await it.token(token=known)
        other = await it.token(
            token=known, identity=sign_identity(OTHER, user="u2", expires=LATER * 1_000_000)
        )
        keys = Keys(SECRET, "site", "secret")
        found = [keys.visitor(token, START) for token in (known, again, out, other)]
        ids = [visitor.id for visitor in found if visitor]
        assert (ids[0] == ids[1], len(set(ids))) == (True, 3)
        assert len(it.inbound) == 3


@pytest.mark.anyio
async def test_a_session_refuses_what_it_cannot_read() -> None:
    """With a status, and a reason that a developer understands."""
    async with site() as it:
        assert (await it.http("POST", "/session", b"[")).status == 400
        assert (await it.http("POST", "/session", b'{"x":1}')).status == 400
        assert (await it.http("POST", "/session", b'{"identity":"x"}')).status == 400
        assert (await it.http("POST", "/session", b'{"token":"forged"}')).status == 200
        assert (await it.http("POST", "/session", b"x" * 20_000)).status == 413
        assert (await it.http("POST", "/session", [b"x" * 9_000] * 2)).status == 413
        assert (await it.http("POST", "/session", content_length="99999")).status == 413
        assert (await it.http("GET", "/session")).headers["allow"] == "POST"
    async with site(identity_secret=OTHER) as it:
        answer = await it.http("POST", "/session", b'{"identity":"x"}')
        assert (answer.status, "JSON Web Token" in answer.json["error"]) == (401, True)
    async with site(limits=Limits(calls=Rate(2, seconds(10)))) as it:
        statuses = [(await it.http("POST", "/session")).status for _ in range(3)]
        assert statuses == [200, 200, 429]
        assert (await it.http("POST", "/session")).headers["retry-after"] == "5"


@pytest.mark.anyio
async def test_a_token_lasts_a_while() -> None:
    """After that the socket is not let in, and the widget asks for another."""
    async with site() as it:
        token = await it.token()
        it.clock.advance(hours(24 * 90))
        assert (await it.enter(token)).closed == 4401
        assert (await it.enter("x.y")).closed == 4401


@pytest.mark.anyio
async def test_a_socket_is_closed_when_its_token_is_over() -> None:
    """With 4401, as at the door, and not a moment sooner; what was said before has arrived."""
    async with site(limits=Limits(visit=hours(1))) as it:
        wire = await it.enter(await it.token())
        it.clock.advance(minutes(59))
        wire.write({"t": "say", "id": "m1", "text": "một"})
        await settle()
        assert (None, ["m1"]) == (wire.closed, [frame["id"] for frame in wire.all("ack")])
        it.clock.advance(minutes(1))
        await settle()
        assert (4401, "the token is over") == (wire.closed, wire.why)
        wire.write({"t": "say", "id": "m2", "text": "hai"})
        await settle()
        assert ["một"] == [message.content.text for message in it.messages()]


@pytest.mark.anyio
async def test_a_known_visitor_comes_back_with_a_new_token() -> None:
    """As a widget does whose page has a fresh identity: it is the same conversation."""
    async with site(identity_secret=OTHER, limits=Limits(identified=hours(1))) as it:
        identity = sign_identity(OTHER, user="u1", expires=START + int(hours(9)))
        token = await it.token(identity=identity)
        wire = await it.enter(token)
        wire.write({"t": "say", "id": "m1", "text": "một"})
        await settle()
        it.clock.advance(hours(1))
        await settle()
        assert 4401 == wire.closed
        again = await it.enter(await it.token(token=token, identity=identity))
        assert ["một"] == [item["text"] for frame in again.all("items") for item in frame["items"]]
