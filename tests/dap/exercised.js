// Which requests and capabilities the suite has seen at work: by what went over the wire, so that no
// test can claim what it has not done.
'use strict';

const announced = new Map();
const requests = new Set();
const refused = new Map();
const capabilities = new Set();
const events = new Set();

const breakpoints = (request) => request.arguments?.breakpoints ?? [];
const isVerified = (response) => (response.body?.breakpoints ?? []).some((it) => it.verified);

// What must have been answered with success for a capability to count.
const PROOFS = {
  supportsConfigurationDoneRequest: (it) => it.command === 'configurationDone',
  supportsFunctionBreakpoints: (it) => it.command === 'setFunctionBreakpoints' && breakpoints(it).length > 0,
  supportsConditionalBreakpoints: (it, response) =>
    it.command === 'setBreakpoints' && breakpoints(it).some((b) => b.condition) && isVerified(response),
  supportsHitConditionalBreakpoints: (it, response) =>
    it.command === 'setBreakpoints' && breakpoints(it).some((b) => b.hitCondition) && isVerified(response),
  supportsLogPoints: (it, response) =>
    it.command === 'setBreakpoints' && breakpoints(it).some((b) => b.logMessage) && isVerified(response),
  supportsEvaluateForHovers: (it) => it.command === 'evaluate' && it.arguments.context === 'hover',
  supportsClipboardContext: (it) => it.command === 'evaluate' && it.arguments.context === 'clipboard',
  exceptionBreakpointFilters: (it) => it.command === 'setExceptionBreakpoints' && it.arguments.filters.length > 0,
  supportsExceptionFilterOptions: (it) =>
    it.command === 'setExceptionBreakpoints' && (it.arguments.filterOptions ?? []).some((f) => f.condition),
  supportsExceptionInfoRequest: (it) => it.command === 'exceptionInfo',
  supportsSetVariable: (it) => it.command === 'setVariable',
  supportsSetExpression: (it) => it.command === 'setExpression',
  supportsRestartFrame: (it) => it.command === 'restartFrame',
  supportsGotoTargetsRequest: (it) => it.command === 'goto',
  supportsStepInTargetsRequest: (it) => it.command === 'stepIn' && it.arguments.targetId !== undefined,
  supportsCompletionsRequest: (it) => it.command === 'completions',
  completionTriggerCharacters: (it) => it.command === 'completions' && /[.:]$/.test(it.arguments.text),
  supportsModulesRequest: (it) => it.command === 'modules',
  supportsRestartRequest: (it) => it.command === 'restart',
  supportsValueFormattingOptions: (it) => it.arguments?.format !== undefined,
  supportTerminateDebuggee: (it) => it.command === 'disconnect' && it.arguments?.terminateDebuggee !== undefined,
  supportsTerminateRequest: (it) => it.command === 'terminate',
  supportsDelayedStackTraceLoading: (it, response) =>
    it.command === 'stackTrace' && it.arguments.levels > 0 && response.body.totalFrames > response.body.stackFrames.length,
  supportsLoadedSourcesRequest: (it) => it.command === 'loadedSources',
  supportsDataBreakpoints: (it, response) => it.command === 'setDataBreakpoints' && isVerified(response),
  supportsBreakpointLocationsRequest: (it) => it.command === 'breakpointLocations',
  supportsCancelRequest: (it) => it.command === 'cancel',
  supportsSteppingGranularity: (it) => it.arguments?.granularity !== undefined,
};

function record(request, response) {
  if (request.command === 'initialize' && response.success) {
    for (const [name, value] of Object.entries(response.body ?? {})) {
      if (value !== false) announced.set(name, value);
    }
  }
  if (!response.success) {
    refused.set(request.command, response.message);
    return;
  }
  requests.add(request.command);
  for (const [name, proof] of Object.entries(PROOFS)) {
    if (proof(request, response)) capabilities.add(name);
  }
}

function recordEvent(event) {
  events.add(event.event);
}

module.exports = { record, recordEvent, announced, requests, refused, capabilities, events, PROOFS };
