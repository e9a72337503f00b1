//! The matcher is Lua's own: on every input it says what Lua's says.

use crate::notebook::Notebook;
use mlua::{Lua, LuaOptions, StdLib};

/// Describes the results of all functions for many subjects and patterns.
const PROBE: &str = r#"
local out = {}
local function show(...)
  local parts = {}
  for i = 1, select('#', ...) do parts[i] = tostring((select(i, ...))) end
  return table.concat(parts, '|')
end
local function probe(name, ...)
  out[#out + 1] = name .. ' ' .. show(...) .. ' => ' .. show(pcall(...))
end
local subjects = {'', 'hello world', 'a.b-c', 'THE (quick) fox', 'x=1, y = 22', '((a)(b))', 'aaa', '\0a\0',
  'äö', '  trim  ', '%d', 'a\nb', '[x]', '2024-01-31', 'key = value # c', ('ab'):rep(50)}
local patterns = {'', '.', '.*', '.-', 'l+', '(h)(e)', '()', '()ll()', '%a+', '%A', '[%a_][%w_]*', '[^%s]+',
  '^%s*(.-)%s*$', '%b()', '%f[%w]%w+', '%f[%a]', '(a)%1', '(%w)%1', '%d?%d', '[a-c]*', '[^a-c]', '[]]', '[^]]',
  '[a-]', '[%-a]', '[%]]', 'a$', '$', '^', '^a', 'a?b?', '%z', '\0', '(%w+)%s*=%s*(%w+)', '((a)(b))', '%', '[a', '[',
  '(', ')', '%1', '(%1)', '%b', '%bx', '%f', '%fa', '(()', ('(a)'):rep(33), ('a?'):rep(10) .. ('a'):rep(10), '%g+', '%p', '%u%l', '%x+', '%c', '-', '*a'}
local replacements = {'', '<%0>', '%1%1', '%%', '%', '%2', '%x', 7, {hello = 'bye', a = false}, string.upper,
  function() end, function() return {} end, function(...) return select('#', ...) end}
for _, s in ipairs(subjects) do
  for _, p in ipairs(patterns) do
    for _, init in ipairs{1, 2, -1, 0, 100, -100, math.mininteger, math.maxinteger} do
      probe('find', string.find, s, p, init)
      probe('match', string.match, s, p, init)
      probe('gmatch', function(...)
        local all = {}
        for a, b in string.gmatch(...) do all[#all + 1] = show(a, b) end
        return table.concat(all, ';')
      end, s, p, init)
    end
    probe('plain', string.find, s, p, 1, true)
    for i, r in ipairs(replacements) do
      probe('gsub' .. i, string.gsub, s, p, r)
      probe('gsub2' .. i, string.gsub, s, p, r, 2)
    end
  end
end
for _, f in ipairs{'find', 'match', 'gmatch', 'gsub'} do
  probe(f, string[f]) probe(f, string[f], 'a') probe(f, string[f], {}, 'a') probe(f, string[f], 'a', 'a', {}, {})
  probe(f, string[f], 'a', 'a', true) probe(f, string[f], 1, 2, 3)
end
local text = table.concat(out, '\n')
-- Addresses differ.
local plain = {}
for line in (text .. '\n'):gmatch('(.-)\n') do
  plain[#plain + 1] = line:gsub('0x%x+', 'ADDRESS')
end
return table.concat(plain, '\n')
"#;

#[test]
fn patterns_match_as_in_plain_lua() {
    // SAFETY: the code is the test's own.
    let lua = unsafe { Lua::unsafe_new_with(StdLib::ALL, LuaOptions::new()) };
    let expected: mlua::LuaString = lua.load(PROBE).set_name("=cell[1]").eval().unwrap();
    let mut notebook = Notebook::new();
    let code = format!("text = (function() {PROBE} end)() io.write(text)");
    let seen = notebook.output_bytes(&code);
    let expected = expected.as_bytes();
    let lines = |text: &[u8]| {
        text.split(|byte| *byte == b'\n')
            .map(<[u8]>::to_vec)
            .collect()
    };
    let (expected, seen): (Vec<_>, Vec<_>) = (lines(&expected), lines(&seen));
    assert!(expected.len() > 20_000, "{}", expected.len());
    assert_eq!(expected.len(), seen.len());
    for (expected, seen) in expected.iter().zip(&seen) {
        let (expected, seen) = (expected.escape_ascii(), seen.escape_ascii());
        assert_eq!(expected.to_string(), seen.to_string());
    }
}
