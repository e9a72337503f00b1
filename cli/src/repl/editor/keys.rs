use reedline::{
    EditCommand, EditMode, Emacs, KeyCode, KeyModifiers, ReedlineEvent, default_emacs_keybindings,
};

use super::completions;
use super::entry::Moment;

/// What Ctrl-Z asks for.
pub const SUSPEND: &str = "suspend";

/// What the keys do: as in Emacs and `readline`, and as in an editor of code.
pub fn edit_mode() -> Box<dyn EditMode> {
    let mut keys = default_emacs_keybindings();
    let insert = |character| ReedlineEvent::Edit(vec![EditCommand::InsertChar(character)]);
    let at = |moment: Moment| ReedlineEvent::Menu(moment.name().to_owned());
    let either = ReedlineEvent::UntilFound;
    // While the history is searched, several events at once are none of the search's business.
    let several = |events: Vec<ReedlineEvent>, while_searching: ReedlineEvent| {
        either(vec![ReedlineEvent::Multiple(events), while_searching])
    };

    let enter = several(
        vec![
            at(Moment::BeforeEnter),
            ReedlineEvent::Enter,
            at(Moment::AfterNewline),
        ],
        ReedlineEvent::Enter,
    );
    keys.add_binding(KeyModifiers::NONE, KeyCode::Enter, enter.clone());
    // What was typed while a cell ran comes with newlines.
    keys.add_binding(KeyModifiers::CONTROL, KeyCode::Char('j'), enter);

    let newline = ReedlineEvent::Edit(vec![EditCommand::InsertNewline]);
    let newline = several(
        vec![at(Moment::BeforeNewline), newline, at(Moment::AfterNewline)],
        ReedlineEvent::None,
    );
    for modifier in [KeyModifiers::ALT, KeyModifiers::SHIFT] {
        keys.add_binding(modifier, KeyCode::Enter, newline.clone());
    }

    // The last characters of what closes a block.
    for character in Moment::CLOSERS {
        let typed = several(
            vec![insert(character), at(Moment::AfterCloser)],
            insert(character),
        );
        keys.add_binding(KeyModifiers::NONE, KeyCode::Char(character), typed);
    }

    let menu = ReedlineEvent::Menu(completions::MENU.to_owned());
    keys.add_binding(
        KeyModifiers::NONE,
        KeyCode::Tab,
        either(vec![menu, ReedlineEvent::MenuNext]),
    );
    keys.add_binding(
        KeyModifiers::SHIFT,
        KeyCode::BackTab,
        ReedlineEvent::MenuPrevious,
    );
    keys.add_binding(
        KeyModifiers::CONTROL,
        KeyCode::Char('z'),
        ReedlineEvent::ExecuteHostCommand(SUSPEND.to_owned()),
    );
    keys.remove_binding(KeyModifiers::CONTROL, KeyCode::Char('o'));
    Box::new(Emacs::new(keys))
}
