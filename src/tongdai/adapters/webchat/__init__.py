"""Web chat: an ASGI application with a WebSocket, and a widget for a page."""

from tongdai.adapters.webchat.chat import WebChat
from tongdai.adapters.webchat.history import Histories, History, Line, Mark, MemoryHistories
from tongdai.adapters.webchat.limits import KINDS, Limits, Rate
from tongdai.adapters.webchat.tokens import sign_identity

__all__ = [
    "KINDS",
    "Histories",
    "History",
    "Limits",
    "Line",
    "Mark",
    "MemoryHistories",
    "Rate",
    "WebChat",
    "sign_identity",
]
