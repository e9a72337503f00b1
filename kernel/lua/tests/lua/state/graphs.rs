//! Any graph of values is the same when it was saved and restored.

use std::fmt::Write;

use proptest::prelude::*;

use super::{restore, save};
use crate::notebook::Notebook;

const NODES: usize = 8;
const GROUPS: usize = 4;

#[derive(Debug, Clone)]
enum Atom {
    Boolean(bool),
    Integer(i64),
    Float(u64),
    Text(Vec<u8>),
    Node(usize),
    /// One of the two functions of a group, which share a variable.
    Function(usize, bool),
    Library(&'static str),
}

impl Atom {
    fn any() -> impl Strategy<Value = Self> {
        prop_oneof![
            any::<bool>().prop_map(Self::Boolean),
            any::<i64>().prop_map(Self::Integer),
            any::<u64>().prop_map(Self::Float),
            proptest::collection::vec(any::<u8>(), 0..60).prop_map(Self::Text),
            (0..NODES).prop_map(Self::Node),
            (0..GROUPS, any::<bool>())
                .prop_map(|(group, is_first)| Self::Function(group, is_first)),
            proptest::sample::select(vec!["print", "string", "io.stdout", "_G", "perilune.null"])
                .prop_map(Self::Library),
        ]
    }

    fn lua(&self) -> String {
        match self {
            Self::Boolean(value) => value.to_string(),
            Self::Integer(value) => format!("({value:#x})"),
            Self::Float(bits) => format!("string.unpack('d', string.pack('I8', {bits:#x}))"),
            Self::Text(bytes) => {
                let escaped: String = bytes.iter().map(|byte| format!("\\x{byte:02x}")).collect();
                format!("'{escaped}'")
            }
            Self::Node(node) => format!("nodes[{}]", node + 1),
            Self::Function(group, is_first) => {
                format!("functions[{}]", 2 * group + 1 + usize::from(*is_first))
            }
            Self::Library(name) => (*name).to_owned(),
        }
    }

    /// NaN is no key.
    fn is_key(&self) -> bool {
        !matches!(self, Self::Float(bits) if f64::from_bits(*bits).is_nan())
    }
}

/// What a session is made of.
fn program() -> impl Strategy<Value = String> {
    let entries = proptest::collection::vec((0..NODES, Atom::any(), Atom::any()), 0..40);
    let metatables = proptest::collection::vec((0..NODES, 0..NODES), 0..4);
    let variables = proptest::collection::vec((Atom::any(), Atom::any()), GROUPS);
    (entries, metatables, variables).prop_map(|(entries, metatables, variables)| {
        let mut code =
            format!("nodes, functions = {{}}, {{}} for i = 1, {NODES} do nodes[i] = {{}} end\n");
        for number in 1..=GROUPS {
            let _ = writeln!(
                code,
                "do local own, shared
                   functions[{}] = function(a, b) own, shared = a, b end
                   functions[{}] = function() return shared, nodes end
                 end",
                2 * number - 1,
                2 * number
            );
        }
        for (number, (own, shared)) in variables.iter().enumerate() {
            let _ = writeln!(
                code,
                "functions[{}]({}, {})",
                2 * number + 1,
                own.lua(),
                shared.lua()
            );
        }
        for (node, key, value) in entries.iter().filter(|(_, key, _)| key.is_key()) {
            let _ = writeln!(
                code,
                "rawset(nodes[{}], {}, {})",
                node + 1,
                key.lua(),
                value.lua()
            );
        }
        for (node, metatable) in metatables {
            let _ = writeln!(
                code,
                "debug.setmetatable(nodes[{}], nodes[{}])",
                node + 1,
                metatable + 1
            );
        }
        code
    })
}

/// Says all that can be told of a session, with each identity by its number.
const DESCRIBE: &str = "
(function()
  local numbers, known = {}, {}
  for i = 1, #nodes do numbers[nodes[i]] = 'node ' .. i end
  for i = 1, #functions do numbers[functions[i]] = 'function ' .. i end
  for name, value in pairs {print = print, string = string, stdout = io.stdout, _G = _G,
      null = perilune.null, nodes = nodes} do
    numbers[value] = name
  end
  local function say(value)
    if math.type(value) == 'float' then return 'float ' .. string.pack('d', value) end
    if numbers[value] then return numbers[value] end
    assert(type(value) ~= 'table' and type(value) ~= 'function', 'an object that nobody knows')
    return type(value) .. ' ' .. tostring(value)
  end
  local said = {}
  for i = 1, #nodes do
    local entries = {}
    for key, value in next, nodes[i] do
      entries[#entries + 1] = say(key) .. ' = ' .. say(value)
    end
    table.sort(entries)
    local metatable = debug.getmetatable(nodes[i])
    said[#said + 1] = table.concat(entries, ', ') .. ' with ' .. say(metatable)
  end
  for i = 1, #functions do
    for n = 1, 3 do
      local name, value = debug.getupvalue(functions[i], n)
      local same = {}
      for j = 1, #functions do
        for m = 1, 3 do
          if name and debug.getupvalue(functions[j], m)
            and debug.upvalueid(functions[i], n) == debug.upvalueid(functions[j], m) then
            same[#same + 1] = j .. '.' .. m
          end
        end
      end
      said[#said + 1] = tostring(name) .. ' ' .. say(value) .. ' ' .. table.concat(same, ' ')
    end
  end
  print((table.concat(said, '\\n'):gsub('[^ -~\\n]', function(c) return '%' .. c:byte() end)))
end)()";

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_session_is_the_same_afterwards(program in program()) {
        let mut first = Notebook::new();
        first.run(&program);
        let before = first.output(DESCRIBE);
        let (bytes, saved) = save(&mut first);
        prop_assert_eq!(saved.losses.total, 0);
        let (mut second, restored) = restore(&bytes);
        prop_assert_eq!(restored.losses.total, 0);
        prop_assert_eq!(second.output(DESCRIBE), before.as_str());
        // And saving has changed nothing.
        prop_assert_eq!(first.output(DESCRIBE), before);
    }

    /// Whoever calls has looked at a checksum; what is cut off is no state all the same.
    #[test]
    fn what_is_cut_off_is_refused_and_leaves_nothing(at in any::<proptest::sample::Index>()) {
        let mut first = Notebook::new();
        first.run("t = {1, 'two', {x = print}}; function f() return t end; local l = f");
        let (bytes, _) = save(&mut first);
        let mut second = Notebook::new();
        let cut = &bytes[..at.index(bytes.len())];
        prop_assert!(perilune_language::Language::restore(&mut second.lua, cut, &mut || true).is_err());
        prop_assert_eq!(second.value("t, f, l"), Some("nil, nil, nil".to_owned()));
    }
}
