"""Whether and how long contacts wait."""

from tongdai.queues.queue import Joined, OmnichannelQueue, PatienceOver, Refused

__all__ = ["Joined", "OmnichannelQueue", "PatienceOver", "Refused"]
