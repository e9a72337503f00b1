"""Holds what comes against tests/schema/messages.json, which the strict client in Rust reads too."""

import json
from pathlib import Path

from jsonschema import Draft202012Validator

from .wire import Message

_SCHEMA = json.loads((Path(__file__).parents[2] / "schema" / "messages.json").read_text())
_HEADER = Draft202012Validator(_SCHEMA["header"])
_CONTENT = {
    (channel, name): Draft202012Validator(schema)
    for channel, schemas in _SCHEMA["content"].items()
    for name, schema in schemas.items()
}


def check(channel: str, message: Message) -> None:
    """Fails where a message is not what the specification says."""
    _HEADER.validate(message.header)
    assert isinstance(message.parent, dict), f"parent header of {message!r}: {message.raw_parent!r}"
    assert isinstance(message.metadata, dict), f"metadata of {message!r}: {message.raw_metadata!r}"
    schema = _CONTENT.get((channel, message.type))
    assert schema, f"{message!r} has no business on {channel}"
    schema.validate(message.content)
