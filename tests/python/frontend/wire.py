"""Frames of the Jupyter wire protocol, byte by byte.

Written from the specification and independent of jupyter_client, so that bytes which that
library would hide or repair can be looked at, and wrong ones sent.
"""

import hashlib
import hmac
import json
from dataclasses import dataclass
from functools import cached_property

DELIMITER = b"<IDS|MSG>"


def sign(key: bytes, parts: list[bytes]) -> bytes:
    """The signature of header, parent header, metadata and content; empty without a key."""
    if not key:
        return b""
    mac = hmac.new(key, digestmod=hashlib.sha256)
    for part in parts:
        mac.update(part)
    return mac.hexdigest().encode()


@dataclass(frozen=True)
class Message:
    """One message as it came over a socket, its JSON both raw and parsed."""

    identities: list[bytes]
    signature: bytes
    raw_header: bytes
    raw_parent: bytes
    raw_metadata: bytes
    raw_content: bytes
    buffers: list[bytes]

    @cached_property
    def header(self) -> dict:
        return json.loads(self.raw_header)

    @cached_property
    def parent(self) -> dict:
        return json.loads(self.raw_parent)

    @cached_property
    def metadata(self) -> dict:
        return json.loads(self.raw_metadata)

    @cached_property
    def content(self) -> dict:
        return json.loads(self.raw_content)

    @property
    def type(self) -> str:
        return self.header["msg_type"]

    @property
    def parent_id(self) -> str | None:
        return self.parent.get("msg_id")

    def __repr__(self) -> str:
        return f"<{self.type} {json.dumps(self.content)[:300]}>"


def encode(
    key: bytes,
    header: bytes,
    content: bytes,
    parent: bytes = b"{}",
    metadata: bytes = b"{}",
    buffers: list[bytes] = (),
) -> list[bytes]:
    """The frames of a message, signed."""
    parts = [header, parent, metadata, content]
    return [DELIMITER, sign(key, parts), *parts, *buffers]


def decode(key: bytes, frames: list[bytes]) -> Message:
    """The message in frames whose signature must be right."""
    assert DELIMITER in frames, f"no delimiter in {frames!r}"
    at = frames.index(DELIMITER)
    assert len(frames) >= at + 6, f"too few frames: {frames!r}"
    signature, *parts = frames[at + 1 : at + 6]
    assert hmac.compare_digest(signature, sign(key, parts)), f"wrong signature on {parts!r}"
    return Message(frames[:at], signature, *parts, buffers=frames[at + 6 :])
