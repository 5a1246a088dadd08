"""What an id may be.

Rule: an id is a plain `str` of 1 to 128 printable characters without `/`. The slash is kept for ids
that are derived: `c1/2` is the second offer of contact `c1`, and, accepted, the interaction of that
id. So no id needs a counter in the journal, and every id explains itself in a log.
"""

from __future__ import annotations

from tongdai.errors import ConfigurationError

_LONGEST = 128


def check_id(value: object, field: str) -> None:
    """Raise an error that names the field unless the value can be an id.

    Raises:
        ConfigurationError: not a `str`, empty, longer than 128, or with `/` or a control character.
    """
    if not isinstance(value, str):
        msg = f"{field}: {value!r} is not an id; an id is a str of 1 to 128 characters without '/'"
    elif not value or len(value) > _LONGEST:
        msg = f"{field}: an id has 1 to 128 characters; this one has {len(value)}"
    elif "/" in value or not value.isprintable():
        msg = f"{field}: {value!r} cannot be an id; leave out '/' and control characters"
    else:
        return
    raise ConfigurationError(msg)


def offer_id(contact: str, number: int) -> str:
    """Return the id of a contact's offer, `c1/1` for the first."""
    return f"{contact}/{number}"


def contact_of(offer: str) -> str | None:
    """Return the contact of an offer's id, or `None` when the text cannot be such an id."""
    contact, slash, number = offer.rpartition("/")
    return contact if slash and contact and number.isdecimal() else None
