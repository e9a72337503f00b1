'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { debug, evaluate, go, lines, stopped } = require('../debugging');
const { goodbye, overEachWire } = require('../wires');

const COUNTING = `local sum = 0
for i = 1, 6 do
  sum = sum + i -- @add
end
print(sum)`;

overEachWire('a breakpoint', (session) => {
  it('stops the program before its line runs, each time', async () => {
    const client = await debug(session, COUNTING, ['add']);
    const [{ id, verified, line }] = client.breakpoints;
    assert.deepEqual([verified, line], [true, 3]);
    for (let i = 1; i <= 6; i++) {
      const { hitBreakpointIds, threadId, frameId } = await stopped(client, 'breakpoint', 'add');
      assert.deepEqual([hitBreakpointIds, threadId], [[id], 1]);
      assert.equal((await evaluate(client, 'i', frameId)).result, String(i));
      await go(client);
    }
    await client.output('21\n', 'stdout');
    await goodbye(client);
  });

  it('moves to the next line that has code', async () => {
    const text = 'print(1)\n-- nothing -- @comment\n\nprint(2) -- @code';
    const client = await debug(session, text, ['comment']);
    assert.equal(client.breakpoints[0].line, client.program.code);
    await client.output('1\n', 'stdout');
    await stopped(client, 'breakpoint', 'code');
    await go(client);
    await client.output('2\n', 'stdout');
    await goodbye(client);
  });

  for (const [what, breakpoint] of [
    ['condition', { condition: 'os.exit(4)' }],
    ['message', { logMessage: 'bye{os.exit(4)}' }],
  ]) {
    it(`ends the program where its ${what} does`, async () => {
      const client = await debug(session, COUNTING, [{ line: 'add', ...breakpoint }]);
      client.expected.push('output');
      await goodbye(client, 4);
    });
  }

  it('is told where the client has set it, when links lead there', async () => {
    fs.mkdirSync(path.join(session.home.work, 'real'), { recursive: true });
    session.home.write('real/unit.lua', 'return function()\n  return 1\nend');
    const text = `local f = require('unit')\nprint(f())`;
    session.home.write('real/linked.lua', text);
    const link = path.join(session.home.work, 'link');
    if (!fs.existsSync(link)) fs.symlinkSync('real', link);
    const program = { path: path.join(link, 'linked.lua') };
    const unit = { path: path.join(link, 'unit.lua') };
    const client = await debug(session, '', [], {
      program: program.path,
      cwd: link,
      configure: async (client) => {
        const { body } = await client.setBreakpointsRequest(lines(program, [2]));
        assert.equal(body.breakpoints[0].source.path, program.path);
        await client.setBreakpointsRequest(lines(unit, [2]));
      },
    });
    await stopped(client, 'breakpoint', 2, program);
    await go(client);
    const { frames } = await stopped(client, 'breakpoint', 2, unit);
    assert.equal(frames[1].source.path, program.path);
    const { body } = await client.event('loadedSource', ({ source }) => source.name === 'unit.lua');
    assert.equal(body.source.path, unit.path);
    await go(client);
    await client.output('1\n', 'stdout');
    await goodbye(client);
  });

  it('is not verified where no code follows', async () => {
    const client = await debug(session, 'print(1)\n-- the end -- @end', ['end']);
    const [{ verified, message }] = client.breakpoints;
    assert.equal(verified, false);
    assert.match(message, /\w+ \w+/);
    await client.output('1\n', 'stdout');
    await goodbye(client);
  });

  it('has a condition, which may look at locals', async () => {
    const client = await debug(session, COUNTING, [{ line: 'add', condition: 'i % 3 == 0' }]);
    for (const i of ['3', '6']) {
      const { frameId } = await stopped(client, 'breakpoint', 'add');
      assert.equal((await evaluate(client, 'i', frameId)).result, i);
      await go(client);
    }
    await client.output('21\n', 'stdout');
    await goodbye(client);
  });

  it('stops where its condition fails, and says why', async () => {
    const client = await debug(session, COUNTING, [{ line: 'add', condition: 'i.x.y' }]);
    const { body } = await client.event('output');
    assert.match(body.output, /^the breakpoint's condition `i\.x\.y` failed: .*index.*\n$/);
    assert.deepEqual([body.category, body.line, body.source.path], ['console', 3, client.program.path]);
    await stopped(client, 'breakpoint', 'add');
    await client.setBreakpointsRequest(lines(client.program, []));
    await go(client);
    await client.output('21\n', 'stdout');
    await goodbye(client);
  });

  it('is refused with a number of hits that is none', async () => {
    const client = await debug(session, COUNTING, [{ line: 'add', hitCondition: 'often' }]);
    const [{ verified, message }] = client.breakpoints;
    assert.equal(verified, false);
    assert.match(message, /often/);
    await client.output('21\n', 'stdout');
    await goodbye(client);
  });

  const counts = { 3: ['3'], '>= 5': ['5', '6'], '% 2': ['2', '4', '6'] };
  for (const [hitCondition, hits] of Object.entries(counts)) {
    it(`counts its hits: ${hitCondition}`, async () => {
      const client = await debug(session, COUNTING, [{ line: 'add', hitCondition }]);
      for (const i of hits) {
        const { frameId } = await stopped(client, 'breakpoint', 'add');
        assert.equal((await evaluate(client, 'i', frameId)).result, i);
        await go(client);
      }
      await client.output('21\n', 'stdout');
      await goodbye(client);
    });
  }

  it('that logs does not stop', async () => {
    const client = await debug(session, COUNTING, [{ line: 'add', logMessage: 'i is {i}, {{}}' }]);
    for (let i = 1; i <= 6; i++) {
      const { body } = await client.event('output', (it) => it.category !== 'stdout');
      assert.match(body.output, new RegExp(`^i is ${i}, .*\\n$`));
      assert.deepEqual([body.category, body.line, body.source.path], ['console', 3, client.program.path]);
    }
    await client.output('21\n', 'stdout');
    await goodbye(client);
  });

  it('is set, moved and removed while the program runs', async () => {
    const gate = path.join(session.home.work, 'gate');
    fs.rmSync(gate, { force: true });
    const client = await debug(
      session,
      `print("go")
local n = 0
repeat
  n = n + 1 -- @one
  n = n + 2 -- @two
until io.open("${gate}")
print("end")`,
    );
    await client.output('go\n', 'stdout');
    const { program } = client;
    await client.setBreakpointsRequest(lines(program, ['one']));
    await stopped(client, 'breakpoint', 'one');
    await go(client);
    await stopped(client, 'breakpoint', 'one');
    await client.setBreakpointsRequest(lines(program, ['two']));
    await go(client);
    await stopped(client, 'breakpoint', 'two');
    await client.setBreakpointsRequest(lines(program, []));
    fs.writeFileSync(gate, '');
    await go(client);
    await client.output('end\n', 'stdout');
    await goodbye(client);
  });

  it('stops in a module that is required later', async () => {
    const files = { 'mod.lua': 'local M = {}\nfunction M.double(x)\n  return x * 2\nend\nreturn M' };
    const client = await debug(session, 'local mod = require("mod")\nprint(mod.double(4))', [], {
      files,
      cwd: session.home.work,
      configure: (client) =>
        client.setBreakpointsRequest({ source: { path: path.join(session.home.work, 'mod.lua') }, breakpoints: [{ line: 3 }] }),
    });
    const { frames } = await stopped(client, 'breakpoint', 3, { path: path.join(session.home.work, 'mod.lua') });
    assert.deepEqual(frames.map((it) => it.line), [3, 2]);
    await go(client);
    await client.output('8\n', 'stdout');
    await goodbye(client);
  });

  it('stops in a string that was loaded with a name', async () => {
    const client = await debug(session, 'local f = load("local x = ...\\nreturn x + 1", "=generated")\nprint(f(1))', [], {
      configure: (client) =>
        client.setBreakpointsRequest({ source: { name: 'generated', path: 'generated' }, breakpoints: [{ line: 2 }] }),
    });
    const { body: changed } = await client.event('breakpoint');
    assert.deepEqual([changed.reason, changed.breakpoint.verified, changed.breakpoint.line], ['changed', true, 2]);
    const { body } = await client.event('stopped');
    const { body: trace } = await client.stackTraceRequest({ threadId: body.threadId });
    const [{ source, line }] = trace.stackFrames;
    assert.deepEqual([source.name, line], ['generated', 2]);
    const { body: text } = await client.sourceRequest({ source, sourceReference: source.sourceReference });
    assert.equal(text.content, 'local x = ...\nreturn x + 1');
    await go(client);
    await client.output('2\n', 'stdout');
    await goodbye(client);
  });

  it('stops in a coroutine that was there before', async () => {
    const client = await debug(
      session,
      `local co = coroutine.create(function()
  coroutine.yield(1)
  local x = 5
  return x -- @inside
end)
coroutine.resume(co)
print("made") -- @made
print(coroutine.resume(co))`,
      ['made'],
    );
    await stopped(client, 'breakpoint', 'made');
    await client.setBreakpointsRequest(lines(client.program, ['inside']));
    await go(client);
    await client.output('made\n', 'stdout');
    const { threadId, frameId } = await stopped(client, 'breakpoint', 'inside');
    assert.notEqual(threadId, 1);
    const { body } = await client.threadsRequest();
    assert.deepEqual(body.threads.map((it) => it.id), [1, threadId]);
    assert.equal((await evaluate(client, 'x', frameId)).result, '5');
    client.expected.push('thread');
    await go(client);
    await client.output('true\t5\n', 'stdout');
    await goodbye(client);
  });

  it('can be on a function, by its name', async () => {
    const client = await debug(
      session,
      `local M = {}
function M.twice(x)
  return x * 2 -- @twice
end
function M:name()
  return "me" -- @name
end
local function add(a, b)
  return a + b -- @add
end
print(add(1, 2), M.twice(4), M:name())`,
      [],
      {
        configure: async (client) => {
          const { body } = await client.setFunctionBreakpointsRequest({
            breakpoints: [{ name: 'add', condition: 'a == 1' }, { name: 'M.twice' }, { name: 'M:name', hitCondition: '1' }],
          });
          assert.equal(body.breakpoints.length, 3);
        },
      },
    );
    for (const place of ['add', 'twice', 'name']) {
      const { body } = await client.event('stopped');
      assert.equal(body.reason, 'function breakpoint');
      const { body: trace } = await client.stackTraceRequest({ threadId: 1 });
      const [{ line }] = trace.stackFrames;
      assert.ok([client.program[place], client.program[place] - 1].includes(line), `${place}: ${line}`);
      await go(client);
    }
    await client.output('3\t8\tme\n', 'stdout');
    await goodbye(client);
  });

  it('may be where breakpointLocations says', async () => {
    const client = await debug(session, 'local a = 1 -- @a\n\n-- nothing\nprint(a) -- @b', ['a']);
    await stopped(client, 'breakpoint', 'a');
    const { body } = await client.customRequest('breakpointLocations', {
      source: { path: client.program.path },
      line: 1,
      endLine: 10,
    });
    assert.deepEqual(body.breakpoints.map((it) => it.line), [1, 4]);
    await go(client);
    await client.output('1\n', 'stdout');
    await goodbye(client);
  });
});

overEachWire('an error', (session) => {
  const withFilters = (filters, filterOptions) => ({
    configure: (client) => client.setExceptionBreakpointsRequest({ filters, ...(filterOptions && { filterOptions }) }),
  });
  const TEXT = `local function fail(what)
  error({what = what}) -- @raise
end
print(pcall(fail, "caught") == false)
local function last()
  error("uncaught") -- @last
end
last()`;

  it('that ends the program stops it where it is raised', async () => {
    const client = await debug(session, TEXT, [], withFilters(['uncaught']));
    await client.output('true\n', 'stdout');
    const { text, description, threadId, frames } = await stopped(client, 'exception', 'last');
    assert.match(`${text} ${description}`, /uncaught/);
    assert.ok(frames.length >= 2);
    const { body } = await client.exceptionInfoRequest({ threadId });
    assert.match(body.description, /program\.lua:6: uncaught/);
    assert.match(body.details.stackTrace, /program\.lua:8/);
    assert.ok(['unhandled', 'userUnhandled'].includes(body.breakMode), body.breakMode);
    await go(client);
    await client.event('output', (it) => it.category === 'stderr');
    await goodbye(client, 1);
  });

  it('that is caught stops it too, if that is wanted', async () => {
    const client = await debug(session, TEXT, [], withFilters(['caught']));
    const { threadId } = await stopped(client, 'exception', 'raise');
    const { body } = await client.exceptionInfoRequest({ threadId });
    assert.equal(body.description, '{what = "caught"}');
    assert.equal(body.breakMode, 'always');
    await go(client);
    await client.output('true\n', 'stdout');
    await client.event('output', (it) => it.category === 'stderr');
    await goodbye(client, 1);
  });

  it('has to fulfil a condition, where there is one', async () => {
    const text = `local function fail(n)
  error("number " .. n, 0) -- @raise
end
for n = 1, 3 do
  pcall(fail, n)
end`;
    const options = [{ filterId: 'caught', condition: 'err == "number 2"' }];
    const client = await debug(session, text, [], withFilters([], options));
    const { frameId } = await stopped(client, 'exception', 'raise');
    assert.equal((await evaluate(client, 'n', frameId)).result, '2');
    await go(client);
    await goodbye(client);
  });

  it('stops nothing where nobody wants that', async () => {
    const client = await debug(session, TEXT, [], withFilters([]));
    await client.output('true\n', 'stdout');
    await client.event('output', (it) => it.category === 'stderr');
    await goodbye(client, 1);
  });
});

overEachWire('a change of data', (session) => {
  it('stops the program that makes it', async () => {
    const client = await debug(
      session,
      `local account = {balance = 10, owner = "Ada"}
local count = 0
print("begin") -- @begin
account.owner = "Bob"
count = count + 1
account.balance = account.balance + 5 -- @change
print("between") -- @after
account.balance = 0
print("end")`,
      ['begin'],
    );
    const { frameId } = await stopped(client, 'breakpoint', 'begin');
    const { body: scopes } = await client.scopesRequest({ frameId });
    const reference = scopes.scopes.find((it) => it.name === 'Locals').variablesReference;
    const { body: found } = await client.variablesRequest({ variablesReference: reference });
    const account = found.variables.find((it) => it.name === 'account');
    const { body: info } = await client.dataBreakpointInfoRequest({
      variablesReference: account.variablesReference,
      name: 'balance',
    });
    assert.equal(typeof info.dataId, 'string');
    assert.deepEqual(info.accessTypes, ['write']);
    const { body: set } = await client.setDataBreakpointsRequest({
      breakpoints: [{ dataId: info.dataId, accessType: 'write', condition: 'account.balance > 0' }],
    });
    assert.equal(set.breakpoints[0].verified, true);
    await go(client);
    await client.output('begin\n', 'stdout');
    const { body } = await client.event('stopped');
    assert.equal(body.reason, 'data breakpoint');
    assert.deepEqual(body.hitBreakpointIds, [set.breakpoints[0].id]);
    const { body: trace } = await client.stackTraceRequest({ threadId: 1 });
    const { change, after } = client.program;
    assert.ok([change, after].includes(trace.stackFrames[0].line), trace.stackFrames[0].line);
    await client.setDataBreakpointsRequest({ breakpoints: [] });
    await go(client);
    await client.output('between\nend\n', 'stdout');
    await goodbye(client);
  });

  it('cannot be waited for where there is nothing to watch', async () => {
    const client = await debug(session, 'local x = 1 -- @x', ['x']);
    const { frameId } = await stopped(client, 'breakpoint', 'x');
    const { body } = await client.dataBreakpointInfoRequest({ name: 'nothing.at.all', frameId });
    assert.equal(body.dataId, null);
    assert.match(body.description, /\w/);
    await go(client);
    await goodbye(client);
  });
});
