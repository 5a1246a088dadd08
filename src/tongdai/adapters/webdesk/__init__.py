"""A desk for agents in browsers, as an ASGI application."""

from tongdai.adapters.webdesk.desk import WebDesk

__all__ = ["WebDesk"]
