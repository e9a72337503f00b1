'use strict';

const assert = require('node:assert/strict');
const { debug, evaluate, go, lines, stopped } = require('../debugging');
const { goodbye, overEachWire } = require('../wires');

const TEXT = `local function inner(x)
  local y = x + 1 -- @inner
  return y -- @inner2
end
local function outer(x)
  local a = inner(x) + inner(x * 10) -- @calls
  return a -- @after
end
print(outer(1)) -- @main
print("end") -- @last`;

overEachWire('a step', (session) => {
  it('goes over calls', async () => {
    const client = await debug(session, TEXT, ['main']);
    await stopped(client, 'breakpoint', 'main');
    await go(client, 'next');
    await client.output('13\n', 'stdout');
    await stopped(client, 'step', 'last');
    await go(client);
    await client.output('end\n', 'stdout');
    await goodbye(client);
  });

  it('goes into them, and out again', async () => {
    const client = await debug(session, TEXT, ['main']);
    await stopped(client, 'breakpoint', 'main');
    await go(client, 'stepIn');
    await stopped(client, 'step', 'calls');
    await go(client, 'stepIn');
    const { frames } = await stopped(client, 'step', 'inner');
    assert.deepEqual(frames.map((it) => it.line), [2, 6, 9]);
    assert.deepEqual(frames.slice(0, 2).map((it) => it.name), ['inner', 'outer']);
    await go(client, 'next');
    await stopped(client, 'step', 'inner2');
    await go(client, 'stepOut');
    await stopped(client, 'step', 'calls');
    await go(client);
    await client.output('13\nend\n', 'stdout');
    await goodbye(client);
  });

  it('goes into the call that is chosen', async () => {
    const client = await debug(session, TEXT, ['calls']);
    const { frameId } = await stopped(client, 'breakpoint', 'calls');
    const { body } = await client.stepInTargetsRequest({ frameId });
    assert.equal(body.targets.length, 2);
    for (const target of body.targets) assert.match(target.label, /inner/);
    await go(client, 'stepIn', { targetId: body.targets[1].id });
    const stop = await stopped(client, 'step', 'inner');
    assert.equal((await evaluate(client, 'x', stop.frameId)).result, '10');
    await go(client);
    await client.output('13\nend\n', 'stdout');
    await goodbye(client);
  });

  it('ends at a breakpoint that is met before', async () => {
    const client = await debug(session, TEXT, ['main', 'inner']);
    await stopped(client, 'breakpoint', 'main');
    await go(client, 'next');
    await stopped(client, 'breakpoint', 'inner');
    await client.setBreakpointsRequest(lines(client.program, []));
    await go(client);
    await client.output('13\nend\n', 'stdout');
    await goodbye(client);
  });

  it('follows a coroutine into and out of it', async () => {
    const client = await debug(
      session,
      `local co = coroutine.wrap(function(a)
  local b = coroutine.yield(a + 1) -- @yield
  return b -- @back
end)
print(co(1)) -- @first
print(co(7)) -- @second`,
      ['first'],
    );
    await stopped(client, 'breakpoint', 'first');
    client.expected.push('thread');
    await go(client, 'stepIn');
    const { threadId } = await stopped(client, 'step', 'yield');
    assert.notEqual(threadId, 1);
    await go(client, 'stepOut', { threadId });
    await stopped(client, 'step', 'first');
    await go(client, 'next');
    await client.output('2\n', 'stdout');
    const { threadId: main } = await stopped(client, 'step', 'second');
    assert.equal(main, 1);
    await go(client);
    await client.output('7\n', 'stdout');
    await goodbye(client);
  });
});

