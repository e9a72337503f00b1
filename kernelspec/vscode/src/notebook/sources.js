// Where cells stand in messages of the debugger. A kernel knows a cell by the path of a file with its
// code, VS Code by the URI of the cell's document. Knows no VS Code, so that it can be tested alone.

/**
 * Replaces the path of every source in a message's arguments or body. What is found by its new path
 * is not found by a reference.
 * @param {any} part changed in place
 * @param {(path: string) => string | undefined} replace a path by another; undefined to leave it
 */
function replacePaths(part, replace) {
  if (Array.isArray(part)) {
    for (const element of part) replacePaths(element, replace);
  } else if (part !== null && typeof part === "object") {
    for (const [key, value] of Object.entries(part)) {
      if (key === "source" && typeof value?.path === "string") {
        const path = replace(value.path);
        if (path !== undefined) {
          value.path = path;
          // With a reference, VS Code would show the debugger's copy instead.
          delete value.sourceReference;
        }
      }
      replacePaths(value, replace);
    }
  }
}

/** Which cell has which file, as far as the kernel was told. */
class Cells {
  /** @type {Map<string, string>} by the URI of a cell, the file of its code as it was told last */
  #files = new Map();
  /** @type {Map<string, string>} by file, the URI of the cell that it was told for last */
  #cells = new Map();

  /**
   * A cell was told to the kernel. Cells with the same code share a file, which is that of the last.
   * @param {string} uri
   * @param {string} file
   */
  tell(uri, file) {
    this.#files.set(uri, file);
    this.#cells.set(file, uri);
  }

  /**
   * What the kernel knows the cell by.
   * @param {string} uri
   */
  file(uri) {
    return this.#files.get(uri);
  }

  /**
   * The cell that has the code of a file. Nothing for code that a cell had once: the lines of the cell
   * are others now.
   * @param {string} file
   */
  cell(file) {
    const uri = this.#cells.get(file);
    return uri !== undefined && this.#files.get(uri) === file ? uri : undefined;
  }
}

module.exports = { Cells, replacePaths };
