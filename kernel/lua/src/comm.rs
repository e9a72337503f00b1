//! `comm`: talking with a front end's widgets and extensions.

use std::sync::Arc;

use bytes::Bytes;
use mlua::{Function, Lua, MultiValue, Table, Value};
use perilune_language::{CommMessage, Host};
use serde_json::{Map, Value as Json};
use uuid::Uuid;

use crate::function;
use crate::json::{Strictness, table_from, to_json};

/// The registry's table of handlers by target.
const TARGETS: &str = "perilune.comm.targets";
/// The registry's table of open comms by id.
const OPEN: &str = "perilune.comm.open";
/// The registry's metatable of comms.
const METATABLE: &str = "perilune.comm";

/// Makes the global `comm`, which is a module too.
///
/// # Errors
///
/// When there is no memory left.
pub(crate) fn install(lua: &Lua, host: &Arc<dyn Host>) -> mlua::Result<()> {
    lua.set_named_registry_value(TARGETS, lua.create_table()?)?;
    lua.set_named_registry_value(OPEN, lua.create_table()?)?;
    lua.set_named_registry_value(METATABLE, metatable(lua, host)?)?;
    let comm = lua.create_table()?;
    let register = function::create(lua, |lua, arguments| {
        let target = function::string(arguments, 0, "the target")?;
        let handler = match arguments.get(1) {
            None | Some(Value::Nil) => Value::Nil,
            Some(Value::Function(handler)) => Value::Function(handler.clone()),
            Some(other) => return Err(format!("the handler is a {}", other.type_name())),
        };
        registered(lua, TARGETS, |targets| targets.raw_set(target, handler))
    })?;
    comm.raw_set("register_target", register)?;
    let host = Arc::clone(host);
    let open = function::create(lua, move |lua, arguments| {
        let target = function::string(arguments, 0, "the target")?;
        let said = Said::of(&arguments[1..])?;
        let id = Uuid::new_v4().to_string();
        let opened = create(lua, &id, &target).map_err(|error| error.to_string())?;
        host.comm(CommMessage::Open {
            id,
            target,
            data: said.data,
            metadata: said.metadata,
            buffers: said.buffers,
        });
        Ok(opened)
    })?;
    comm.raw_set("open", open)?;
    let loaded: Table = lua.named_registry_value("_LOADED")?;
    loaded.raw_set("comm", &comm)?;
    lua.globals().raw_set("comm", comm)
}

fn metatable(lua: &Lua, host: &Arc<dyn Host>) -> mlua::Result<Table> {
    let methods = lua.create_table()?;
    for (name, field) in [("on_msg", "message_handler"), ("on_close", "close_handler")] {
        let set = function::create(lua, move |_, arguments| {
            let comm = this(arguments)?;
            let handler = arguments.get(1).cloned().unwrap_or(Value::Nil);
            if !matches!(handler, Value::Nil | Value::Function(_)) {
                return Err(format!("the handler is a {}", handler.type_name()));
            }
            comm.raw_set(field, handler)
                .map_err(|error| error.to_string())?;
            Ok(comm.clone())
        })?;
        methods.raw_set(name, set)?;
    }
    let sender = Arc::clone(host);
    let send = function::create(lua, move |lua, arguments| {
        let id = open_id(lua, this(arguments)?)?;
        let said = Said::of(&arguments[1..])?;
        sender.comm(CommMessage::Data {
            id,
            data: said.data,
            metadata: said.metadata,
            buffers: said.buffers,
        });
        Ok(())
    })?;
    methods.raw_set("send", send)?;
    let closer = Arc::clone(host);
    let close = function::create(lua, move |lua, arguments| {
        let Ok(id) = open_id(lua, this(arguments)?) else {
            // Closing twice is closing once.
            return Ok(());
        };
        let said = Said::of(&arguments[1..])?;
        forget(lua, &id)?;
        closer.comm(CommMessage::Close {
            id,
            data: said.data,
            metadata: said.metadata,
            buffers: said.buffers,
        });
        Ok(())
    })?;
    methods.raw_set("close", close)?;
    let placer = Arc::clone(host);
    let place = function::create(lua, move |lua, arguments| {
        let comm = this(arguments)?;
        placer.place_comm(&open_id(lua, comm)?);
        Ok(comm.clone())
    })?;
    methods.raw_set("place", place)?;
    let meta = lua.create_table()?;
    meta.raw_set("__index", methods)?;
    meta.raw_set("__name", "comm")?;
    Ok(meta)
}

/// What is said with a message from Lua: data, metadata, buffers.
struct Said {
    data: Map<String, Json>,
    metadata: Map<String, Json>,
    buffers: Vec<Bytes>,
}

