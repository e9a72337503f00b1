use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use crate::perilune::Surroundings;

const UGLY: &str = "local x=1\nif x then print( 'a' ) end\n";
const PRETTY: &str = "local x = 1\nif x then\n\tprint(\"a\")\nend\n";

/// A notebook in the layout that Jupyter gives it, but for one number.
fn notebook(code: &str) -> String {
    format!(
        r##"{{
 "cells": [
  {{
   "cell_type": "markdown",
   "id": "a",
   "metadata": {{}},
   "source": [
    "# x=1"
   ]
  }},
  {{
   "cell_type": "code",
   "execution_count": 3,
   "id": "b",
   "metadata": {{"n": 1.50}},
   "outputs": [{{"name": "stdout", "output_type": "stream", "text": ["x=1\n"]}}],
   "source": {code}
  }}
 ],
 "metadata": {{"kernelspec": {{"display_name": "Lua", "language": "lua", "name": "lua"}}}},
 "nbformat": 4,
 "nbformat_minor": 4
}}
"##
    )
}

const UGLY_CELL: &str = "[\n    \"%time   f( 1 )\\n\",\n    \"x=1\\n\",\n    \"x+1 ;\"\n   ]";
const PRETTY_CELL: &str = "[\n    \"%time   f( 1 )\\n\",\n    \"x = 1\\n\",\n    \"x + 1;\"\n   ]";

#[test]
fn files_are_formatted_in_place_once() {
    let here = Surroundings::new();
    let script = here.write("s.lua", UGLY);
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    here.write("n.ipynb", notebook(UGLY_CELL));
    let ended = here.run(["fmt", "s.lua", "n.ipynb"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(ended.stdout, "");
    assert_eq!(
        ended.stderr,
        "Formatted s.lua\nFormatted n.ipynb\n2 files formatted, 0 as it should be\n"
    );
    assert_eq!(here.read("s.lua"), PRETTY);
    assert_eq!(here.read("n.ipynb"), notebook(PRETTY_CELL));
    let mode = fs::metadata(&script).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o755);

    let again = here.run(["fmt", "s.lua", "n.ipynb"]);
    assert_eq!(again.stderr, "0 files formatted, 2 as it should be\n");
    assert_eq!(here.read("n.ipynb"), notebook(PRETTY_CELL));
}

#[test]
fn checking_changes_nothing_and_fails_where_something_would_change() {
    let here = Surroundings::new();
    here.write("ugly.lua", UGLY);
    here.write("pretty.lua", PRETTY);
    let ended = here.run(["fmt", "--check", "ugly.lua", "pretty.lua"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(
        ended.stderr.starts_with("Would format ugly.lua\n"),
        "{ended:?}"
    );
    assert_eq!(here.read("ugly.lua"), UGLY);
    assert_eq!(here.run(["fmt", "--check", "pretty.lua"]).code, Some(0));
}

#[test]
fn a_diff_shows_what_would_change_cell_by_cell() {
    let here = Surroundings::new();
    here.write("n.ipynb", notebook(UGLY_CELL));
    let ended = here.run(["fmt", "--diff", "n.ipynb"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert_eq!(
        ended.stdout,
        "--- n.ipynb:cells[1]\n+++ n.ipynb:cells[1]\n@@ -1,3 +1,3 @@\n %time   f( 1 )\n\
         -x=1\n-x+1 ;\n+x = 1\n+x + 1;\n"
    );
    assert_eq!(here.read("n.ipynb"), notebook(UGLY_CELL));
}

#[test]
fn programs_are_told_of_every_file() {
    let here = Surroundings::new();
    here.write("n.ipynb", notebook(UGLY_CELL));
    here.write("s.lua", "x = = 1");
    let ended = here.run(["fmt", "--json", "n.ipynb", "s.lua"]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    let document: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(document["schema_version"], 1);
    assert_eq!(
        document["files"][0],
        json!({"path": "n.ipynb", "change": "formatted", "cells": [1]})
    );
    assert_eq!(document["files"][1]["change"], "failed");
    assert!(
        document["files"][1]["error"]
            .as_str()
            .unwrap()
            .contains("1:5")
    );
}

#[test]
fn standard_input_becomes_standard_output() {
    let here = Surroundings::new();
    let ended = here.run_with_input(["fmt", "-"], UGLY);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), PRETTY));
    let text = notebook(UGLY_CELL);
    let ended = here.run_with_input(["fmt", "-", "--stdin-filepath", "n.ipynb"], &text);
    assert_eq!(ended.stdout, notebook(PRETTY_CELL));
    let ended = here.run_with_input(["fmt", "--check", "-"], UGLY);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""));
    let ended = here.run_with_input(["fmt", "-"], "x = = 1");
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""));
}

