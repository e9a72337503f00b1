//! Tables.

use std::time::Instant;

use perilune_language::debug::{Part, Variable};
use proptest::prelude::*;

use super::{named, stopped, texts};

#[test]
fn numbers_come_before_names_and_names_are_sorted() {
    let code = "local t = {10, 20, nil, 40, b = 1, a = 2, ['a b'] = 3, [-1] = 4, [2.5] = 5, [true] = 6, ['end'] = 7, [math.huge] = 8, [math.mininteger] = 9}\nreturn";
    let (table, inside) = stopped(code, 2, |look| {
        let table = look.local("t");
        let inside = look.inside(&table);
        for element in &inside {
            let path = element.evaluate_name.as_ref().unwrap();
            assert_eq!(look.evaluate(path), element.value, "{path}");
        }
        (table, inside)
    });
    assert_eq!((table.indexed, table.named), (4, 9));
    assert_eq!(
        texts(&inside),
        [
            "[1] = 10",
            "[2] = 20",
            "[3] = nil",
            "[4] = 40",
            "[math.mininteger] = 9",
            "[-1] = 4",
            "[2.5] = 5",
            "[math.huge] = 8",
            "a = 2",
            r#"["a b"] = 3"#,
            "b = 1",
            r#"["end"] = 7"#,
            "[true] = 6",
        ]
    );
}

#[test]
fn keys_that_are_objects_have_no_expression() {
    let code = "local k = {}\nlocal t = {[k] = 1, [print] = 2}\nreturn";
    let inside = stopped(code, 3, |look| {
        let table = look.local("t");
        look.inside(&table)
    });
    assert!(inside.iter().all(|element| element.evaluate_name.is_none()));
    assert!(
        inside
            .iter()
            .any(|element| element.name.starts_with("[table: 0x")),
        "{:?}",
        texts(&inside)
    );
}

