// Begins the module of every control: what all of them need.

// Calls `draw` with some fields of the model, now and whenever one of them changes.
function follow(model, names, draw) {
  const update = () => draw(...names.map((name) => model.get(name)));
  for (const name of names) model.on(`change:${name}`, update);
  update();
}

// Puts elements into the page.
function fill(el, kind, ...content) {
  el.classList.add("perilune-widget", `perilune-${kind}`);
  el.replaceChildren(...content);
  // JupyterLab would take arrows for headings, and letters for commands. What no control needs is
  // still the notebook's.
  el.addEventListener("keydown", (event) => {
    const isShortcut = event.ctrlKey || event.metaKey || event.altKey || event.key === "Escape";
    if (!isShortcut && !(event.shiftKey && event.key === "Enter")) event.stopPropagation();
  });
}

// Puts controls into the page, with the label that belongs to the first of them.
function place(model, el, kind, ...controls) {
  const words = document.createElement("span");
  const row = document.createElement("label");
  row.append(words, ...controls);
  fill(el, kind, row);
  follow(model, ["label"], (label) => {
    words.textContent = label;
    words.hidden = label === "";
    if (label === "") controls[0].setAttribute("aria-label", kind);
    else controls[0].removeAttribute("aria-label");
  });
  follow(model, ["disabled"], (disabled) => {
    controls[0].disabled = Boolean(disabled);
  });
}

// Tells the kernel what a person chose: now, or when `pause` ms have gone by since the first of
// several changes.
function teller(model, name, pause) {
  let timer;
  const tell = (value) => {
    clearTimeout(timer);
    timer = undefined;
    model.set(name, value);
    model.save_changes();
  };
  return {
    now: tell,
    soon(read) {
      timer ??= setTimeout(() => tell(read()), pause);
    },
    stop: () => clearTimeout(timer),
  };
}
