'use strict';

const assert = require('node:assert/strict');
const path = require('node:path');
const { debug, evaluate, go, locals, scopes, stopped, values, variables } = require('../debugging');
const { goodbye, launch, overEachWire } = require('../wires');

const TEXT = `greeting = "hi"
local up = "outer"
local cyclic = {name = "me"}
cyclic.self = cyclic
local mt = setmetatable({}, {__index = {inherited = 1}})
local list = {}
for i = 1, 2500 do list[i] = i * i end
local function look(a, b, ...)
  local text, number, float, flag, nothing = "t\\n", 42, 1.5, true, nil
  local t = {1, 2, x = "y"}
  print(up, a, number, float, flag, nothing, text, t.x) -- @stop
  return ...
end
local got = {look("A", nil, "va", "rargs")}
print(#got)`;

const done = async (client) => {
  await go(client);
  client.expected.push('output');
  await goodbye(client);
};

overEachWire('who looks at a program that has stopped', (session) => {
  const stop = async (options) => {
    const client = await debug(session, TEXT, ['stop'], options);
    const { frameId, frames } = await stopped(client, 'breakpoint', 'stop');
    return { client, frameId, frames };
  };

  it('sees its frames, a page at a time', async () => {
    const { client, frames } = await stop();
    assert.deepEqual(frames.map((it) => it.line), [client.program.stop, 14]);
    assert.equal(frames[0].name, 'look');
    const { body } = await client.stackTraceRequest({ threadId: 1, startFrame: 1, levels: 1 });
    assert.deepEqual([body.stackFrames.map((it) => it.line), body.totalFrames], [[14], 2]);
    await done(client);
  });

  it('sees locals, arguments, varargs, upvalues and globals', async () => {
    const { client, frameId } = await stop();
    const found = await scopes(client, frameId);
    const inner = await locals(client, frameId);
    assert.deepEqual(values(Object.fromEntries(Object.entries(inner).filter(([, it]) => it.variablesReference === 0 && !it.name.startsWith('...')))), {
      a: '"A"', b: 'nil', text: '"t\\n"', number: '42', float: '1.5', flag: 'true', nothing: 'nil',
    });
    const types = Object.fromEntries(Object.entries(inner).map(([name, it]) => [name, it.type]));
    assert.equal(types.a, 'string');
    assert.equal(types.number, 'integer');
    assert.equal(types.float, 'float');
    const varargs = await variables(client, inner['...'].variablesReference);
    assert.deepEqual(Object.values(varargs).map((it) => it.value), ['"va"', '"rargs"']);
    const upvalues = await variables(client, found.Upvalues.variablesReference);
    assert.equal(upvalues.up.value, '"outer"');
    const globals = await variables(client, found.Globals.variablesReference);
    assert.equal(globals.greeting.value, '"hi"');
    await done(client);
  });

  it('looks into tables: parts, metatables, and cycles without an end', async () => {
    const { client, frames } = await stop();
    const outer = await locals(client, frames[1].id);
    const cyclic = await variables(client, outer.cyclic.variablesReference);
    assert.equal(cyclic.name.value, '"me"');
    const again = await variables(client, cyclic.self.variablesReference);
    assert.equal(again.name.value, '"me"');
    const mt = await variables(client, outer.mt.variablesReference);
    const [meta] = Object.values(mt).filter((it) => /metatable/i.test(it.name));
    const parts = await variables(client, meta.variablesReference);
    assert.ok(Object.keys(parts).some((it) => it.includes('__index')));
    await done(client);
  });

  it('gets large tables in pages', async () => {
    const { client, frames } = await stop();
    const { list } = await locals(client, frames[1].id);
    assert.equal(list.indexedVariables, 2500);
    const page = await variables(client, list.variablesReference, { filter: 'indexed', start: 2000, count: 3 });
    assert.deepEqual(Object.values(page).map((it) => it.value), ['4004001', '4008004', '4012009']);
    const named = await variables(client, list.variablesReference, { filter: 'named' });
    assert.deepEqual(Object.keys(named), []);
    await done(client);
  });

  it('evaluates expressions and statements, in any frame', async () => {
    const { client, frameId, frames } = await stop();
    assert.equal((await evaluate(client, 'number + float', frameId)).result, '43.5');
    assert.equal((await evaluate(client, '#list', frames[1].id)).result, '2500');
    assert.equal((await evaluate(client, 'up .. greeting', frameId)).result, '"outerhi"');
    client.expected.push('invalidated');
    await evaluate(client, 'number = 7', frameId);
    assert.equal((await evaluate(client, 'number', frameId, 'watch')).result, '7');
    await evaluate(client, 'print("from the console")', frameId);
    await client.output('from the console\n');
    const table = await evaluate(client, 't', frameId, 'watch');
    assert.ok(table.variablesReference > 0);
    assert.match(await client.refused('evaluate', { expression: 'nothing.x', frameId, context: 'repl' }), /nothing/);
    assert.match(await client.refused('evaluate', { expression: '1 +', frameId, context: 'repl' }), /near|expected|unexpected/);
    await done(client);
  });

  it('evaluates what the pointer is over, and never changes anything by that', async () => {
    const { client, frameId } = await stop();
    assert.equal((await evaluate(client, 't.x', frameId, 'hover')).result, '"y"');
    await done(client);
  });

  it('copies a value whole', async () => {
    const { client, frameId } = await stop();
    const { result } = await evaluate(client, 't', frameId, 'clipboard');
    assert.match(result, /^\{1, 2, x = "y"\}$/);
    await done(client);
  });

  it('sets variables, with the types kept', async () => {
    const { client, frameId } = await stop();
    client.expected.push('invalidated');
    const { Locals } = await scopes(client, frameId);
    const set = async (variablesReference, name, value) =>
      (await client.setVariableRequest({ variablesReference, name, value })).body.value;
    assert.equal(await set(Locals.variablesReference, 'number', '0x10'), '16');
    assert.equal(await set(Locals.variablesReference, 'a', '"B" .. "C"'), '"BC"');
    const { t } = await locals(client, frameId);
    assert.equal(await set(t.variablesReference, 'x', '"changed"'), '"changed"');
    assert.equal((await client.customRequest('setExpression', { expression: 't.x', value: '"again"', frameId })).body.value, '"again"');
    assert.match(await client.refused('setVariable', { variablesReference: Locals.variablesReference, name: 'number', value: '1 +' }), /\w/);
    await go(client);
    await client.output('outer\tBC\t16\t1.5\ttrue\tnil\tt\n\tagain\n2\n', 'stdout');
    await goodbye(client);
  });

  it('completes what is typed, with the names of the frame', async () => {
    const { client, frameId } = await stop();
    const complete = async (text) => {
      const { body } = await client.completionsRequest({ frameId, text, column: text.length + 1 });
      return body.targets.map((it) => it.label);
    };
    assert.ok((await complete('numb')).includes('number'));
    assert.ok((await complete('t.')).includes('x'));
    assert.ok((await complete('string.for')).some((it) => it.includes('format')));
    assert.ok((await complete('greeting:')).includes('upper'));
    await done(client);
  });

  it('reads the source, and hears what is loaded', async () => {
    const files = { 'mod.lua': 'return {}' };
    const client = await debug(session, 'require("mod")\nprint(1) -- @stop', ['stop'], { files, cwd: session.home.work });
    client.expected = [];
    await stopped(client, 'breakpoint', 'stop');
    const paths = ['program.lua', 'mod.lua'].map((it) => path.join(session.home.work, it));
    for (const file of paths) {
      const { body } = await client.event('loadedSource', (it) => it.source.path === file);
      assert.deepEqual([body.reason, body.source.sourceReference ?? 0], ['new', 0]);
      const { body: module } = await client.event('module', (it) => it.module.path === file);
      assert.equal(module.reason, 'new');
    }
    const { body } = await client.customRequest('loadedSources');
    for (const file of paths) assert.ok(body.sources.some((it) => it.path === file), file);
    const { body: text } = await client.sourceRequest({ source: { path: paths[1] }, sourceReference: 0 });
    assert.equal(text.content, 'return {}');
    const { body: modules } = await client.modulesRequest({});
    const known = modules.modules.map((it) => it.path);
    for (const file of paths) assert.ok(known.includes(file), file);
    await done(client);
  });

  it('can let go of a request that has been answered', async () => {
    const { client, frameId } = await stop();
    const requestId = client.sequence;
    await evaluate(client, 'number', frameId);
    await client.customRequest('cancel', { requestId });
    assert.equal((await evaluate(client, 'number', frameId)).result, '42');
    await done(client);
  });

  it('can let go of what it evaluates', async () => {
    const { client, frameId } = await stop();
    const requestId = client.sequence;
    const endless = evaluate(client, 'print("began") while true do end', frameId);
    await client.output('began\n', 'stdout');
    await client.customRequest('cancel', { requestId });
    await assert.rejects(endless, /cancelled/);
    assert.equal((await evaluate(client, 'number', frameId)).result, '42');
    await done(client);
  });

  it('counts lines as it does, and names files as it does', async () => {
    const program = session.home.write('program.lua', 'print(1)\nprint(2)\nprint(3)\n');
    const uri = `file://${program.path}`;
    const client = await launch(
      session,
      program.path,
      { initialize: { linesStartAt1: false, columnsStartAt1: false, pathFormat: 'uri' } },
      async (client) => {
        const breakpoints = [{ line: 1, logMessage: 'here' }, { line: 2 }];
        const { body } = await client.setBreakpointsRequest({ source: { path: uri }, breakpoints });
        assert.deepEqual(body.breakpoints.map((it) => [it.verified, it.line, it.source.path]), [
          [true, 1, uri],
          [true, 2, uri],
        ]);
      },
    );
    client.expected = ['thread', 'loadedSource', 'module', 'continued'];
    await client.output('1\n', 'stdout');
    const { body: log } = await client.event('output', (it) => it.category === 'console');
    assert.deepEqual([log.output, log.line, log.source.path], ['here\n', 1, uri]);
    await client.output('2\n', 'stdout');
    await client.event('stopped');
    const { body } = await client.stackTraceRequest({ threadId: 1 });
    const [{ line, column, source }] = body.stackFrames;
    assert.deepEqual([line, column, source.path], [2, 0, uri]);
    await client.continueRequest({ threadId: 1 });
    await client.output('3\n', 'stdout');
    await goodbye(client);
  });

  it('asks for nothing that there is not', async () => {
    const { client, frameId } = await stop();
    for (const [command, args] of [
      ['scopes', { frameId: 99999 }],
      ['variables', { variablesReference: 99999 }],
      ['stackTrace', { threadId: 99 }],
      ['restartFrame', { frameId: 99999 }],
      ['source', { sourceReference: 99999 }],
      ['setBreakpoints', { source: {} }],
      ['evaluate', { frameId }],
      ['gotoTargets', { source: { path: client.program.path }, line: 1 }],
      ['readMemory', { memoryReference: '0', count: 1 }],
      ['nonsense', {}],
    ]) {
      assert.match(await client.refused(command, args), /\w+ \w+/, command);
    }
    await done(client);
  });
});
