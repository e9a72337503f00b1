use std::collections::BTreeMap;

use serde_json::{Value, json};

use perilune_client::event::{Object, WidgetChange};

/// What widgets' states are kept by in a notebook's `metadata.widgets`.
pub(super) const MIME: &str = "application/vnd.jupyter.widget-state+json";

/// The widgets that cells made, as they are now: a front end draws them from it when no kernel
/// runs.
#[derive(Debug, Default)]
pub struct Widgets(BTreeMap<String, Widget>);

#[derive(Debug, Default)]
struct Widget {
    state: Object,
    /// Paths within the state, and the bytes that belong there, as base64.
    buffers: Vec<(Vec<Value>, String)>,
}

impl Widgets {
    /// Takes what the kernel said of one of them.
    pub fn take(&mut self, change: WidgetChange) {
        match change {
            WidgetChange::State {
                id,
                opens,
                state,
                buffers,
            } => {
                if opens {
                    self.0.insert(id.clone(), Widget::default());
                }
                let Some(widget) = self.0.get_mut(&id) else {
                    return;
                };
                let named =
                    |path: &[Value]| path.first().and_then(Value::as_str).map(str::to_owned);
                let is_new = |name: &str| {
                    state.contains_key(name)
                        || buffers
                            .iter()
                            .any(|(path, _)| named(path).as_deref() == Some(name))
                };
                widget
                    .buffers
                    .retain(|(path, _)| named(path).is_some_and(|name| !is_new(&name)));
                widget.state.extend(state);
                widget.buffers.extend(buffers);
            }
            WidgetChange::Closed { id } => {
                self.0.remove(&id);
            }
        }
    }

    /// What `metadata.widgets` says of them, if there are any.
    pub(super) fn to_json(&self) -> Option<Value> {
        let models: Object = self
            .0
            .iter()
            .map(|(id, widget)| (id.clone(), widget.to_json()))
            .collect();
        (!models.is_empty())
            .then(|| json!({"state": models, "version_major": 2, "version_minor": 0}))
    }
}

impl Widget {
    fn to_json(&self) -> Value {
        let mut model = json!({
            "model_module": self.state.get("_model_module"),
            "model_module_version": self.state.get("_model_module_version"),
            "model_name": self.state.get("_model_name"),
            "state": self.state,
        });
        if !self.buffers.is_empty() {
            let buffer = |(path, bytes): &(Vec<Value>, String)| json!({"data": bytes, "encoding": "base64", "path": path});
            model["buffers"] = self.buffers.iter().map(buffer).collect();
        }
        model
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(opens: bool, state: Value, buffers: &[(Value, &str)]) -> WidgetChange {
        let Value::Object(state) = state else {
            panic!("{state} is no object")
        };
        let buffers = buffers.iter().map(|(path, bytes)| {
            let path = path.as_array().cloned().unwrap_or_default();
            (path, (*bytes).to_owned())
        });
        WidgetChange::State {
            id: "w".to_owned(),
            opens,
            state,
            buffers: buffers.collect(),
        }
    }

    #[test]
    fn what_was_said_last_of_a_widget_is_kept() {
        let mut widgets = Widgets::default();
        let model = json!({"_model_module": "anywidget", "_model_module_version": "*",
            "_model_name": "AnyModel", "value": 1, "label": "mass"});
        widgets.take(change(
            true,
            model,
            &[(json!(["raw"]), "YQ=="), (json!(["kept"]), "Yg==")],
        ));
        widgets.take(change(
            false,
            json!({"value": 2}),
            &[(json!(["raw"]), "/wA=")],
        ));
        let kept = widgets.to_json().unwrap();
        assert_eq!(kept["version_major"], 2);
        let widget = &kept["state"]["w"];
        assert_eq!(widget["model_module"], "anywidget");
        assert_eq!(widget["model_name"], "AnyModel");
        assert_eq!(widget["model_module_version"], "*");
        assert_eq!(widget["state"]["value"], 2);
        assert_eq!(widget["state"]["label"], "mass");
        let buffers = json!([
            {"data": "Yg==", "encoding": "base64", "path": ["kept"]},
            {"data": "/wA=", "encoding": "base64", "path": ["raw"]},
        ]);
        assert_eq!(widget["buffers"], buffers);
    }

    #[test]
    fn of_closed_widgets_nothing_is_kept() {
        let mut widgets = Widgets::default();
        widgets.take(change(true, json!({}), &[]));
        widgets.take(WidgetChange::Closed { id: "w".to_owned() });
        assert_eq!(widgets.to_json(), None);
    }

    #[test]
    fn what_is_said_of_no_widget_is_no_widget() {
        let mut widgets = Widgets::default();
        widgets.take(change(false, json!({"value": 1}), &[]));
        assert_eq!(widgets.to_json(), None);
    }
}