impl Said {
    fn of(arguments: &[Value]) -> Result<Self, String> {
        let object = |index: usize, name: &str| match arguments.get(index) {
            None | Some(Value::Nil) => Ok(Map::new()),
            Some(value) => match to_json(value, Strictness::Strict)? {
                Json::Object(object) => Ok(object),
                _ => Err(format!("a comm's {name} must be a table with keys")),
            },
        };
        let buffers = match arguments.get(2) {
            None | Some(Value::Nil) => Vec::new(),
            Some(Value::Table(buffers)) => buffers
                .sequence_values::<Value>()
                .map(|buffer| match buffer {
                    Ok(Value::String(bytes)) => Ok(Bytes::copy_from_slice(&bytes.as_bytes())),
                    _ => Err("a comm's buffers must be strings".to_owned()),
                })
                .collect::<Result<_, _>>()?,
            Some(other) => return Err(format!("a comm's buffers are a {}", other.type_name())),
        };
        Ok(Self {
            data: object(0, "data")?,
            metadata: object(1, "metadata")?,
            buffers,
        })
    }
}

fn this(arguments: &[Value]) -> Result<&Table, String> {
    match arguments.first() {
        Some(Value::Table(comm)) => Ok(comm),
        _ => Err("call it with a colon: comm:send(data)".to_owned()),
    }
}

fn registered(
    lua: &Lua,
    name: &str,
    change: impl FnOnce(Table) -> mlua::Result<()>,
) -> Result<(), String> {
    let table = lua.named_registry_value::<Table>(name);
    table.and_then(change).map_err(|error| error.to_string())
}

fn open_id(lua: &Lua, comm: &Table) -> Result<String, String> {
    let id: String = comm
        .raw_get("id")
        .map_err(|_| "this is no comm".to_owned())?;
    match find(lua, &id) {
        Some(_) => Ok(id),
        None => Err("this comm is closed".to_owned()),
    }
}

fn create(lua: &Lua, id: &str, target: &str) -> mlua::Result<Table> {
    let comm = lua.create_table()?;
    comm.raw_set("id", id)?;
    comm.raw_set("target", target)?;
    comm.set_metatable(Some(lua.named_registry_value::<Table>(METATABLE)?))?;
    lua.named_registry_value::<Table>(OPEN)?
        .raw_set(id, &comm)?;
    Ok(comm)
}

fn find(lua: &Lua, id: &str) -> Option<Table> {
    let open = lua.named_registry_value::<Table>(OPEN).ok()?;
    open.raw_get::<Option<Table>>(id).ok()?
}

/// Forgets an open comm.
pub(crate) fn forget(lua: &Lua, id: &str) -> Result<(), String> {
    registered(lua, OPEN, |open| open.raw_set(id, Value::Nil))
}

/// What a message from a comm's other end means.
pub(crate) enum Arrival {
    /// A comm was opened for a target that nobody registered.
    Unwanted,
    /// Nobody has to be told.
    Nothing,
    /// A handler is to be called with these arguments.
    Call(Function, MultiValue),
}

/// Takes a message and finds who wants it.
///
/// # Errors
///
/// When there is no memory left.
pub(crate) fn arrive(lua: &Lua, message: &CommMessage) -> mlua::Result<Arrival> {
    let (comm, handler) = match message {
        CommMessage::Open { id, target, .. } => {
            let targets = lua.named_registry_value::<Table>(TARGETS)?;
            let Some(handler) = targets.raw_get::<Option<Function>>(target.as_str())? else {
                return Ok(Arrival::Unwanted);
            };
            (create(lua, id, target)?, Some(handler))
        }
        CommMessage::Data { id, .. } => match find(lua, id) {
            Some(comm) => (comm.clone(), comm.raw_get("message_handler").ok().flatten()),
            None => return Ok(Arrival::Nothing),
        },
        CommMessage::Close { id, .. } => match find(lua, id) {
            Some(comm) => {
                lua.named_registry_value::<Table>(OPEN)?
                    .raw_set(id.as_str(), Value::Nil)?;
                (comm.clone(), comm.raw_get("close_handler").ok().flatten())
            }
            None => return Ok(Arrival::Nothing),
        },
    };
    let Some(handler) = handler else {
        return Ok(Arrival::Nothing);
    };
    let (CommMessage::Open {
        data,
        metadata,
        buffers,
        ..
    }
    | CommMessage::Data {
        data,
        metadata,
        buffers,
        ..
    }
    | CommMessage::Close {
        data,
        metadata,
        buffers,
        ..
    }) = message;
    let said = lua.create_table()?;
    said.raw_set("data", table_from(lua, data)?)?;
    said.raw_set("metadata", table_from(lua, metadata)?)?;
    let strings = buffers.iter().map(|buffer| lua.create_string(buffer));
    let strings = strings.collect::<mlua::Result<Vec<_>>>()?;
    said.raw_set("buffers", lua.create_sequence_from(strings)?)?;
    let arguments = MultiValue::from_vec(vec![Value::Table(comm), Value::Table(said)]);
    Ok(Arrival::Call(handler, arguments))
}
