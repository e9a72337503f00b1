// What tests of the debugger have in common.
'use strict';

const assert = require('node:assert/strict');
const { launch } = require('./wires');

const at = (program, place) => (typeof place === 'string' ? program[place] : place);

// What `setBreakpoints` is asked: each place is a line's mark, or an object with one as its line.
function lines(program, places) {
  return {
    source: { path: program.path },
    breakpoints: places.map((place) =>
      typeof place === 'object' ? { ...place, line: at(program, place.line) } : { line: at(program, place) },
    ),
  };
}

// Launches a program with breakpoints; `options.configure` may want more before it begins.
async function debug(session, text, places = [], options = {}) {
  const { configure, files = {}, initialize, ...given } = options;
  for (const [name, content] of Object.entries(files)) session.home.write(name, content);
  const program = session.home.write('program.lua', text);
  const client = await launch(
    session,
    program.path,
    { ...given, initialize: { clientID: 'test', supportsVariableType: true, supportsVariablePaging: true, ...initialize } },
    async (client) => {
      client.program = program;
      if (places.length > 0) {
        const { body } = await client.setBreakpointsRequest(lines(program, places));
        client.breakpoints = body.breakpoints;
      }
      await configure?.(client, program);
    },
  );
  const { body } = await client.event('thread');
  assert.deepEqual(body, { reason: 'started', threadId: 1 });
  client.expected = ['loadedSource', 'module'];
  return client;
}

// The program has stopped for this reason, at this line of this file. Returns the event's body, and
// the frames.
async function stopped(client, reason, place, file = client.program) {
  const { body } = await client.event('stopped');
  const { body: trace } = await client.stackTraceRequest({ threadId: body.threadId });
  const [top] = trace.stackFrames;
  const where = { reason: body.reason, path: top.source.path, line: top.line };
  assert.deepEqual(where, { reason, path: file.path, line: at(file, place) });
  assert.equal(body.allThreadsStopped, true);
  return { ...body, frames: trace.stackFrames, frameId: top.id };
}

// Lets it go on, by `continue` or a step.
async function go(client, command = 'continue', args = {}) {
  await client.customRequest(command, { threadId: 1, ...args });
  await client.event('continued');
}

// The scopes of a frame, by name.
async function scopes(client, frameId) {
  const { body } = await client.scopesRequest({ frameId });
  return Object.fromEntries(body.scopes.map((scope) => [scope.name, scope]));
}

// The variables behind a reference, by name.
async function variables(client, variablesReference, more = {}) {
  const { body } = await client.variablesRequest({ variablesReference, ...more });
  return Object.fromEntries(body.variables.map((variable) => [variable.name, variable]));
}

// The local variables of a frame, by name.
async function locals(client, frameId) {
  return variables(client, (await scopes(client, frameId)).Locals.variablesReference);
}

// The values alone.
const values = (found) => Object.fromEntries(Object.entries(found).map(([name, it]) => [name, it.value]));

const evaluate = async (client, expression, frameId, context = 'repl') =>
  (await client.evaluateRequest({ expression, frameId, context })).body;

module.exports = { debug, evaluate, go, lines, locals, scopes, stopped, values, variables };
