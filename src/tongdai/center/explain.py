"""Why an offer went to its agent.

Rule: for an offer that is out, its strategy and the value that won are kept in the event; here they
are put beside what became of the contact's earlier offers. Why a contact *waits* is the router's to
tell.
"""

from __future__ import annotations

import attrs

from tongdai.center.state import State
from tongdai.errors import IllegalInput
from tongdai.model.time import Instant, clock
from tongdai.routing.strategies import Measure, told


@attrs.frozen
class OfferExplanation:
    """Why an offer went to its agent.

    Attributes:
        offer, contact, agent: ids.
        until: when it expires; `None` when it is over.
        strategy, measure: how the agent was picked, and what won.
        became: what became of it, once it is over.
    """

    offer: str
    contact: str
    agent: str
    until: Instant | None
    strategy: str
    measure: Measure
    became: str = ""

    def __str__(self) -> str:
        """Give it as one line."""
        end = self.became or ("" if self.until is None else f"out until {clock(self.until)}")
        return f"{self.offer} went to {self.agent}: {told(self.strategy, self.measure)}; {end}"


def explain_offer(state: State, offer: str) -> OfferExplanation:
    """Return why an offer of an open contact went to its agent.

    Raises:
        IllegalInput: the contact has no such offer.
    """
    contact = offer.rpartition("/")[0]
    live = state.contacts[contact]
    found = live.offers.get(offer) or live.past.get(offer)
    if found is None:
        raise IllegalInput(f"explain: contact {contact!r} has no offer {offer!r}")
    event = found.event
    until = None if found.over else event.until
    return OfferExplanation(
        offer, contact, event.agent, until, event.strategy, event.measure, found.over
    )
