"""What the specification (5.5) says of every message a kernel sends.

Stricter than the specification in one way: every field that it describes must be there, also the
optional ones, because front ends exist that refuse a reply without them.
"""

from jsonschema import Draft202012Validator

from .wire import Message

STRING = {"type": "string"}
COUNT = {"type": "integer", "minimum": 0}
BOOLEAN = {"type": "boolean"}
MAP = {"type": "object"}
OK = {"const": "ok"}
PORT = {"type": "integer", "minimum": 1, "maximum": 65535}
MIME_BUNDLE = {
    "type": "object",
    "propertyNames": {"pattern": r"^[\w.+-]+/[\w.+-]+(;.+)?$"},
}


def record(**fields) -> dict:
    return {"type": "object", "properties": fields, "required": sorted(fields)}


def array(items) -> dict:
    return {"type": "array", "items": items}


DISPLAY = record(data=MIME_BUNDLE, metadata=MAP, transient=MAP)
COMM = record(comm_id=STRING, data=MAP)
ERROR = record(ename=STRING, evalue=STRING, traceback=array(STRING))
ERROR_REPLY = {"allOf": [record(status={"const": "error"}), ERROR]}


def reply(**fields) -> dict:
    """A reply that says ok with these fields, or tells the error."""
    return {"anyOf": [record(status=OK, **fields), ERROR_REPLY]}


HEADER = record(
    msg_id={"type": "string", "minLength": 1},
    session={"type": "string", "minLength": 1},
    username=STRING,
    # Python's clients parse at most six fractional digits and leave anything else a string.
    date={"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:?\d\d)$"},
    msg_type={"type": "string", "minLength": 1},
    version={"type": "string", "pattern": r"^5\.\d+(\.\d+)?$"},
)

EXECUTE_REPLY = {
    "allOf": [
        record(status=STRING, execution_count=COUNT),
        {
            "anyOf": [
                record(status=OK, payload=array(record(source=STRING)), user_expressions=MAP),
                ERROR_REPLY,
                record(status={"const": "aborted"}),
            ]
        },
    ]
}

KERNEL_INFO_REPLY = record(
    status=OK,
    protocol_version={"type": "string", "pattern": r"^5\.\d+(\.\d+)?$"},
    implementation=STRING,
    implementation_version=STRING,
    language_info=record(
        name=STRING,
        version=STRING,
        mimetype=STRING,
        file_extension={"type": "string", "pattern": r"^\."},
        pygments_lexer=STRING,
        codemirror_mode={"type": ["string", "object"]},
    ),
    banner=STRING,
    help_links=array(record(text=STRING, url={"type": "string", "pattern": "^https?://"})),
    supported_features=array(STRING),
)

IS_COMPLETE_REPLY = {
    "anyOf": [
        record(status={"enum": ["complete", "invalid", "unknown"]}),
        record(status={"const": "incomplete"}, indent=STRING),
        ERROR_REPLY,
    ]
}

CONTENT = {
    "shell": {
        "execute_reply": EXECUTE_REPLY,
        "inspect_reply": reply(found=BOOLEAN, data=MIME_BUNDLE, metadata=MAP),
        "complete_reply": reply(
            matches=array(STRING), cursor_start=COUNT, cursor_end=COUNT, metadata=MAP
        ),
        "history_reply": reply(history=array({"type": "array", "minItems": 3, "maxItems": 3})),
        "is_complete_reply": IS_COMPLETE_REPLY,
        "connect_reply": reply(
            shell_port=PORT, iopub_port=PORT, stdin_port=PORT, hb_port=PORT, control_port=PORT
        ),
        "comm_info_reply": reply(
            comms={"type": "object", "additionalProperties": record(target_name=STRING)}
        ),
        "kernel_info_reply": KERNEL_INFO_REPLY,
        "shutdown_reply": reply(restart=BOOLEAN),
    },
    "control": {
        "kernel_info_reply": KERNEL_INFO_REPLY,
        "interrupt_reply": reply(),
        "shutdown_reply": reply(restart=BOOLEAN),
        "usage_reply": record(
            hostname=STRING,
            pid=COUNT,
            kernel_cpu={"type": "number"},
            kernel_memory=COUNT,
            cpu_count=COUNT,
            host_virtual_memory=record(total=COUNT, available=COUNT, percent={"type": "number"}),
        ),
    },
    "iopub": {
        "iopub_welcome": record(subscription=STRING),
        "status": record(execution_state={"enum": ["starting", "busy", "idle"]}),
        "stream": record(
            name={"enum": ["stdout", "stderr"]}, text={"type": "string", "minLength": 1}
        ),
        "execute_input": record(code=STRING, execution_count=COUNT),
        "execute_result": record(execution_count=COUNT, data=MIME_BUNDLE, metadata=MAP),
        "display_data": DISPLAY,
        "update_display_data": DISPLAY,
        "clear_output": record(wait=BOOLEAN),
        "error": ERROR,
        "comm_open": {"allOf": [COMM, record(target_name=STRING)]},
        "comm_msg": COMM,
        "comm_close": COMM,
        "shutdown_reply": record(status=OK, restart=BOOLEAN),
    },
    "stdin": {"input_request": record(prompt=STRING, password=BOOLEAN)},
}

_HEADER = Draft202012Validator(HEADER)
_CONTENT = {
    (channel, name): Draft202012Validator(schema)
    for channel, schemas in CONTENT.items()
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
