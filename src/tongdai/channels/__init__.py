"""What media can do, and what comes in and goes out over them."""

from tongdai.channels.fit import fit
from tongdai.channels.inbound import Inbound, Left, Message, Receipt, Sent
from tongdai.channels.medium import Can, Medium

__all__ = ["Can", "Inbound", "Left", "Medium", "Message", "Receipt", "Sent", "fit"]
