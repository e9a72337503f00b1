//! What a session is when it was saved and restored.

mod graphs;

use perilune_language::{Language, Losses, RestoreError, Restored, SaveError, Saved};
use perilune_lua::Options;

use crate::notebook::{Event, Notebook};

fn save(notebook: &mut Notebook) -> (Vec<u8>, Saved) {
    let mut bytes = Vec::new();
    let saved = notebook.lua.save(&mut bytes, &mut || true).unwrap();
    (bytes, saved)
}

fn restore(bytes: &[u8]) -> (Notebook, Restored) {
    let mut notebook = Notebook::new();
    let restored = notebook.lua.restore(bytes, &mut || true).unwrap();
    // A kernel goes on counting.
    notebook.cells = 100;
    (notebook, restored)
}

/// A notebook that has run `code`, saved and restored, with nothing left out.
fn again(code: &str) -> Notebook {
    let mut first = Notebook::new();
    first.run(code);
    let (bytes, saved) = save(&mut first);
    assert_eq!(saved.losses, Losses::default());
    let (second, restored) = restore(&bytes);
    assert_eq!(restored.losses, Losses::default());
    assert_eq!(restored.variables, saved.variables);
    second
}

/// What was left out of a session that has run `code`: `path: what`.
fn losses(code: &str) -> Vec<String> {
    let mut notebook = Notebook::new();
    notebook.run(code);
    let (_, saved) = save(&mut notebook);
    let named = saved.losses.named.iter();
    let mut losses: Vec<_> = named
        .map(|loss| format!("{}: {}", loss.path, loss.what))
        .collect();
    losses.sort();
    losses
}

fn holds(notebook: &mut Notebook, conditions: &[&str]) {
    for condition in conditions {
        let value = notebook.value(condition);
        assert_eq!(value.as_deref(), Some("true"), "{condition}");
    }
}

#[test]
fn numbers_and_strings_come_back_to_the_bit() {
    let mut notebook = again(
        "i, f, huge, tiny, negative_zero, inf = 2, 2.0, math.mininteger, 5e-324, -0.0, -math.huge
         nan = string.unpack('d', string.pack('I8', 0xfff8000000abcdef))
         yes, no, bytes, empty = true, false, 'a\\0\\xff\\nb', ''
         long = ('x'):rep(100000)",
    );
    holds(
        &mut notebook,
        &[
            "math.type(i) == 'integer' and i == 2",
            "math.type(f) == 'float' and f == 2.0",
            "huge == math.mininteger and tiny == 5e-324",
            "1 / negative_zero == -math.huge and inf == -math.huge",
            "string.unpack('I8', string.pack('d', nan)) == 0xfff8000000abcdef",
            "yes == true and no == false",
            "bytes == 'a\\0\\xff\\nb' and empty == '' and #long == 100000",
        ],
    );
}

#[test]
fn tables_keep_their_identities_cycles_and_metatables() {
    let mut notebook = again(
        "shared = {}
         t = {1, 2, nil, 4, x = shared, [shared] = 'by identity', [1.5] = 'float', [true] = 'yes'}
         t.self = t
         Class = {}; Class.__index = Class
         function Class:name() return 'the ' .. self.n end
         one, two = setmetatable({n = 'one'}, Class), setmetatable({n = 'two'}, Class)
         weak = setmetatable({[shared] = 1}, {__mode = 'k'})
         closed = setmetatable({}, {__metatable = false, __index = function() return 'locked' end})
         list = perilune.array {}
         nothing = {perilune.null}",
    );
    holds(
        &mut notebook,
        &[
            "t[1] == 1 and t[2] == 2 and t[3] == nil and t[4] == 4",
            "t.x == shared and t[shared] == 'by identity' and t[1.5] == 'float' and t[true] == 'yes'",
            "t.self == t",
            "one:name() == 'the one' and two:name() == 'the two'",
            "getmetatable(one) == Class and getmetatable(two) == Class",
            "getmetatable(weak).__mode == 'k' and weak[shared] == 1",
            "getmetatable(closed) == false and closed.anything == 'locked'",
            "getmetatable(list) == getmetatable(perilune.array {})",
            "nothing[1] == perilune.null",
        ],
    );
    holds(
        &mut notebook,
        &["(function() weak[{}] = 2; collectgarbage(); local n = 0
            for _ in pairs(weak) do n = n + 1 end; return n end)() == 1"],
    );
}