overEachWire('a program that is debugged', (session) => {
  it('stops at its first line, if that is wanted', async () => {
    const client = await debug(session, 'print(1) -- @one\nprint(2)', [], { stopOnEntry: true });
    await stopped(client, 'entry', 'one');
    await go(client);
    await client.output('1\n2\n', 'stdout');
    await goodbye(client);
  });

  it('stops where it is, by pause, and says that it runs before', async () => {
    const client = await debug(session, 'print("go")\nlocal n = 0\nwhile n do n = n + 1 end -- @loop');
    await client.output('go\n', 'stdout');
    const { body } = await client.stackTraceRequest({ threadId: 1 });
    assert.deepEqual(body.stackFrames, []);
    assert.match(await client.refused('evaluate', { expression: 'n', context: 'watch' }), /runs|running/);
    await client.pauseRequest({ threadId: 1 });
    const { frameId } = await stopped(client, 'pause', 'loop');
    await client.customRequest('setExpression', { expression: 'n', value: 'nil', frameId });
    client.expected.push('invalidated');
    await go(client);
    client.expected.push('output');
    await client.event('exited');
    await client.event('terminated');
    await client.disconnectRequest();
  });

  it('begins anew where it has stopped, and no function that was called does', async () => {
    const client = await debug(
      session,
      `local function twice(x)
  return x * 2 -- @in
end
print("begin")
print(twice(4))`,
      ['in'],
    );
    await client.output('begin\n', 'stdout');
    const { frames } = await stopped(client, 'breakpoint', 'in');
    assert.deepEqual(frames.map((it) => it.canRestart), [false, true]);
    assert.match(await client.refused('restartFrame', { frameId: frames[0].id }), /\w+ \w+/);
    await client.restartFrameRequest({ frameId: frames[1].id });
    await client.event('continued');
    client.expected.push('stopped', 'continued');
    await client.output('begin\n', 'stdout');
    await client.event('stopped', (it) => it.reason === 'breakpoint');
    await client.setBreakpointsRequest(lines(client.program, []));
    await client.continueRequest({ threadId: 1 });
    await client.output('8\n', 'stdout');
    await goodbye(client);
  });

  it('is restarted while it is stopped, and keeps its breakpoints', async () => {
    const client = await debug(session, 'print("in")\nprint(1) -- @a\nprint(2) -- @b', ['b', 'a']);
    const [b, a] = client.breakpoints.map((it) => it.id);
    await client.output('in\n', 'stdout');
    const first = await stopped(client, 'breakpoint', 'a');
    assert.deepEqual(first.hitBreakpointIds, [a]);
    client.expected.push('thread', 'continued');
    await client.restartRequest({});
    await client.event('process');
    for (const id of [b, a]) {
      const { body } = await client.event('breakpoint');
      assert.deepEqual([body.reason, body.breakpoint.id, body.breakpoint.verified], ['changed', id, true]);
    }
    await client.output('in\n', 'stdout');
    const second = await stopped(client, 'breakpoint', 'a');
    assert.deepEqual(second.hitBreakpointIds, [a]);
    await client.setBreakpointsRequest(lines(client.program, ['b']));
    await go(client);
    await client.output('1\n', 'stdout');
    const third = await stopped(client, 'breakpoint', 'b');
    assert.deepEqual(third.hitBreakpointIds, [b]);
    await go(client);
    await client.output('2\n', 'stdout');
    await goodbye(client);
  });

  it('is ended while it is stopped', async () => {
    const client = await debug(session, 'print(1) -- @a\nprint(2)', ['a']);
    await stopped(client, 'breakpoint', 'a');
    await client.terminateRequest();
    client.expected.push('continued');
    await goodbye(client, 143);
  });

  it('is given the lines that it asks for, and expressions where it has stopped', async () => {
    const client = await debug(session, 'local line = io.read()\nprint(line) -- @a', ['a']);
    await client.event('output', (it) => it.category === 'console');
    await client.evaluateRequest({ expression: 'line .. "!"', context: 'repl' });
    const { frameId } = await stopped(client, 'breakpoint', 'a');
    assert.equal((await evaluate(client, '#line', frameId)).result, '11');
    await go(client);
    await client.output('line .. "!"\n', 'stdout');
    await goodbye(client);
  });

  it('has coroutines as threads', async () => {
    const client = await debug(
      session,
      `local function worker(name)
  local job = name
  coroutine.yield(job)
  return job
end
local one, two = coroutine.create(worker), coroutine.create(worker)
coroutine.resume(one, "first")
coroutine.resume(two, "second")
print("here") -- @here`,
      ['here'],
    );
    client.expected.push('thread');
    await stopped(client, 'breakpoint', 'here');
    const { body } = await client.threadsRequest();
    assert.equal(body.threads.length, 3);
    assert.equal(body.threads[0].id, 1);
    const jobs = [];
    for (const { id } of body.threads.slice(1)) {
      const { body: trace } = await client.stackTraceRequest({ threadId: id });
      const frame = trace.stackFrames.find((it) => it.source?.path === client.program.path);
      jobs.push((await evaluate(client, 'job', frame.id)).result);
    }
    assert.deepEqual(jobs, ['"first"', '"second"']);
    await go(client);
    await client.output('here\n', 'stdout');
    await goodbye(client);
  });
});
