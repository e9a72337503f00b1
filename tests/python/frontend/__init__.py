"""A kernel's process and a strict client for it, both for tests."""

from .client import PATIENCE, Exchange, Frontend, Request
from .process import KernelProcess, connection, free_port, gone, write_connection_file
from .wire import DELIMITER, Message, decode, encode, sign

__all__ = [
    "DELIMITER",
    "PATIENCE",
    "Exchange",
    "Frontend",
    "KernelProcess",
    "Message",
    "Request",
    "connection",
    "decode",
    "encode",
    "free_port",
    "gone",
    "sign",
    "write_connection_file",
]
