"""Zalo Official Accounts, over the OA OpenAPI.

Needs an HTTP client: `pip install "tongdai[zalo]"`, or one of your own.
"""

from tongdai.adapters.zalo.channel import Zalo
from tongdai.adapters.zalo.tokens import FileTokens, MemoryTokens, Tokens, TokenStore

__all__ = ["FileTokens", "MemoryTokens", "TokenStore", "Tokens", "Zalo"]