#[test]
fn functions_share_their_upvalues_with_each_other_and_with_the_cells_locals() {
    let mut notebook = again(
        "local count = 0
         local step <const> = 2
         function up() count = count + step; return count end
         function read() return count end
         counters = {}
         for i = 1, 3 do
           local n = i * 10
           counters[i] = {add = function() n = n + 1 end, get = function() return n end}
         end
         function fib(n) return n < 2 and n or fib(n - 1) + fib(n - 2) end
         format = string.format
         local p = print
         function say(...) p(...) end
         function varargs(...) return select('#', ...), ... end
         up()",
    );
    assert_eq!(notebook.output("print(up(), read(), count)"), "4\t4\t4\n");
    assert_eq!(
        notebook.output("count = 100; print(up(), read())"),
        "102\t102\n"
    );
    assert_eq!(
        notebook.output(
            "counters[1].add(); print(counters[1].get(), counters[2].get(), fib(10), step)"
        ),
        "11\t20\t55\t2\n"
    );
    assert_eq!(
        notebook.output("say('said', varargs(nil))"),
        "said\t1\tnil\n"
    );
    holds(&mut notebook, &["format == string.format"]);
    let failure = notebook.fail("step = 3");
    assert!(failure.message.contains("const"), "{failure}");
}

#[test]
fn what_was_changed_in_the_library_is_changed_again_and_nothing_else() {
    let mut notebook = again(
        "function string.trim(s) return (s:gsub('^%s+', ''):gsub('%s+$', '')) end
         real_print = print
         function print(...) real_print('>', ...) end
         math.tau = nil; table.concat = nil; math.pi = 3
         package.loaded.mine = {answer = 42}
         setmetatable(_G, {__index = function(_, name) return 'no ' .. name end})
         debug.setmetatable(0, {__index = {double = function(n) return 2 * n end}})
         debug.setmetatable(print, {__concat = function() return 'joined' end})",
    );
    assert_eq!(notebook.output("print(('  x '):trim())"), ">\tx\n");
    holds(
        &mut notebook,
        &[
            "table.concat == nil and math.pi == 3 and table.insert ~= nil",
            "require('mine').answer == 42 and require('mine') == package.loaded.mine",
            "unknown == 'no unknown'",
            "(21):double() == 42",
            "print .. print == 'joined'",
        ],
    );
}

#[test]
fn a_session_can_be_saved_and_restored_time_and_again() {
    let mut notebook =
        again("local hidden = {1}\nfunction get() return hidden end\nt = {get = get}");
    for round in 2..5 {
        notebook.run("hidden[#hidden + 1] = #hidden + 1");
        let (bytes, saved) = save(&mut notebook);
        assert_eq!((saved.variables, saved.losses.total), (3, 0));
        notebook = restore(&bytes).0;
        let value =
            notebook.value("#get() == #hidden and get() == hidden and t.get == get and #hidden");
        assert_eq!(value, Some(round.to_string()));
    }
}

#[test]
fn what_cannot_be_saved_is_told_by_its_path_and_the_rest_is_saved() {
    assert_eq!(
        losses(
            "model = {file = io.tmpfile(), ok = 1, deep = {{co = coroutine.create(print)}}}
             local log = io.tmpfile()
             function write(x) log:write(x) end
             function outer() local f = io.tmpfile(); function inner() return f end end
             outer()
             words = ('a b'):gmatch('%a')
             odd = {['two words'] = io.tmpfile(), [io.tmpfile()] = 1}
             setmetatable(odd, {handle = io.tmpfile()})
             chart = plot.line({1, 2, 3}, {show = false})"
        ),
        [
            "a key of odd: a file",
            "chart: a chart",
            "f in inner: a file",
            "getmetatable(odd).handle: a file",
            "local log: a file",
            "model.deep[1].co: a coroutine",
            "model.file: a file",
            "odd[\"two words\"]: a file",
            "words: a function of C",
        ]
    );
    let mut first = Notebook::new();
    first.run("local log = io.tmpfile()\nfunction write(x) return log:write(x) end\nt = {1, io.tmpfile(), 3}");
    let (mut second, _) = restore(&save(&mut first).0);
    holds(
        &mut second,
        &["t[1] == 1 and t[2] == nil and t[3] == 3", "log == nil"],
    );
    // The variable is still the function's, so one cell mends it.
    second.run("log = io.tmpfile()");
    holds(&mut second, &["write('x') == log"]);
}

#[test]
fn what_lives_in_the_kernel_is_left_out_as_a_whole() {
    assert_eq!(
        losses(
            "slider = widgets.slider{min = 0, max = 10}
             observer = slider:observe('value', print)
             channel = comm.open('target')
             handle = display.handle('here')
             html = display.html and {title = 'kept'}"
        ),
        [
            "channel: a comm",
            "observer: an observer",
            "slider: a widget"
        ]
    );
    let mut notebook = again("handle = display.handle('here')");
    notebook.host.take();
    notebook.run("handle:update('again')");
    assert_eq!(notebook.host.take().len(), 1);
}

#[test]
fn only_so_many_losses_are_named_and_all_are_counted() {
    let mut notebook = Notebook::new();
    notebook.run("t = {} for i = 1, 1000 do t[i] = io.stdout; t[-i] = coroutine.create(print) end");
    let (_, saved) = save(&mut notebook);
    assert_eq!(saved.losses.total, 1000);
    assert_eq!(saved.losses.named.len(), Losses::MOST_NAMED);
}

