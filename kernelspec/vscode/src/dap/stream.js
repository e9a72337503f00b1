// How DAP messages stand in a stream of bytes.

/**
 * A message of the Debug Adapter Protocol, of whatever kind.
 * @typedef {{seq: number, type: string, [field: string]: any}} Message
 */

/**
 * A message as bytes.
 * @param {Message} message
 */
function encode(message) {
  const body = Buffer.from(JSON.stringify(message));
  return Buffer.concat([Buffer.from(`Content-Length: ${body.length}\r\n\r\n`), body]);
}

/** Takes a stream of bytes apart. */
class Decoder {
  /** @type {Buffer} */
  #rest = Buffer.alloc(0);

  /**
   * The messages that are whole with these bytes.
   * @param {Buffer} bytes
   * @returns {Message[]}
   */
  push(bytes) {
    this.#rest = this.#rest.length ? Buffer.concat([this.#rest, bytes]) : bytes;
    const messages = [];
    for (;;) {
      const end = this.#rest.indexOf("\r\n\r\n");
      if (end < 0) return messages;
      const length = /^Content-Length: *(\d+)$/im.exec(this.#rest.toString("latin1", 0, end));
      if (!length) throw new Error("perilune dap wrote something that is no message");
      const begin = end + 4;
      const after = begin + Number(length[1]);
      if (this.#rest.length < after) return messages;
      messages.push(JSON.parse(this.#rest.toString("utf8", begin, after)));
      this.#rest = this.#rest.subarray(after);
    }
  }
}

module.exports = { Decoder, encode };