#[test]
fn the_style_is_that_of_the_project() {
    let here = Surroundings::new();
    fs::create_dir_all(here.path("a/b")).unwrap();
    here.write(
        "stylua.toml",
        "indent_type = \"Spaces\"\nindent_width = 2\n",
    );
    here.write("a/b/s.lua", UGLY);
    here.write("a/n.ipynb", notebook("\"if x then y() end\""));
    here.run(["fmt", "a"]);
    assert_eq!(here.read("a/b/s.lua"), PRETTY.replace('\t', "  "));
    assert_eq!(
        here.read("a/n.ipynb"),
        notebook("\"if x then\\n  y()\\nend\"")
    );

    let here = Surroundings::new();
    here.write(
        ".editorconfig",
        "root = true\n[*.lua]\nindent_style = space\nindent_size = 3\n",
    );
    here.write("s.lua", UGLY);
    here.run(["fmt", "s.lua"]);
    assert_eq!(here.read("s.lua"), PRETTY.replace('\t', "   "));

    here.write("stylua.toml", "colour = 'blue'\n");
    let ended = here.run(["fmt", "s.lua"]);
    assert_eq!(ended.code, Some(2));
    assert!(
        ended.stderr.contains("stylua.toml") && ended.stderr.contains("colour"),
        "{ended:?}"
    );
}

#[test]
fn in_folders_what_is_ignored_or_in_another_language_stays() {
    let here = Surroundings::new();
    fs::create_dir_all(here.path("d/.hidden")).unwrap();
    let python = notebook("\"x=1\"").replace("\"lua\"", "\"python\"");
    here.write("d/python.ipynb", &python);
    here.write("d/.styluaignore", "ignored.lua\n");
    for name in ["d/ignored.lua", "d/.hidden/s.lua", "d/s.txt", "d/s.lua"] {
        here.write(name, UGLY);
    }
    let ended = here.run(["fmt", "d"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(here.read("d/s.lua"), PRETTY);
    for name in ["d/ignored.lua", "d/.hidden/s.lua", "d/s.txt"] {
        assert_eq!(here.read(name), UGLY, "{name}");
    }
    assert_eq!(here.read("d/python.ipynb"), python);
    let ended = here.run(["fmt", "d/python.ipynb"]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("written in python"), "{ended:?}");
}

#[test]
fn what_cannot_be_formatted_is_named_and_left_as_it_is() {
    let here = Surroundings::new();
    let broken = notebook("\"x = = 1\"");
    here.write("n.ipynb", &broken);
    here.write("bytes.lua", b"x = '\xFF'");
    here.write("s.lua", UGLY);
    let ended = here.run(["fmt", "n.ipynb", "bytes.lua", "s.lua"]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("n.ipynb: cells[1]: "), "{ended:?}");
    assert!(ended.stderr.contains("bytes.lua: not UTF-8"), "{ended:?}");
    assert_eq!(here.read("n.ipynb"), broken);
    assert_eq!(here.read("s.lua"), PRETTY, "the others are formatted");
    assert_eq!(here.run(["fmt", "nowhere.lua"]).code, Some(2));
    assert_eq!(here.run(["fmt"]).code, Some(2));
}

#[test]
fn a_formatted_notebook_does_what_it_did() {
    let here = Surroundings::new();
    let code = "\"local t={1,2,3}\\nlocal function f(...) return select('#',...) end\\nf(table.unpack(t)),#t\"";
    here.write("n.ipynb", notebook(code));
    let run = || here.run(["run", "n.ipynb"]);
    let before = run();
    here.run(["fmt", "n.ipynb"]);
    assert!(here.read("n.ipynb").contains("f(table.unpack(t)), #t"));
    assert_eq!(run().stdout, before.stdout);
    assert!(before.stdout.contains('3'), "{before:?}");
}