#[test]
fn no_code_of_the_users_runs() {
    let mut notebook = again(
        "calls = 0
         local function count() calls = calls + 1 end
         local every = {__index = count, __newindex = count, __pairs = count, __len = count,
                        __eq = count, __gc = count, __call = count, __name = 'x'}
         t = setmetatable({setmetatable({}, every)}, every)
         for i = 1, 100 do setmetatable({}, every) end
         setmetatable(_G, {__index = count, __newindex = rawset, __pairs = count})
         package.loaded.x = t
         calls = 0; collectgarbage('stop')",
    );
    holds(&mut notebook, &["rawget(_G, 'calls') == 0"]);

    let mut hooked = Notebook::new();
    hooked.run("n = 0; debug.sethook(function() n = n + 1 end, 'crl')");
    let before = hooked.value("debug.sethook() or n");
    hooked.run("debug.sethook(function() n = n + 1 end, 'cr')");
    let (bytes, _) = save(&mut hooked);
    let (mut second, _) = restore(&bytes);
    assert!(before.is_some());
    holds(&mut second, &["debug.gethook() == nil"]);
    hooked.run("m = n");
    holds(&mut hooked, &["n > m"]);
}

#[test]
fn a_list_of_many_links_is_no_deeper_than_another() {
    let mut notebook = again("for i = 1, 200000 do list = {next = list, i} end");
    assert_eq!(
        notebook
            .value("(function() local n, at = 0, list; while at do n, at = n + at[1], at.next end; return n end)()")
            .as_deref(),
        Some("20000100000")
    );
}

#[test]
fn a_session_at_its_memory_limit_can_be_saved() {
    let limit = Options {
        memory_limit: Some(16 << 20),
        ..Options::default()
    };
    let mut notebook = Notebook::with(limit.clone());
    // A cell needs some room to be compiled.
    notebook.run(
        "kept = {}
         pcall(function() for i = 1, 1e9 do kept[i] = {} end end)
         for i = #kept, #kept - 5000, -1 do kept[i] = nil end
         collectgarbage()",
    );
    let count = notebook.value("#kept");
    let (bytes, _) = save(&mut notebook);
    let failure = notebook.fail("for i = 1, 1e9 do kept[#kept + 1] = {} end");
    assert_eq!(failure.name, "MemoryError");
    let (mut second, _) = restore(&bytes);
    assert_eq!(second.value("#kept"), count);
    let mut small = Notebook::with(Options {
        memory_limit: Some(4 << 20),
        ..limit
    });
    let error = small.lua.restore(&bytes, &mut || true).unwrap_err();
    assert!(matches!(error, RestoreError::Memory), "{error:?}");
    assert_eq!(small.value("kept").as_deref(), Some("nil"));
}

#[test]
fn it_stops_when_it_is_told_to_and_leaves_the_session_as_it_was() {
    let mut notebook = Notebook::new();
    notebook.run("t = {} for i = 1, 100000 do t[i] = {i} end");
    let error = notebook.lua.save(&mut Vec::new(), &mut || false);
    assert!(matches!(error, Err(SaveError::Stopped)), "{error:?}");
    holds(
        &mut notebook,
        &["#t == 100000", "collectgarbage('isrunning')"],
    );
    let (bytes, _) = save(&mut notebook);
    let mut fresh = Notebook::new();
    let error = fresh.lua.restore(&bytes, &mut || false);
    assert!(matches!(error, Err(RestoreError::Stopped)), "{error:?}");
    holds(&mut fresh, &["t == nil", "collectgarbage('isrunning')"]);
}

#[test]
fn who_cannot_write_says_so() {
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut notebook = Notebook::new();
    let error = notebook.lua.save(&mut Full, &mut || true);
    assert!(matches!(error, Err(SaveError::Write(_))), "{error:?}");
}

#[test]
fn errors_of_restored_functions_show_their_code() {
    let mut notebook = again("function fails()\n  local nothing\n  return nothing.field\nend");
    let failure = notebook.fail("fails()");
    let text = crate::notebook::plain(&failure);
    assert!(text.contains("return nothing.field"), "{text}");
}

#[test]
fn what_a_private_cell_says_is_not_saved() {
    let mut notebook = Notebook::new();
    notebook.run("function open() end");
    notebook.run("%%nohistory\nlocal password = 'swordfish'\nkey = #password\npassword = nil");
    let (bytes, _) = save(&mut notebook);
    let has = |text: &str| {
        bytes
            .windows(text.len())
            .any(|part| part == text.as_bytes())
    };
    assert!(has("function open() end") && !has("swordfish"));
}

#[test]
fn an_interrupt_meets_a_restored_session_as_any_other() {
    let mut notebook = again("function forever() print('on') while true do end end");
    let interrupt = notebook.interrupt.clone();
    notebook.host.on_event(move |event| {
        if matches!(event, Event::Write(..)) {
            interrupt.raise();
        }
    });
    let failure = notebook.fail("forever()");
    assert_eq!(failure.name, "Interrupted");
}
