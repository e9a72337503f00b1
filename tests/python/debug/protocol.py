"""Holds responses and events against the Debug Adapter Protocol's JSON schema.

The schema is the one that debugpy's wheel carries. What Jupyter adds to the protocol is held against
what the messaging specification and JupyterLab's sources say of it.
"""

import json
from pathlib import Path

import debugpy
from jsonschema import Draft4Validator

_FILE = Path(debugpy.__file__).parent / "_vendored/pydevd/_pydevd_bundle/_debug_adapter/debugProtocol.json"
_DEFINITIONS = json.loads(_FILE.read_text())["definitions"]


def _validator(schema: dict) -> Draft4Validator:
    return Draft4Validator({"definitions": _DEFINITIONS} | schema)


def _ref(name: str) -> dict:
    return {"$ref": f"#/definitions/{name}"}


def _body(properties: dict, optional: tuple[str, ...] = ()) -> dict:
    body = {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }
    return {"allOf": [_ref("Response"), {"properties": {"body": body}, "required": ["body"]}]}


_SOURCE_BREAKPOINTS = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "source": {"type": "string", "minLength": 1},
            "breakpoints": {"type": "array", "items": _ref("SourceBreakpoint")},
        },
        "required": ["source", "breakpoints"],
        "additionalProperties": False,
    },
}
_VARIABLES = {"type": "array", "items": _ref("Variable")}
_BUNDLE = {"type": "object", "additionalProperties": {}}

JUPYTERS_OWN = {
    "debugInfo": _body(
        {
            "isStarted": {"type": "boolean"},
            "hashMethod": {"enum": ["Murmur2"]},
            "hashSeed": {"type": "integer", "minimum": 0},
            "tmpFilePrefix": {"type": "string", "pattern": "/.*ipykernel_.*/$"},
            "tmpFileSuffix": {"enum": [".lua"]},
            "breakpoints": _SOURCE_BREAKPOINTS,
            "stoppedThreads": {"type": "array", "items": {"type": "integer"}},
            "richRendering": {"enum": [True]},
            "exceptionPaths": {"type": "array", "items": {"type": "string"}},
            "copyToGlobals": {"enum": [True]},
        }
    ),
    "dumpCell": _body({"sourcePath": {"type": "string", "minLength": 1}}),
    "inspectVariables": _body({"variables": _VARIABLES}),
    "richInspectVariables": _body({"data": _BUNDLE, "metadata": _BUNDLE}),
    "copyToGlobals": _ref("Response"),
    # Of DAP, where its modules have no `path` that must be there; JupyterLab lists nothing else.
    "modules": _body(
        {
            "modules": {
                "type": "array",
                "items": {"allOf": [_ref("Module"), {"required": ["id", "name", "path"]}]},
            },
            "totalModules": {"type": "integer", "minimum": 0},
        }
    ),
}

_REFUSAL = _validator(
    {
        "allOf": [
            _ref("Response"),
            {
                "properties": {"success": {"enum": [False]}, "message": {"type": "string", "minLength": 1}},
                "required": ["message"],
            },
        ]
    }
)


def check_response(command: str, response: dict) -> None:
    """Fails where a response is not what the protocol says of its command's."""
    if not response.get("success"):
        return _REFUSAL.validate(response)
    name = command[:1].upper() + command[1:] + "Response"
    own = JUPYTERS_OWN.get(command)
    assert own or name in _DEFINITIONS, f"the protocol knows no {command!r}, and yet: {response}"
    _validator(own or _ref(name)).validate(response)


def check_event(event: dict) -> None:
    """Fails where an event is not what the protocol says of its name's."""
    name = event["event"][:1].upper() + event["event"][1:] + "Event"
    assert name in _DEFINITIONS, f"the protocol knows no event {event}"
    _validator(_ref(name)).validate(event)
