use std::fs;

use crate::perilune::Surroundings;

#[test]
fn the_functions_of_cells_are_described_for_language_servers() {
    let here = Surroundings::new();
    let ended = here.run(["library"]);
    let folder = here.home().join(".local/share/perilune/library");
    assert_eq!(
        (ended.code, ended.stdout),
        (Some(0), format!("{}\n", folder.display()))
    );
    let display = fs::read_to_string(folder.join("display.lua")).unwrap();
    assert!(display.starts_with("---@meta") && display.contains("function display("));
    for name in ["base", "string", "progress", "comm", "perilune"] {
        assert!(folder.join(name).with_extension("lua").is_file(), "{name}");
    }

    let written = |name: &str| fs::metadata(folder.join(name)).unwrap().modified().unwrap();
    let before = written("base.lua");
    fs::write(folder.join("display.lua"), "old").unwrap();
    assert_eq!(here.run(["library"]).code, Some(0));
    assert_eq!(
        fs::read_to_string(folder.join("display.lua")).unwrap(),
        display
    );
    assert_eq!(
        written("base.lua"),
        before,
        "what is as it should be is not touched"
    );
}

#[test]
fn another_folder_can_be_named() {
    let here = Surroundings::new();
    let ended = here.run(["library", "types", "--json"]);
    let document: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(document["path"], serde_json::json!(here.path("types")));
    assert!(here.path("types/display.lua").is_file());
}