#[test]
fn a_metatable_is_there_whatever_it_says_and_can_be_opened() {
    let code = "local t = setmetatable({}, {__metatable = false, __name = 'T', field = 1})\nreturn";
    let (path, inside) = stopped(code, 2, |look| {
        let table = look.local("t");
        let inside = look.inside(&table);
        let meta = named(&inside, "[metatable]").clone();
        let path = meta.evaluate_name.clone().unwrap();
        assert_eq!(look.evaluate(&path), meta.value);
        (path, look.inside(&meta))
    });
    assert_eq!(path, "debug.getmetatable(t)");
    assert_eq!(
        texts(&inside),
        ["__metatable = false", r#"__name = "T""#, "field = 1"]
    );
}

#[test]
fn a_list_of_a_million_is_paged_in_no_time() {
    let code =
        "local t = {}\nfor i = 1, 1000000 do t[i] = i end\nt.x, t.y = 1, 2\nlocal u = t\nreturn u";
    let (size, took, last, names, whole) = stopped(code, 5, |look| {
        let began = Instant::now();
        let table = look.local("t");
        let holder = table.holder.unwrap();
        let mut page = |indexed, start, count| {
            let part = Part {
                indexed: Some(indexed),
                start,
                count,
            };
            look.paused.variables(holder, part).unwrap()
        };
        let last = page(true, 999_990, Some(100));
        let names = page(false, 0, None);
        let took = began.elapsed();
        let whole = look.inside(&table);
        ((table.indexed, table.named), took, last, names, whole)
    });
    assert_eq!(size, (1_000_000, 2));
    assert_eq!(last.len(), 10);
    assert_eq!(last[9].value, "1000000");
    assert_eq!(texts(&names), ["x = 1", "y = 2"]);
    assert_eq!(whole.len(), 1_001);
    assert_eq!(texts(&whole[1_000..]), ["… = 999002 more"]);
    assert!(took.as_millis() < 100, "{took:?}");
}

#[test]
fn what_is_left_of_a_large_table_is_behind_one_that_can_be_opened() {
    let code = "local t = {}\nfor i = 1, 2500 do t['k' .. i] = i end\nreturn";
    let seen = stopped(code, 3, |look| {
        let mut seen = Vec::new();
        let mut next = Some(look.local("t"));
        while let Some(variable) = next.take() {
            for element in look.inside(&variable) {
                match element.name.as_str() {
                    "…" => next = Some(element),
                    name => seen.push(name.to_owned()),
                }
            }
        }
        seen.sort();
        seen.dedup();
        seen.len()
    });
    assert_eq!(seen, 2_500);
}

#[test]
fn a_table_of_many_names_is_read_page_by_page() {
    let code = "local t = {}\nfor i = 1, 200000 do t['k' .. i] = i end\nreturn";
    let (seen, counted) = stopped(code, 3, |look| {
        let table = look.local("t");
        let mut seen = std::collections::HashSet::new();
        let mut start = 0;
        loop {
            let part = Part {
                indexed: Some(false),
                start,
                count: Some(10_000),
            };
            let page = look.paused.variables(table.holder.unwrap(), part).unwrap();
            start += page.len();
            let is_end = page.len() < 10_000;
            seen.extend(page.into_iter().map(|element| element.name));
            if is_end {
                break;
            }
        }
        (seen.len(), start)
    });
    assert_eq!((seen, counted), (200_000, 200_000));
}

/// Keys and values as Lua writes them.
fn table() -> impl Strategy<Value = Vec<(String, String)>> {
    let key = prop_oneof![
        (1i64..40).prop_map(|key| key.to_string()),
        any::<i64>()
            .prop_map(|key| format!("{key}").replace("-9223372036854775808", "math.mininteger")),
        "[a-z_]{1,6}".prop_map(|key| format!("'{key}'")),
        proptest::collection::vec(any::<u8>(), 0..8).prop_map(|bytes| format!(
            "'{}'",
            bytes
                .iter()
                .map(|byte| format!("\\x{byte:02x}"))
                .collect::<String>()
        )),
        any::<f64>()
            .prop_filter("no key", |key| !key.is_nan())
            .prop_map(|key| match key {
                f64::INFINITY => "math.huge".to_owned(),
                f64::NEG_INFINITY => "-math.huge".to_owned(),
                key => format!("{key:?}"),
            }),
        any::<bool>().prop_map(|key| key.to_string()),
    ];
    let value = prop_oneof![
        any::<i32>().prop_map(|value| value.to_string()),
        "[a-z]{0,5}".prop_map(|value| format!("'{value}'")),
        Just("{1, {2}}".to_owned()),
        Just("0/0".to_owned()),
    ];
    proptest::collection::vec((key, value), 0..60)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn pages_of_any_size_have_each_element_once_and_its_expression_means_it(
        entries in table(), size in 1usize..20,
    ) {
        let entries: String = entries.iter().map(|(key, value)| format!("t[{key}] = {value} ")).collect();
        let code = format!("local t = {{}} {entries}\nlocal n = 0 for _ in pairs(t) do n = n + 1 end\nreturn n");
        let (whole, pages, halves, count, wrong) = stopped(&code, 3, move |look| {
            let table = look.local("t");
            let holder = table.holder;
            let mut all = |part| match holder {
                Some(holder) => look.paused.variables(holder, part).unwrap(),
                None => Vec::new(),
            };
            let names = |variables: Vec<Variable>| {
                variables.into_iter().map(|variable| variable.name).collect::<Vec<_>>()
            };
            let whole = all(Part::default());
            let mut pages = Vec::new();
            for start in (0..whole.len() + size).step_by(size) {
                pages.extend(names(all(Part { indexed: None, start, count: Some(size) })));
            }
            let mut halves = names(all(Part { indexed: Some(true), ..Part::default() }));
            halves.extend(names(all(Part { indexed: Some(false), ..Part::default() })));
            let count = look.local("n").value;
            let mut wrong = Vec::new();
            for element in &whole {
                let path = element.evaluate_name.as_ref().expect("each key has one");
                let same = format!("rawequal({path}, t{}) or {path} ~= {path}", &path[1..]);
                if look.evaluate(path) != element.value || look.evaluate(&same) != "true" {
                    wrong.push(path.clone());
                }
            }
            (whole, pages, halves, count, wrong)
        });
        prop_assert!(wrong.is_empty(), "{:?}", wrong);
        let there = whole.iter().filter(|element| element.value != "nil").count();
        prop_assert_eq!(there.to_string(), count);
        let names: Vec<_> = whole.into_iter().map(|element| element.name).collect();
        let mut unique = names.clone();
        unique.sort();
        unique.dedup();
        prop_assert_eq!(unique.len(), names.len());
        prop_assert_eq!(&pages, &names);
        prop_assert_eq!(&halves, &names);
    }
}
