//! `widgets`: controls in a front end's page, over comms.
//!
//! All of it is Lua and JavaScript; here is what they are made of.

use mlua::{Function, Lua, Table, Value};

use crate::library;

const BYTES: &str = include_str!("library/widgets/bytes.lua");
const MODEL: &str = include_str!("library/widgets/model.lua");
const FIELDS: &str = include_str!("library/widgets/fields.lua");
const WIDGETS: &str = include_str!("library/widgets.lua");

/// What the page runs. Each control's module is the base with its own part.
const SCRIPTS: [(&str, &str); 9] = [
    ("base", include_str!("library/widgets/base.js")),
    ("slider", include_str!("library/widgets/slider.js")),
    ("checkbox", include_str!("library/widgets/checkbox.js")),
    ("text", include_str!("library/widgets/text.js")),
    ("select", include_str!("library/widgets/select.js")),
    ("button", include_str!("library/widgets/button.js")),
    ("progress", include_str!("library/widgets/progress.js")),
    ("html", include_str!("library/widgets/html.js")),
    ("css", include_str!("library/widgets/style.css")),
];

/// Makes the global `widgets`, which is a module too. `comm` and `perilune` must be there.
///
/// # Errors
///
/// When there is no memory left.
pub(crate) fn install(lua: &Lua) -> mlua::Result<()> {
    let loaded: Table = lua.named_registry_value("_LOADED")?;
    let comm: Table = loaded.raw_get("comm")?;
    let array: Function = lua.globals().get::<Table>("perilune")?.raw_get("array")?;
    let scripts = lua.create_table()?;
    for (name, source) in SCRIPTS {
        scripts.raw_set(name, source)?;
    }
    let bytes: Table = library::load(lua, "widgets.bytes", BYTES, (&array, Value::NULL))?;
    let arguments = (comm, &array, Value::NULL, &bytes);
    let model: Table = library::load(lua, "widgets.model", MODEL, arguments)?;
    let models: Table = model.raw_get("models")?;
    let fields: Table = library::load(lua, "widgets.fields", FIELDS, (models, Value::NULL))?;
    let arguments = (model, bytes, fields, array, Value::NULL, scripts);
    let widgets: Table = library::load(lua, "widgets", WIDGETS, arguments)?;
    loaded.raw_set("widgets", &widgets)?;
    lua.globals().raw_set("widgets", widgets)
}
