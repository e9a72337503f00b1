// The protocol's own JSON schema, by which every message that comes is judged.
'use strict';

const fs = require('node:fs');
const Ajv = require('ajv-draft-04');

const path = process.env.PERILUNE_DAP_SCHEMA;
if (!path) throw new Error('PERILUNE_DAP_SCHEMA names no debugProtocol.json (tests/run dap does)');
const schema = JSON.parse(fs.readFileSync(path, 'utf8'));
const ajv = new Ajv({ strict: false, allErrors: true });
ajv.addSchema(schema, 'dap');

const definitionOf = (name, kind) => `${name[0].toUpperCase()}${name.slice(1)}${kind}`;

// Requests and events that are not the protocol's: Jupyter's own, and ours.
const CUSTOM = ['debugInfo', 'dumpCell', 'inspectVariables', 'richInspectVariables', 'copyToGlobals'];
const isCustom = (name) => CUSTOM.includes(name) || name.startsWith('perilune/');

// What is wrong with a message; nothing if it is as the protocol wants it.
function wrong(message) {
  let definition;
  if (message.type === 'event') {
    definition = isCustom(message.event) ? 'Event' : definitionOf(message.event, 'Event');
  } else if (message.type === 'response') {
    if (!message.success) definition = 'ErrorResponse';
    else definition = isCustom(message.command) ? 'Response' : definitionOf(message.command, 'Response');
  } else {
    return `type is ${message.type}`;
  }
  if (!schema.definitions[definition]) return `the protocol knows no ${definition}`;
  const validate = ajv.getSchema(`dap#/definitions/${definition}`);
  if (validate(message)) return undefined;
  return `${definition}: ${ajv.errorsText(validate.errors)}`;
}

// Every request that the protocol knows, but those that a client answers.
const requests = Object.values(schema.definitions)
  .flatMap((it) => it.allOf ?? [])
  .filter((it) => it.properties?.arguments || it.properties?.command)
  .flatMap((it) => it.properties.command?.enum ?? [])
  .filter((it) => !['runInTerminal', 'startDebugging'].includes(it));

module.exports = { wrong, requests, capabilities: Object.keys(schema.definitions.Capabilities.properties) };
