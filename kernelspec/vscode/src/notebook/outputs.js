// What Jupyter's messages make of a cell's outputs. Knows no VS Code, so that it can be tested alone.

/**
 * One item of an output: its MIME type, and its text or bytes.
 * @typedef {{mime: string, data: string | Buffer}} Item
 */

/**
 * An output below a cell.
 * @typedef {object} Output
 * @property {"stdout" | "stderr" | "error" | "shown"} kind
 * @property {Item[]} items of what was shown, or one with a stream's text
 * @property {{name: string, message: string, stack: string}} [error]
 * @property {Record<string, unknown>} metadata as VS Code's own reader of notebooks writes it
 */

/**
 * A change to the outputs below a cell.
 * @typedef {| {change: "append", output: Output}
 *   | {change: "grow", kind: "stdout" | "stderr", text: string}
 *   | {change: "update", displayId: string, output: Output}
 *   | {change: "clear"}
 *   | {change: "order", count: number}} Change
 */

/**
 * The items of a MIME bundle.
 * @param {Record<string, any>} bundle
 * @returns {Item[]}
 */
function items(bundle) {
  return Object.entries(bundle).map(([mime, data]) => {
    if (typeof data !== "string" && !Array.isArray(data)) return { mime, data: JSON.stringify(data) };
    const text = Array.isArray(data) ? data.join("") : data;
    const isText = /^text\/|\+xml$|[/+]json$|javascript$/.test(mime);
    return { mime, data: isText ? text : Buffer.from(text, "base64") };
  });
}

/**
 * What is shown.
 * @param {string} outputType
 * @param {any} content
 * @returns {Output}
 */
function shown(outputType, content) {
  const metadata = {
    outputType,
    metadata: content.metadata ?? {},
    ...(content.execution_count === undefined ? {} : { executionCount: content.execution_count }),
    ...(content.transient?.display_id === undefined ? {} : { transient: { display_id: content.transient.display_id } }),
  };
  return { kind: "shown", items: items(content.data ?? {}), metadata };
}

/** Follows the messages of one run of a cell. */
class Outputs {
  /** @type {Output["kind"] | undefined} */
  #last;
  #clearsLater = false;

  /**
   * What a message changes.
   * @param {string} type
   * @param {any} content
   * @returns {Change[]}
   */
  take(type, content) {
    switch (type) {
      case "execute_input":
        return [{ change: "order", count: content.execution_count }];
      case "stream": {
        const kind = content.name === "stderr" ? "stderr" : "stdout";
        if (this.#last === kind && !this.#clearsLater) return [{ change: "grow", kind, text: content.text }];
        const items = [{ mime: "text/plain", data: content.text }];
        return this.#append({ kind, items, metadata: { outputType: "stream" } });
      }
      case "display_data":
      case "execute_result":
        return this.#append(shown(type, content));
      case "update_display_data": {
        const displayId = content.transient?.display_id;
        if (displayId === undefined) return [];
        return [{ change: "update", displayId, output: shown("display_data", content) }];
      }
      case "error": {
        const { ename, evalue, traceback } = content;
        const error = { name: ename, message: evalue, stack: traceback.join("\n") };
        const originalError = { output_type: "error", ename, evalue, traceback };
        return this.#append({ kind: "error", items: [], error, metadata: { outputType: "error", originalError } });
      }
      case "clear_output":
        // With `wait`, what is there stays until there is something else.
        if (content.wait) {
          this.#clearsLater = true;
          return [];
        }
        return this.#clear();
      default:
        return [];
    }
  }

  /** @returns {Change[]} */
  #clear() {
    this.#last = undefined;
    this.#clearsLater = false;
    return [{ change: "clear" }];
  }

  /**
   * @param {Output} output
   * @returns {Change[]}
   */
  #append(output) {
    /** @type {Change[]} */
    const changes = this.#clearsLater ? this.#clear() : [];
    this.#last = output.kind;
    changes.push({ change: "append", output });
    return changes;
  }
}

module.exports = { Outputs };
